"""The consumer's pages. Each works without JavaScript; htmx makes them faster."""
