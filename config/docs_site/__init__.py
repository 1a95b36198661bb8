"""The documentation of the product, served by itself from the Markdown files it is written in."""
