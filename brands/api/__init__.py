"""API for brands: change feed, webhooks, catalogue, campaigns and keys."""
