"""Tags and filters of templates for all pages."""
