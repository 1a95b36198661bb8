"""Management of brands."""
