"""The reports as web pages."""
