"""Parsing of RFC 3339 times, and the range of times that we accept."""

from core.time.bounds import OUT_OF_RANGE, LenientZone, is_day_in_range, is_in_range
from core.time.rfc3339 import NoZone, read_day, read_local, read_moment

__all__ = [
    "OUT_OF_RANGE",
    "LenientZone",
    "NoZone",
    "is_day_in_range",
    "is_in_range",
    "read_day",
    "read_local",
    "read_moment",
]
