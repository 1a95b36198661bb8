"""/me: jurisdiction, time zone and quiet hours."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from cmr.models import Consumer
from consent.models import Subject
from tests.conftest import EMAIL, Api

NOTHING = {
    "email": EMAIL,
    "jurisdiction": None,
    "time_zone": None,
    "quiet_hours": None,
    "language": None,
}
NIGHT = {"start": "22:00", "end": "07:00"}


def test_profile_of_new_account_is_empty(as_ana: Api) -> None:
    answer = as_ana.get("me")
    assert answer.status_code == 200
    assert answer.json() == NOTHING


def test_profile_change_keeps_other_fields(as_ana: Api) -> None:
    assert as_ana.patch("me", {"time_zone": "Europe/Berlin"}).status_code == 200
    assert as_ana.patch("me", {"jurisdiction": "DE-BY"}).status_code == 200
    answer = as_ana.patch("me", {"quiet_hours": NIGHT})
    set_so_far = {"jurisdiction": "DE-BY", "time_zone": "Europe/Berlin", "quiet_hours": NIGHT}
    expected = NOTHING | set_so_far
    assert (answer.status_code, answer.json()) == (200, expected)
    assert as_ana.patch("me", {}).json() == expected
    assert as_ana.get("me").json() == expected


def test_profile_null_clears_field(as_ana: Api) -> None:
    as_ana.patch("me", {"jurisdiction": "DE", "time_zone": "Europe/Berlin", "quiet_hours": NIGHT})
    assert as_ana.patch("me", {"quiet_hours": None}).json()["quiet_hours"] is None
    assert as_ana.patch("me", {"jurisdiction": None}).json()["jurisdiction"] is None
    assert as_ana.patch("me", {"time_zone": None}).json() == NOTHING


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"time_zone": "Europe/Entenhausen"}, "unknown_time_zone", "time_zone"),
        ({"time_zone": "europe/berlin"}, "unknown_time_zone", "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "unknown_time_zone", "time_zone"),
        ({"time_zone": "Europe"}, "unknown_time_zone", "time_zone"),
        ({"time_zone": "localtime"}, "unknown_time_zone", "time_zone"),
        ({"time_zone": ""}, "blank", "time_zone"),
        ({"time_zone": "E" * 41}, "max_length", "time_zone"),
        ({"time_zone": 7}, "unknown_time_zone", "time_zone"),
        ({"jurisdiction": "ZZ"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": "de"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": "DE-XX"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": "Germany"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": ""}, "blank", "jurisdiction"),
        ({"quiet_hours": {"start": "22:00", "end": "22:00"}}, "start_is_end", "quiet_hours"),
        ({"quiet_hours": {"start": "22:00"}}, "required", "quiet_hours.end"),
        ({"quiet_hours": {"start": "24:00", "end": "07:00"}}, "invalid", "quiet_hours.start"),
        ({"quiet_hours": {"start": "22:00:30", "end": "7"}}, "invalid", "quiet_hours.start"),
        ({"quiet_hours": {"start": None, "end": "07:00"}}, "null", "quiet_hours.start"),
        ({"quiet_hours": {"start": 22, "end": "07:00"}}, "invalid", "quiet_hours.start"),
        ({"quiet_hours": NIGHT | {"on": "Sunday"}}, "unknown_field", "quiet_hours.on"),
        ({"quiet_hours": "22:00-07:00"}, "invalid", "quiet_hours"),
        ({"email": "ben@example.org"}, "unknown_field", "email"),
        ([], "invalid", None),
    ],
)
def test_profile_invalid_field_changes_nothing(
    change: Any, code: str, field: str, as_ana: Api
) -> None:
    as_ana.patch("me", {"time_zone": "Asia/Tokyo", "quiet_hours": NIGHT})
    answer = as_ana.patch("me", {"time_zone": "UTC"} | change if change else change)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, code, field)
    assert as_ana.get("me").json()["time_zone"] == "Asia/Tokyo"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_profile_with_brand_key_is_refused(method: str, as_acme: Api, ana: Consumer) -> None:
    assert as_acme.send(method, "me", b"{}").status_code == 401


@pytest.mark.parametrize(
    ("start", "end", "constraint"),
    [
        ("22:00", None, "subject_quiet_hours_are_whole"),
        (None, "07:00", "subject_quiet_hours_are_whole"),
        ("22:00", "22:00", "subject_quiet_hours_do_not_end_at_their_start"),
    ],
)
def test_quiet_hours_half_set_is_refused_by_database(
    start: str | None, end: str | None, constraint: str, ana: Consumer
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        Subject.objects.filter(pk=ana.subject_id).update(quiet_start=start, quiet_end=end)


# -- Editing what was seen ------------------------------------------------------------------------


def test_profile_change_with_current_etag_is_done(as_ana: Api) -> None:
    tag = as_ana.get("me").headers["ETag"]
    first = as_ana.patch("me", {"time_zone": "Europe/Berlin"}, If_Match=tag)
    assert first.headers["ETag"] == as_ana.get("me").headers["ETag"] != tag
    again = as_ana.patch("me", {"language": "de"}, If_Match=first.headers["ETag"])
    assert (again.status_code, again.json()["time_zone"]) == (200, "Europe/Berlin")


def test_profile_change_with_old_etag_is_refused(as_ana_signed_in: Api) -> None:
    tag = as_ana_signed_in.get("me").headers["ETag"]
    as_ana_signed_in.patch("me", {"time_zone": "Europe/Berlin"})
    for answer in (
        as_ana_signed_in.patch("me", {"language": "de", "time_zone": "Asia/Tokyo"}, If_Match=tag),
        as_ana_signed_in.delete("me", If_Match=tag),
    ):
        assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    assert as_ana_signed_in.get("me").json() == NOTHING | {"time_zone": "Europe/Berlin"}


def test_profile_with_current_etag_is_not_modified(as_ana: Api) -> None:
    tag = as_ana.get("me").headers["ETag"]
    assert as_ana.send("GET", "me", If_None_Match=tag).status_code == 304
    as_ana.patch("me", {"language": "de"})
    assert as_ana.send("GET", "me", If_None_Match=tag).json()["language"] == "de"


def test_erasure_with_current_etag_is_done(as_ana_signed_in: Api) -> None:
    assert (
        as_ana_signed_in.delete(
            "me", If_Match=as_ana_signed_in.get("me").headers["ETag"]
        ).status_code
        == 204
    )
    assert not Consumer.objects.exists()
