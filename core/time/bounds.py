"""The range of times that we accept, the same for all input.

A time near the ends of the calendar is valid in UTC but does not exist in some time zones. Code
that shows or compares it there would fail. Callers must not use 9999-12-31 for "no end"; they leave
the field out. Times stored before this range existed can still be shown: see `LenientZone`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
#: The first moment that is out of range.
END = datetime(2200, 1, 1, tzinfo=UTC)
OUT_OF_RANGE = "Use a time between the years 1900 and 2199. Leave the field out if there is no end."


def is_in_range(moment: datetime) -> bool:
    """Return whether we accept *moment*, which must have a time zone."""
    return EARLIEST <= moment < END


def is_day_in_range(day: date) -> bool:
    return EARLIEST.date() <= day < END.date()


class LenientZone(ZoneInfo):
    """Time zone in which every stored time can be shown.

    A time whose local form is outside the calendar is shown as in UTC. Example: 9999-12-31 23:59
    UTC would be 10000-01-01 00:59 in Berlin, and is shown as 9999-12-31 23:59.
    """

    def fromutc(self, moment: datetime) -> datetime:
        try:
            return super().fromutc(moment)
        except (OverflowError, ValueError):
            return moment.replace(tzinfo=self)
