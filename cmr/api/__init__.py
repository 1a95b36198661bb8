"""The consumer's doors."""
