"""API for consumers, and the parts of the brands' API that concern consumers directly."""
