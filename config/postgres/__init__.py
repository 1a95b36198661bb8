"""Our database engine: Django's own, with a cheaper look at whether a connection lives."""
