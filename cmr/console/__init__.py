"""The console: pages for the people who work for a brand."""
