"""Being told: brands, their keys, the catalogue, each brand's stream, and webhooks.

Knows nobody: a person is an opaque id here. Imports neither `consent` nor `cmr`.
"""
