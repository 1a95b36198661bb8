"""Tags and filters of templates for reports."""
