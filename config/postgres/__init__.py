"""Our database engine: Django's own, with a cheaper check whether a kept connection is usable."""
