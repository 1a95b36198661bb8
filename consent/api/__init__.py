"""API for brands (checks, relationships, imports, exports), and reports for admins."""
