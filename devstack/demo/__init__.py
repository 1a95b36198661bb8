"""A small world to try things in: invented companies and people, and a brand that listens."""
