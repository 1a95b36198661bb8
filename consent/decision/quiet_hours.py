"""Quiet hours: when a person does not want to be disturbed, in their local time. Pure.

Note [Turning the clock]. The local time is computed for each moment, so a clock change needs no
rule of its own. If the clock skips the end of the quiet hours, they end at the clock change. If an
hour occurs twice, it may be quiet, then not quiet, then quiet again. If the clock is turned back to
a time before the quiet hours, they end at the clock change.
"""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from core.errors import DomainError

DAY = timedelta(days=1)
#: Names in the time zone database where nobody lives.
NOWHERE = {"Factory", "localtime", "posixrules"}


class UnknownTimeZone(DomainError):
    """A name that is not in the IANA database. A valid name is Europe/Berlin."""

    code = "unknown_time_zone"
    field = "time_zone"


class StartIsEnd(DomainError):
    """Quiet hours that start and end at the same time: this could mean all day or never."""

    code = "start_is_end"
    field = "quiet_hours"


@cache
def list_time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - NOWHERE)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Quiet hours from `start` (inclusive) to `end` (exclusive), which may be on the next day.

    Both are local times in `zone`, an IANA name; "" means UTC.
    """

    start: time
    end: time
    zone: str

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise StartIsEnd("quiet hours cannot start and end at the same time")

    def ends_after(self, now: datetime) -> datetime | None:
        """Return the first moment (UTC) after *now* that is not quiet.

        Return None if *now* is not quiet. For example, 22:00 to 07:00 in Europe/Berlin and *now* at
        22:30 UTC in winter (23:30 in Berlin) give 06:00 UTC (07:00 in Berlin).
        """
        zone = ZoneInfo(self.zone) if self.zone else UTC
        moment = now.astimezone(UTC)
        while self._hold_at(wall := moment.astimezone(zone).time()):
            end = moment + self._left(wall)  # unless the clock changes before
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
    """Return when the zone's offset changes, after *after* and up to *until*; None if it does not.

    The two are at most a day apart, and no zone changes its clock twice in a day. So a binary
    search over whole seconds finds the change.
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
