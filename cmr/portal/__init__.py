"""The person's pages. Each works without JavaScript; htmx makes them quicker."""
