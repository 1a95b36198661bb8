"""Parsing of times and dates in RFC 3339. Other forms of ISO 8601 are refused."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

#: A space is allowed instead of the T, which RFC 3339 leaves to each application. Spreadsheets and
#: databases write times with a space.
MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}:)([0-9]{2})(\.[0-9]{1,20})?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?",
)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: The format in which a browser sends `<input type="datetime-local">`.
LOCAL = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
)
#: Seconds and fraction that replace a leap second: the last moment before it in Python's calendar.
BEFORE_LEAP = "59", ".999999"


class NoZone(ValueError):
    """The time has no UTC offset, so its meaning would depend on the reader's time zone."""


def read_moment(text: str) -> datetime:
    """Return the time in *text*, with its time zone.

    A leap second such as 2016-12-31T23:59:60Z becomes the last moment before it.

    Raises:
        NoZone: the time has no UTC offset.
        ValueError: *text* is not in the format of RFC 3339 §5.6, or there is no such time.
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
    """Return the date and time entered in a form, without a time zone.

    Raises:
        ValueError: *text* is not in the format of a browser, or there is no such time.
    """
    if not (found := LOCAL.fullmatch(text)):
        raise ValueError("not a day and a time")
    return datetime.fromisoformat("T".join(found.groups()))


def read_day(text: str) -> date:
    """Return the date in *text*, such as 2026-11-22.

    Raises:
        ValueError: *text* is not in the format of RFC 3339, or there is no such date.
    """
    if not DAY.fullmatch(text):
        raise ValueError("not a day of RFC 3339")
    return date.fromisoformat(text)
