"""Brands, their keys, the catalogue, each brand's event stream, and webhooks.

The app has no data about people: a person is an opaque id here. It imports neither `consent` nor
`cmr`.
"""
