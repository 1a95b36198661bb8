"""Management of consent."""
