"""Times are those of RFC 3339, wherever they come in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from brands.models import Brand
from consent.imports.rows import BadRow, Reader
from consent.models import Relationship
from core.time.rfc3339 import NoZone, read_day, read_moment
from tests.conftest import EMAIL, Api

TEN = datetime(2027, 1, 1, 10, tzinfo=UTC)
BEFORE_2017 = datetime(2016, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
TAKEN = [
    ("2027-01-01T10:00:00Z", TEN),
    ("2027-01-01t10:00:00z", TEN),
    ("2027-01-01 10:00:00Z", TEN),
    ("2027-01-01T12:00:00.000000000+02:00", TEN),
    ("2016-12-31T23:59:60Z", BEFORE_2017),
    ("2017-01-01T01:59:60.25+02:00", BEFORE_2017),
]
REFUSED = [
    "2027-W01-1T10:00:00Z",
    "20270101T100000Z",
    "２０２７-01-01T10:00:00Z",
    "2027-01-01T10:00Z",
    "2027-01-01T10:00:00+02",
    "2027-01-01T10:00:60Z",
    "2027-13-01T10:00:00Z",
    "2027-01-01T10:00:00Z ",
]


@pytest.mark.parametrize(("text", "moment"), TAKEN)
def test_read_moment_valid_time_is_read(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize("text", REFUSED)
def test_read_moment_other_format_is_refused(text: str, acme: Brand) -> None:
    with pytest.raises((ValueError, OverflowError)):
        read_moment(text)
    row = {"email": EMAIL, "purpose": "marketing", "decision": "deny", "made_at": text}
    if text == text.strip():  # a column is trimmed
        with pytest.raises(BadRow) as refused:
            Reader(acme, now=TEN).read_row(row)
        assert (refused.value.field, refused.value.code) == ("made_at", "invalid")


@pytest.mark.parametrize("text", ["2027-01-01T10:00:00", "2027-01-01"])
def test_read_moment_without_zone_is_refused(text: str) -> None:
    with pytest.raises(NoZone):
        read_moment(text)


@pytest.mark.parametrize("text", ["20270101", "2027-W01-1", "２０２７-01-01", "2027-1-1"])
def test_read_day_other_format_is_refused(text: str, as_acme: Api) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        read_day(text)
    as_acme.post("campaigns", {"code": "spring"})
    counts = dict.fromkeys(["sends", "deliveries", "responses", "complaints"], 0)
    answer = as_acme.put(
        "campaigns/spring/stats", {"days": [{"channel": "email", "day": text, **counts}]}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_check_other_time_format_is_refused(as_acme: Api, met: Relationship) -> None:
    asked = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email"}
    for text in REFUSED:
        answer = as_acme.post("check", asked | {"at": text})
        assert (answer.status_code, answer.json()["field"]) == (422, "at")
