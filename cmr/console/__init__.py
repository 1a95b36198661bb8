"""The pages of the people who work for a brand."""
