"""Quiet hours in local time, on nights when clocks change. The rest: the laws."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from consent.decision.quiet_hours import QuietHours, StartIsEnd, list_time_zones


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(start: str, end: str, zone: str) -> QuietHours:
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end), zone)


@pytest.mark.parametrize(
    ("quiet", "now", "end"),
    [
        # Berlin, 29 March: at 01:00 UTC the clock jumps from 02:00 to 03:00.
        (("22:00", "07:00", "Europe/Berlin"), "2026-03-28 23:00", "2026-03-29 05:00"),
        (("22:00", "02:30", "Europe/Berlin"), "2026-03-28 23:00", "2026-03-29 01:00"),
        (("02:15", "02:45", "Europe/Berlin"), "2026-03-29 01:00", None),
        # Berlin, 25 October: at 01:00 UTC it goes back from 03:00 to 02:00.
        (("22:00", "07:00", "Europe/Berlin"), "2026-10-24 22:00", "2026-10-25 06:00"),
        (("22:00", "02:30", "Europe/Berlin"), "2026-10-24 22:00", "2026-10-25 00:30"),
        (("22:00", "02:30", "Europe/Berlin"), "2026-10-25 00:45", None),
        (("22:00", "02:30", "Europe/Berlin"), "2026-10-25 01:15", "2026-10-25 01:30"),
        (("02:30", "07:00", "Europe/Berlin"), "2026-10-25 00:45", "2026-10-25 01:00"),
        (("02:30", "07:00", "Europe/Berlin"), "2026-10-25 01:30", "2026-10-25 06:00"),
        # New York, 1 November: at 06:00 UTC it goes back from 02:00 to 01:00.
        (("22:00", "07:00", "America/New_York"), "2026-11-01 03:00", "2026-11-01 12:00"),
        (("22:00", "01:30", "America/New_York"), "2026-11-01 03:00", "2026-11-01 05:30"),
        (("22:00", "01:30", "America/New_York"), "2026-11-01 06:10", "2026-11-01 06:30"),
        # Lord Howe turns by half an hour: back at 15:00 UTC, forward at 15:30 UTC.
        (("22:00", "01:45", "Australia/Lord_Howe"), "2026-04-04 12:00", "2026-04-04 14:45"),
        (("22:00", "01:45", "Australia/Lord_Howe"), "2026-04-04 15:05", "2026-04-04 15:15"),
        (("22:00", "07:00", "Australia/Lord_Howe"), "2026-04-04 12:00", "2026-04-04 20:30"),
        (("22:00", "02:15", "Australia/Lord_Howe"), "2026-10-03 14:00", "2026-10-03 15:30"),
        # The leap day has a night before and a night after it.
        (("22:00", "07:00", "Europe/Berlin"), "2028-02-28 22:30", "2028-02-29 06:00"),
        (("22:00", "07:00", "Europe/Berlin"), "2028-02-29 22:30", "2028-03-01 06:00"),
        (("00:00", "23:59", "Europe/Berlin"), "2028-02-28 23:00", "2028-02-29 22:59"),
        # Nobody knows the zone.
        (("22:00", "07:00", ""), "2026-06-01 23:00", "2026-06-02 07:00"),
    ],
)
def test_ends_after_special_night_returns_end(
    quiet: tuple[str, str, str], now: str, end: str | None
) -> None:
    assert hours(*quiet).ends_after(moment(now)) == (moment(end) if end else None)


def test_ends_after_includes_start_and_excludes_end() -> None:
    quiet = hours("22:00", "07:00", "UTC")
    last = moment("2026-06-01 22:00") - timedelta(microseconds=1)
    assert quiet.ends_after(last) is None
    assert quiet.ends_after(moment("2026-06-01 22:00")) == moment("2026-06-02 07:00")
    assert quiet.ends_after(moment("2026-06-02 07:00")) is None


def test_quiet_hours_equal_start_and_end_is_refused() -> None:
    with pytest.raises(StartIsEnd):
        hours("22:00", "22:00", "UTC")


def test_list_time_zones_every_zone_loads() -> None:
    assert {"Europe/Berlin", "America/New_York", "UTC", "Asia/Kathmandu"} <= list_time_zones()
    assert all(ZoneInfo(name) for name in list_time_zones())
    assert not list_time_zones() & {"", "localtime", "Factory"}
