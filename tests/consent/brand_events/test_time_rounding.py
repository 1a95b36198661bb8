"""Rounding of times that brands see, up to the last hour of the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from consent.brand_events.time_rounding import ceil_to_hour, floor_to_hour, floor_to_minute
from tests.conftest import Api

INDIA = timezone(timedelta(hours=5, minutes=30))


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 6, 1, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "floor", "ceiling"),
    [
        (at(14), at(14), at(14)),
        (at(14, 20, 7), at(14), at(15)),
        (at(14) + timedelta(microseconds=1), at(14), at(15)),
        (datetime(2026, 6, 1, 19, 45, tzinfo=INDIA), at(14), at(15)),
    ],
)
def test_round_to_hour_uses_utc(moment: datetime, floor: datetime, ceiling: datetime) -> None:
    assert (floor_to_hour(moment), ceil_to_hour(moment)) == (floor, ceiling)


def test_floor_to_minute_drops_seconds() -> None:
    assert floor_to_minute(at(14, 20, 59)) == at(14, 20)


def test_ceil_to_hour_last_hour_is_unchanged() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert ceil_to_hour(last) == floor_to_hour(last) == datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert ceil_to_hour(datetime(9999, 12, 31, 22, 59, tzinfo=UTC)).hour == 23


@pytest.mark.django_db
def test_wide_pause_end_is_rounded_up_to_hour(as_ana: Api) -> None:
    def pause(until: str) -> str:
        body = {"scope": {}, "decision": "pause", "until": until}
        answer = as_ana.post("me/choices", body)
        assert answer.status_code == 201, answer.content
        return str(answer.json()["data"][0]["until"])

    assert pause("2099-06-01T14:20:00Z") == "2099-06-01T15:00:00Z"
    assert pause("2199-12-31T23:00:00Z") == "2199-12-31T23:00:00Z"


@pytest.mark.django_db
def test_wide_grant_end_is_rounded_down_to_hour(as_ana: Api) -> None:
    body = {"scope": {"purpose": "marketing"}, "decision": "grant"}
    answer = as_ana.post("me/choices", body | {"expires_at": "2099-06-01T14:20:00Z"})
    assert answer.json()["data"][0]["expires_at"] == "2099-06-01T14:00:00Z"
    soon = datetime.now(UTC).replace(minute=59, second=59, microsecond=999_999)
    answer = as_ana.post("me/choices", body | {"expires_at": soon.isoformat()})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (
        422,
        "expires_too_soon",
        "expires_at",
    )
