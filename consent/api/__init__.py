"""The brand's doors to checks and relationships, and the admin's to reports."""
