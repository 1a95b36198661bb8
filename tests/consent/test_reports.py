"""Opt-out rates for admins: as JSON and as a page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands.models import Brand
from consent import metrics
from consent.models import Relationship
from tests.conftest import Api

PATH = "reports/opt-outs"
PAGE = "/reports/opt-outs"


@pytest.fixture
def counted(as_ana: Api, met: Relationship) -> None:
    """Three no, one yes, one pause and one limit, all told to acme and counted."""
    until = timezone.now() + timedelta(days=3)
    wishes: list[dict[str, Any]] = [
        {"scope": {"purpose": "marketing", "channel": "email"}, "reason": "privacy"},
        {"scope": {"purpose": "marketing", "channel": "email"}, "reason": "privacy"},
        {"scope": {"purpose": "profiling"}},
        {"scope": {"purpose": "marketing"}, "decision": "grant"},
        {"scope": {"purpose": "research"}, "decision": "pause", "until": until.isoformat()},
        {"scope": {}, "decision": "limit", "limit": {"max": 1, "per": "day"}},
        {"scope": {}, "decision": "clear"},
    ]
    for wish in wishes:
        wish["scope"]["brand"] = "acme"
    answer = as_ana.post("me/choices", [{"decision": "deny"} | wish for wish in wishes])
    assert answer.status_code == 201
    metrics.roll_up()


def rows(answer: Any, *names: str) -> list[tuple[Any, ...]]:
    assert answer.status_code == 200, answer.content
    return [tuple(row[name] for name in names) for row in answer.json()["data"]]


def test_totals_are_the_stream_s(as_admin: Api, counted: None) -> None:
    report = as_admin.get(PATH).json()
    assert report["totals"] == {"opt_outs": 3, "opt_ins": 1, "pauses": 1, "limits": 1}
    assert report["last"] == timezone.now().date().isoformat()
    assert report["is_cut"] is False


def test_by_what_is_asked_for(as_admin: Api, counted: None) -> None:
    answer = as_admin.get(PATH, by="brand,purpose")
    got = rows(answer, "brand", "purpose", "opt_outs", "opt_ins")
    assert got[:2] == [("acme", "marketing", 2, 1), ("acme", "profiling", 1, 0)]
    by_reason = rows(as_admin.get(PATH, by="reason"), "reason", "opt_outs")
    assert dict(by_reason) == {"privacy": 2, "": 1}
    assert rows(as_admin.get(PATH, by="source"), "source", "opt_outs") == [("api", 3)]


@pytest.mark.parametrize("by", [",", " , ", "day,day"])
def test_by_nothing_or_the_same_twice_still_adds_up(by: str, as_admin: Api, counted: None) -> None:
    answer = as_admin.get(PATH, by=by)
    if answer.status_code == 200:
        assert rows(answer, "opt_outs") == [(3,)]
    else:
        assert answer.status_code == 422


def test_of_one_brand(as_admin: Api, counted: None, rival: Brand) -> None:
    assert as_admin.get(PATH, brand="acme").json()["totals"]["opt_outs"] == 3
    for brand in ("rival", "no-such"):
        report = as_admin.get(PATH, brand=brand).json()
        assert (report["totals"]["opt_outs"], report["data"]) == (0, [])


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"by": "weather"}, "unknown_dimension", "by"),
        ({"by": "day,brand__name"}, "unknown_dimension", "by"),
        ({"first": "2026-02-02", "last": "2026-02-01"}, "ends_before_start", "first"),
        ({"first": "2026-02-30"}, "invalid", "first"),
        ({"first": "yesterday"}, "invalid", "first"),
        ({"first": "2026-01-01T10:00:00Z"}, "invalid", "first"),
        ({"last": "10000-01-01"}, "invalid", "last"),
        ({"last": "0001-01-01"}, "invalid", "last"),
        ({"brand": "a\0"}, "null_characters_not_allowed", "brand"),
    ],
)
def test_a_query_that_is_wrong(query: Any, code: str, field: str, as_admin: Api) -> None:
    answer = as_admin.get(PATH, **query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"] == field
    assert as_admin.client.get(PAGE, query).status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        {"first": "0001-01-01", "last": "9999-12-31"},
        {"first": "0001-01-01", "last": "0001-01-01"},
        {"first": "9999-12-31", "last": "9999-12-31"},
        {"last": "9999-12-31"},
        {"first": "0001-01-01"},
    ],
)
def test_days_far_away_are_days(query: dict[str, str], as_admin: Api, counted: None) -> None:
    assert as_admin.get(PATH, **query).status_code == 200
    assert as_admin.client.get(PAGE, query).status_code == 200


def test_only_admins_may_read_it(as_ana: Api, as_acme: Api, nobody: Api, ana: Any) -> None:
    assert nobody.get(PATH).status_code == 401
    assert as_ana.get(PATH).status_code == 401  # a token is for the person's own things
    assert as_acme.get(PATH).status_code == 401
    nobody.client.force_login(ana.user)
    answer = nobody.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_the_page_is_for_admins(nobody: Api, ana: Any) -> None:
    answer = nobody.client.get(PAGE)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/account/login/?next={PAGE}")
    nobody.client.force_login(ana.user)
    assert nobody.client.get(PAGE).status_code == 403


def test_the_page_shows_the_totals(as_admin: Api, counted: None) -> None:
    answer = as_admin.client.get(PAGE, {"by": "purpose"})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "profiling" in text and "opt-outs" in text


def test_the_page_says_what_is_wrong_and_escapes_it(as_admin: Api) -> None:
    answer = as_admin.client.get(PAGE, {"by": "<script>alert(1)</script>"})
    assert answer.status_code == 422
    assert b"<script>alert" not in answer.content
    assert b"cannot report by" in answer.content
