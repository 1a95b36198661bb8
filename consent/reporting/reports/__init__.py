"""Reports for admins and brands: each is a set of figures, the same for pages, API and files."""
