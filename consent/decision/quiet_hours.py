"""When a person does not want to be disturbed, by the clock on their wall. Pure.

Note [Turning the clock]. The hours are read off the wall clock at each moment, so a night on which
the clock is turned needs no rule of its own: an end that the clock jumps over comes with the jump;
an hour that comes twice may be quiet, then not, then quiet again; and a clock that is turned back
may leave the quiet hours by their beginning.
"""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
#: In the database of zones, but no place where anybody lives.
NOWHERE = {"Factory", "localtime", "posixrules"}


class UnknownTimeZone(ValueError):
    """Not a name of the IANA database, such as Europe/Berlin."""


class StartIsEnd(ValueError):
    """Quiet hours that end when they start: nobody could say whether it is all day or never."""


@cache
def list_time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - NOWHERE)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` until just before `end`, which may be on the next day; zone "" is UTC."""

    start: time
    end: time
    zone: str

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise StartIsEnd("quiet hours cannot start and end at the same time")

    def ends_after(self, now: datetime) -> datetime | None:
        """The first moment (UTC) after *now* that is not quiet; None when *now* is not quiet."""
        zone = ZoneInfo(self.zone) if self.zone else UTC
        moment = now.astimezone(UTC)
        while self._hold_at(wall := moment.astimezone(zone).time()):
            end = moment + self._left(wall)  # if nobody turns the clock before
            moment = _turn_of_clock(zone, moment, end) or end
        return None if moment == now else moment

    def _hold_at(self, wall: time) -> bool:
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def _left(self, wall: time) -> timedelta:
        left = _since_midnight(self.end) - _since_midnight(wall)
        return left if left > timedelta(0) else left + DAY


def _since_midnight(wall: time) -> timedelta:
    return timedelta(
        hours=wall.hour,
        minutes=wall.minute,
        seconds=wall.second,
        microseconds=wall.microsecond,
    )


def _turn_of_clock(zone: tzinfo, after: datetime, until: datetime) -> datetime | None:
    """The moment after *after* and up to *until* at which the zone's offset changes.

    They are at most a day apart, and no zone turns its clock twice in a day: hence halving.
    """
    offset = _offset(zone, after)
    if _offset(zone, until) == offset:
        return None
    before, since = int(after.timestamp()), -int(-until.timestamp() // 1)
    while since - before > 1:
        middle = (before + since) // 2
        if _offset(zone, datetime.fromtimestamp(middle, UTC)) == offset:
            before = middle
        else:
            since = middle
    return datetime.fromtimestamp(since, UTC)


def _offset(zone: tzinfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
