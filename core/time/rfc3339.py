"""Times and days as RFC 3339 writes them, and in no other form of ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

#: A space may stand for the T, which RFC 3339 leaves to each application: tables write it so.
MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}:)([0-9]{2})(\.[0-9]{1,20})?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?",
)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: What a browser sends for `<input type="datetime-local">`.
LOCAL = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
)
#: What a leap second is taken for: the last moment before it that a clock without them has.
BEFORE_LEAP = "59", ".999999"


class NoZone(ValueError):
    """The time has no zone, so it would mean another moment elsewhere."""


def read_moment(text: str) -> datetime:
    """Return the moment that *text* is, with its zone.

    A leap second, as 2016-12-31T23:59:60Z, is the last moment before it.

    Raises:
        NoZone
        ValueError: not of the form RFC 3339 §5.6 gives, or no such time.
    """
    if not (found := MOMENT.fullmatch(text)):
        raise ValueError("not a time of RFC 3339")
    day, minute, second, fraction, zone = found.groups()
    if zone is None:
        raise NoZone("no zone")
    is_leap = second == "60"
    if is_leap:
        second, fraction = BEFORE_LEAP
    moment = datetime.fromisoformat(f"{day}T{minute}{second}{fraction or ''}{zone.upper()}")
    if is_leap and moment.astimezone(UTC).time() != time(23, 59, 59, 999_999):
        raise ValueError("a leap second is the last of a day of UTC")
    return moment


def read_local(text: str) -> datetime:
    """Return the day and time that were typed in a form, which have no zone.

    Raises:
        ValueError
    """
    if not (found := LOCAL.fullmatch(text)):
        raise ValueError("not a day and a time")
    return datetime.fromisoformat("T".join(found.groups()))


def read_day(text: str) -> date:
    """Return the day that *text*, as 2026-11-22, is.

    Raises:
        ValueError
    """
    if not DAY.fullmatch(text):
        raise ValueError("not a day of RFC 3339")
    return date.fromisoformat(text)
