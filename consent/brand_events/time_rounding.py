"""Rounding of times that two brands could compare, so that they cannot match a person by them.

Note [Rounded times]. A choice about all brands has one exact time. If every brand could read it,
two brands could match their people by it. So a brand reads it rounded to the hour in UTC, and asks
about the past to the minute. ADR 28 says where and why.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)


def floor_to_hour(moment: datetime) -> datetime:
    """Return the full hour at or before *moment*, in UTC: 14:20 becomes 14:00."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def ceil_to_hour(moment: datetime) -> datetime:
    """Return the full hour at or after *moment*, in UTC: 14:20 becomes 15:00.

    In the last hour of the year 9999, which has no next hour, return the beginning of that hour.
    """
    floor = floor_to_hour(moment)
    is_last = floor > datetime.max.replace(tzinfo=UTC) - HOUR
    return floor if floor == moment or is_last else floor + HOUR


def floor_to_minute(moment: datetime) -> datetime:
    """Return the full minute at or before *moment*, in UTC."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
