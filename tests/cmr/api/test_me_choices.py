"""POST /me/choices: one choice or a list, all or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from brands.events import stream
from brands.models import Brand, Topic
from cmr.models import Consumer
from consent.models import LedgerEntry, Preference, Propagation, Relationship, Subject
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("met")

LATER = (timezone.now() + timedelta(days=30)).isoformat()
EARLIER = "2026-01-01T00:00:00Z"
EMAIL_NO = {
    "scope": {"brand": "acme", "purpose": "marketing", "channel": "email"},
    "decision": "deny",
}


@pytest.fixture
def recorded(met: Relationship) -> Callable[[], tuple[int, ...]]:
    """How much is recorded, to compare before and after."""

    def count() -> tuple[int, ...]:
        subject = Subject.objects.get(pk=met.subject_id)
        models = (LedgerEntry, Preference, Propagation)
        counts = [model._default_manager.count() for model in models]
        return (subject.last_seq, stream.read_last_sequence(met.brand_id), *counts)

    return count


def refusal(answer: Any) -> tuple[int, str, str | None]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    return answer.status_code, problem["code"], problem["field"]


# -- What is recorded ---------------------------------------------------------------------------


def test_record_one_choice_returns_entry(as_ana: Api, acme: Brand, met: Relationship) -> None:
    answer = as_ana.post("me/choices", {**EMAIL_NO, "reason": "too_many_from_brand"})
    assert answer.status_code == 201
    (entry,) = answer.json()["data"]
    assert (entry["decision"], entry["reason"]) == ("deny", "too_many_from_brand")
    assert (entry["maker"], entry["source"], entry["subject_seq"]) == ("person", "api", 1)
    assert entry["scope"] == EMAIL_NO["scope"] | {"topic": None, "contact_point": None}  # type: ignore[operator]
    told = stream.read_events(acme.pk, after=0, limit=10)[-1]
    assert told.type == "preference.denied"
    assert str(told.cause) == entry["entry"]


def test_record_list_keeps_order(as_ana: Api) -> None:
    decisions = ["deny", "grant", "clear", "deny"]
    answer = as_ana.post("me/choices", [{**EMAIL_NO, "decision": d} for d in decisions])
    assert answer.status_code == 201
    entries = answer.json()["data"]
    assert [entry["decision"] for entry in entries] == decisions
    assert [entry["subject_seq"] for entry in entries] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("decision", "parts", "event"),
    [
        ("grant", {}, "preference.granted"),
        ("grant", {"expires_at": LATER}, "preference.granted"),
        ("deny", {}, "preference.denied"),
        ("deny", {"until": None, "limit": None, "reason": None}, "preference.denied"),
        ("pause", {"until": LATER}, "preference.paused"),
        ("limit", {"limit": {"max": 2, "per": "week"}}, "preference.limited"),
        ("clear", {}, "preference.cleared"),
    ],
)
def test_record_any_decision_reaches_stream(
    decision: str, parts: dict[str, Any], event: str, as_ana: Api, as_acme: Api
) -> None:
    answer = as_ana.post("me/choices", {**EMAIL_NO, "decision": decision, **parts})
    assert answer.status_code == 201
    told = as_acme.get("events").json()["data"][-1]
    assert told["type"] == event
    assert told["data"]["decision"] == decision
    assert told["data"]["limit"] == parts.get("limit")


def test_record_empty_scope_means_any(as_ana: Api) -> None:
    (entry,) = as_ana.post("me/choices", {"scope": {}, "decision": "deny"}).json()["data"]
    assert set(entry["scope"].values()) == {None}


def test_record_wide_choice_waits_for_propagation(as_ana: Api, ana: Consumer) -> None:
    as_ana.post("me/choices", {"scope": {"purpose": "marketing"}, "decision": "deny"})
    assert Propagation.objects.filter(subject=ana.subject_id, done_at=None).count() == 1


def test_record_topic_sets_purpose(as_ana: Api, offers: Topic) -> None:
    scope = {"brand": "acme", "topic": offers.code}
    (entry,) = as_ana.post("me/choices", {"scope": scope, "decision": "deny"}).json()["data"]
    assert entry["scope"]["purpose"] == "marketing"


def test_record_contact_point_by_own_id(as_ana: Api, ana: Consumer) -> None:
    point = ana.contact_points.get()
    scope = {"brand": "acme", "contact_point": point.pk}
    (entry,) = as_ana.post("me/choices", {"scope": scope, "decision": "deny"}).json()["data"]
    assert entry["scope"]["contact_point"] == str(point.pk)


# -- What is refused, and leaves nothing behind ---------------------------------------------------


@pytest.mark.parametrize(
    "second",
    [
        {"scope": {"brand": "no-such"}, "decision": "deny"},
        {"scope": {"purpose": "service"}, "decision": "deny"},
        {"scope": {}, "decision": "pause"},
        {"scope": {}, "decision": "maybe"},
        None,
        [],
    ],
)
def test_record_list_with_invalid_choice_records_nothing(
    second: Any, as_ana: Api, recorded: Callable[[], tuple[int, ...]]
) -> None:
    before = recorded()
    assert as_ana.post("me/choices", [EMAIL_NO, second]).status_code == 422
    assert recorded() == before


def test_record_list_error_names_position(as_ana: Api) -> None:
    answer = as_ana.post("me/choices", [EMAIL_NO, {**EMAIL_NO, "decision": "pause"}])
    assert refusal(answer) == (422, "needed", "1.until")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"decision": "pause"}, "needed", "until"),
        ({"decision": "pause", "until": None}, "needed", "until"),
        ({"decision": "pause", "until": EARLIER}, "past", "until"),
        ({"decision": "pause", "until": "2030-01-01T00:00:00"}, "no_zone", "until"),
        ({"decision": "pause", "until": "2030-01-01"}, "no_zone", "until"),
        ({"decision": "pause", "until": "tomorrow Z"}, "invalid", "until"),
        ({"decision": "pause", "until": 5}, "invalid", "until"),
        ({"decision": "pause", "until": True}, "invalid", "until"),
        ({"decision": "pause", "until": "9999-12-31T23:59:59-12:00"}, "out_of_range", "until"),
        ({"until": LATER}, "not_here", "until"),
        ({"expires_at": LATER}, "not_here", "expires_at"),
        ({"decision": "grant", "expires_at": EARLIER}, "past", "expires_at"),
        ({"decision": "limit"}, "needed", "limit"),
        ({"decision": "limit", "limit": {"per": "day"}}, "required", "limit.max"),
        ({"decision": "limit", "limit": {"max": 1}}, "required", "limit.per"),
        ({"decision": "limit", "limit": {"max": 0, "per": "day"}}, "min_value", "limit.max"),
        ({"decision": "limit", "limit": {"max": 1001, "per": "day"}}, "max_value", "limit.max"),
        ({"decision": "limit", "limit": {"max": 2**80, "per": "day"}}, None, "limit.max"),
        ({"decision": "limit", "limit": {"max": True, "per": "day"}}, "invalid", "limit.max"),
        ({"decision": "limit", "limit": {"max": 1.5, "per": "day"}}, "invalid", "limit.max"),
        ({"decision": "limit", "limit": {"max": 1, "per": "year"}}, "invalid_choice", "limit.per"),
        ({"limit": {"max": 1, "per": "day"}}, "not_here", "limit"),
        ({"decision": "maybe"}, "invalid_choice", "decision"),
        ({"decision": None}, "null", "decision"),
        ({"decision": True}, "invalid_choice", "decision"),
        ({"decision": ["deny"]}, "invalid_choice", "decision"),
        ({"reason": "because"}, "invalid_choice", "reason"),
        ({"scope": None}, "null", "scope"),
        ({"scope": "acme"}, "invalid", "scope"),
        ({"scope": []}, "invalid", "scope"),
        ({"decison": "deny"}, "unknown_field", "decison"),  # codespell:ignore decison
        ({"maker": "person"}, "unknown_field", "maker"),
        ({"made_at": EARLIER}, "unknown_field", "made_at"),
        ({"scope": {"brands": "acme"}}, "unknown_field", "scope.brands"),
        ({"scope": {"brand": True}}, "invalid", "scope.brand"),
        ({"scope": {"brand": "acme\0"}}, "null_characters_not_allowed", "scope.brand"),
        ({"scope": {"contact_point": 2**63}}, None, "scope.contact_point"),
        ({"scope": {"contact_point": False}}, "invalid", "scope.contact_point"),
        ({"scope": {"brand": "no-such"}}, "unknown_brand", "brand"),
        ({"scope": {"purpose": "selling"}}, "unknown_purpose", "purpose"),
        ({"scope": {"channel": "telex"}}, "unknown_channel", "channel"),
        ({"scope": {"brand": "acme", "topic": "no-such"}}, "unknown_topic", "topic"),
        ({"scope": {"topic": "weekly-offers"}}, "topic_without_brand", "topic"),
        ({"scope": {"contact_point": 2**62}}, "unknown_contact_point", "contact_point"),
        ({"scope": {"purpose": "service"}}, "cannot_be_refused", "purpose"),
        (
            {"scope": {"purpose": "service"}, "decision": "pause", "until": LATER},
            "cannot_be_refused",
            "purpose",
        ),
        (
            {
                "scope": {"brand": "acme", "purpose": "service"},
                "decision": "limit",
                "limit": {"max": 1, "per": "day"},
            },
            "cannot_be_limited",
            "purpose",
        ),
        (
            {"scope": {"brand": None, "purpose": "profiling", "channel": "email"}},
            "channel_not_used",
            "channel",
        ),
    ],
)
def test_record_invalid_choice_is_refused(
    change: dict[str, Any],
    code: str | None,
    field: str,
    as_ana: Api,
    recorded: Callable[[], tuple[int, ...]],
) -> None:
    before = recorded()
    status, got, where = refusal(as_ana.post("me/choices", {**EMAIL_NO, **change}))
    assert (status, where) == (422, field)
    assert code in (None, got)
    assert recorded() == before


def test_record_topic_of_other_purpose_is_refused(as_ana: Api, offers: Topic) -> None:
    scope = {"brand": "acme", "purpose": "research", "topic": offers.code}
    answer = as_ana.post("me/choices", {"scope": scope, "decision": "deny"})
    assert refusal(answer) == (422, "unknown_topic", "topic")


def test_record_topic_of_other_brand_is_refused(as_ana: Api, offers: Topic, rival: Brand) -> None:
    scope = {"brand": rival.slug, "topic": offers.code}
    answer = as_ana.post("me/choices", {"scope": scope, "decision": "deny"})
    assert refusal(answer) == (422, "unknown_topic", "topic")


def test_record_grant_of_required_purpose_is_recorded(as_ana: Api) -> None:
    answer = as_ana.post("me/choices", {"scope": {"purpose": "service"}, "decision": "grant"})
    assert answer.status_code == 201


@pytest.mark.parametrize("body", [[], [EMAIL_NO] * 101, None, 5, "deny", True, [[EMAIL_NO]], {}])
def test_record_body_of_other_shape_is_refused(
    body: Any, as_ana: Api, recorded: Callable[[], tuple[int, ...]]
) -> None:
    before = recorded()
    assert as_ana.post("me/choices", body).status_code == 422
    assert recorded() == before


def test_record_hundred_choices_is_allowed(as_ana: Api) -> None:
    answer = as_ana.post("me/choices", [EMAIL_NO] * 100)
    assert answer.status_code == 201
    assert len(answer.json()["data"]) == 100


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"deny",
        b'{"scope": {}, "decision": "deny",}',
        b"NaN",
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"scope": {"brand": "\\ud800"}, "decision": "deny"}',
        b'{"scope": {"brand": "\xff"}, "decision": "deny"}',
        b"\xef\xbb\xbf" + orjson.dumps(EMAIL_NO),
        orjson.dumps(EMAIL_NO).decode().encode("utf-16"),
    ],
)
def test_record_malformed_json_is_refused(
    raw: bytes, as_ana: Api, recorded: Callable[[], tuple[int, ...]]
) -> None:
    before = recorded()
    answer = as_ana.send("POST", "me/choices", raw)
    assert answer.status_code == (400 if raw else 422), answer.content
    assert recorded() == before


@pytest.mark.parametrize("size", [1_000_001, 2_000_000])
def test_record_too_large_body_is_refused(
    size: int, as_ana: Api, recorded: Callable[[], tuple[int, ...]]
) -> None:
    before = recorded()
    body = orjson.dumps(EMAIL_NO)
    answer = as_ana.send("POST", "me/choices", body + b" " * (size - len(body)))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert recorded() == before


def test_record_body_at_limit_is_allowed(as_ana: Api) -> None:
    body = orjson.dumps(EMAIL_NO)
    answer = as_ana.send("POST", "me/choices", body + b" " * (1_000_000 - len(body)))
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "", "x"]
)
def test_record_other_media_type_is_refused(
    kind: str, as_ana: Api, recorded: Callable[[], tuple[int, ...]]
) -> None:
    before = recorded()
    answer = as_ana.send("POST", "me/choices", orjson.dumps(EMAIL_NO), kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert recorded() == before


def test_record_media_type_with_charset_is_allowed(as_ana: Api) -> None:
    kind = "Application/JSON; charset=utf-8"
    assert as_ana.send("POST", "me/choices", orjson.dumps(EMAIL_NO), kind).status_code == 201
