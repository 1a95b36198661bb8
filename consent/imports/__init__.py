"""People and their consents, a million at a time: received in parts, checked, applied."""
