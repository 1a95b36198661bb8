"""The times that are taken from anybody: one bound for every entrance.

A time near the ends of the calendar is valid in UTC and does not exist in some time zones, so
whatever shows or compares it there would fail. And 9999-12-31 is no end: where there is none, the
field is left out. What was stored before this bound is shown all the same: `LenientZone`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
#: The first moment that is not taken any more.
END = datetime(2200, 1, 1, tzinfo=UTC)
OUT_OF_RANGE = "A time lies between the years 1900 and 2199. For no end, leave it out."


def is_in_range(moment: datetime) -> bool:
    """Return whether *moment*, which has a time zone, is one that we take."""
    return EARLIEST <= moment < END


def is_day_in_range(day: date) -> bool:
    return EARLIEST.date() <= day < END.date()


class LenientZone(ZoneInfo):
    """A time zone in which every stored time can be shown.

    A time that the zone pushes out of the calendar stands there as in UTC: 9999-12-31 23:59 UTC is
    10000-01-01 00:59 in Berlin, and reads 9999-12-31 23:59.
    """

    def fromutc(self, moment: datetime) -> datetime:
        try:
            return super().fromutc(moment)
        except (OverflowError, ValueError):
            return moment.replace(tzinfo=self)
