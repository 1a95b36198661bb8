"""Choices that a brand records for its people: POST /choices."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands.catalogue import privacy_notices
from brands.events import stream
from brands.models import Brand
from cmr.models import Consumer
from consent.brand_events.entry_ids import build_entry_id
from consent.models import LedgerEntry, Refusal, Relationship
from tests.conftest import EMAIL, Api
from tests.factories import report_choice

SCOPE = {"purpose": "marketing", "channel": "email"}
BEN = {"email": "ben@example.org"}


def later(days: int = 30) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


def refusal(answer: Any) -> tuple[int, str, str | None]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem["field"]


def test_report_denial_is_effective(as_acme: Api, as_ana: Api, met: Relationship) -> None:
    answer = report_choice(as_acme, "deny", reason="not_relevant")
    assert answer.status_code == 201
    (entry,) = answer.json()["data"]
    assert (entry["maker"], entry["source"], entry["basis"]) == ("brand", "brand_api", "express")
    assert entry["scope"]["brand"] == "acme"
    check = as_acme.post("check", {"contact": {"email": EMAIL}} | SCOPE).json()
    assert (check["rule"], check["because"]["entry"]) == ("brand_denied", entry["entry"])
    told = as_acme.get("events").json()["data"][-1]["data"]
    assert (told["entry"], told["subject_seq"]) == (entry["entry"], entry["subject_seq"])
    hers = as_ana.get("me/history").json()["data"][0]
    known = build_entry_id(uuid.UUID(hers["entry"]), met.pk)
    assert (str(known), hers["subject_seq"], entry["subject_seq"]) == (entry["entry"], 1, 2)


@pytest.mark.parametrize(
    ("decision", "parts"),
    [
        ("grant", {}),
        ("grant", {"basis": "implied", "ground": "purchase"}),
        ("grant", {"basis": "implied", "ground": "inquiry", "expires_at": later()}),
        ("deny", {"made_at": "2026-01-01T10:00:00+01:00"}),
        ("pause", {"until": later()}),
        ("limit", {"limit": {"max": 1, "per": "month"}}),
        ("clear", {}),
    ],
)
def test_report_any_decision_is_recorded(
    decision: str, parts: dict[str, Any], as_acme: Api, met: Relationship
) -> None:
    answer = report_choice(as_acme, decision, **parts)
    assert (answer.status_code, answer.json()["data"][0]["decision"]) == (201, decision)
    assert as_acme.get("events").json()["data"][-1]["data"]["decision"] == decision


def test_report_grant_after_denial_of_address_is_refused(
    as_acme: Api, as_ana: Api, ana: Consumer, met: Relationship
) -> None:
    point = ana.contact_points.get()
    as_ana.post("me/choices", {"scope": {"contact_point": point.pk}, "decision": "deny"})
    assert refusal(report_choice(as_acme, "grant")) == (409, "person_said_no", "decision")


def test_report_grant_after_person_denial_is_refused(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "deny"})
    before = (LedgerEntry.objects.count(), stream.read_last_sequence(met.brand_id))
    for _ in range(2):
        assert refusal(report_choice(as_acme, "grant")) == (409, "person_said_no", "decision")
    assert (LedgerEntry.objects.count(), stream.read_last_sequence(met.brand_id)) == before
    assert Refusal.objects.get(brand=met.brand_id).count == 2
    assert as_acme.post("check", {"contact": {"email": EMAIL}} | SCOPE).json()["allowed"] is False


@pytest.mark.parametrize(
    "said",
    [
        {"scope": {}, "decision": "deny"},
        {"scope": {"purpose": "marketing"}, "decision": "deny"},
        {"scope": {"brand": "acme", **SCOPE}, "decision": "pause", "until": later()},
    ],
)
def test_report_grant_after_wide_denial_or_pause_is_refused(
    said: dict[str, Any], as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    assert as_ana.post("me/choices", said).status_code == 201
    assert report_choice(as_acme, "grant").status_code == 409
    assert report_choice(as_acme, "grant", made_at=timezone.now().isoformat()).status_code == 409
    assert report_choice(as_acme, "grant", basis="implied", ground="purchase").status_code == 409


def test_report_wider_grant_keeps_narrower_denial(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    as_ana.post("me/choices", {"scope": {"brand": "acme", **SCOPE}, "decision": "deny"})
    assert report_choice(as_acme, "grant", scope={"purpose": "marketing"}).status_code == 201
    check = {"contact": {"email": EMAIL}, "purpose": "marketing"}
    assert as_acme.post("check", {**check, "channel": "email"}).json()["allowed"] is False
    assert as_acme.post("check", {**check, "channel": "sms"}).json()["allowed"] is True


def test_report_choice_returns_evidence_and_notice(
    as_acme: Api, acme: Brand, met: Relationship, now: datetime
) -> None:
    privacy_notices.write_notice(acme, code="newsletter", texts={"en": "Once a week."}, now=now)
    (entry,) = report_choice(as_acme, "grant", notice="newsletter").json()["data"]
    assert (entry["evidence"], entry["notice"]) == ("Form 7 of 2026-01-10", "newsletter@1")
    (entry,) = report_choice(as_acme, "deny").json()["data"]
    assert (entry["evidence"], entry["notice"]) == (None, None)


def test_report_grant_after_brand_denial_is_effective(as_acme: Api, met: Relationship) -> None:
    report_choice(as_acme, "deny")
    assert report_choice(as_acme, "grant").status_code == 201
    check = as_acme.post("check", {"contact": {"email": EMAIL}} | SCOPE).json()
    assert (check["allowed"], check["rule"]) == (True, "brand_granted")


def test_report_grant_after_person_grant_is_recorded(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    scope = {"brand": "acme", **SCOPE}
    as_ana.post("me/choices", [{"scope": scope, "decision": d} for d in ("deny", "grant")])
    assert report_choice(as_acme, "grant").status_code == 201
    assert not Refusal.objects.exists()


@pytest.mark.parametrize(
    ("decision", "parts", "code", "field"),
    [
        ("grant", {"evidence": None}, "null", "evidence"),
        ("grant", {"evidence": " "}, "blank", "evidence"),
        ("grant", {"evidence": "a" * 2001}, "max_length", "evidence"),
        ("grant", {"basis": "implied"}, "no_ground", "ground"),
        ("grant", {"basis": "implied", "expires_at": later()}, "no_ground", "ground"),
        ("grant", {"basis": "implied", "ground": None}, "null", "ground"),
        ("grant", {"basis": "implied", "ground": "gift"}, "invalid_choice", "ground"),
        ("grant", {"ground": "purchase"}, "not_here", "ground"),
        ("deny", {"ground": "purchase"}, "not_here", "ground"),
        ("grant", {"basis": "assumed"}, "invalid_choice", "basis"),
        ("deny", {"basis": "implied", "ground": "purchase"}, "not_implied", "basis"),
        ("deny", {"made_at": later(1)}, "from_the_future", "made_at"),
        ("deny", {"made_at": "2026-01-01T10:00:00"}, "no_zone", "made_at"),
        ("pause", {}, "needed", "until"),
        ("pause", {"until": "2026-01-01T00:00:00Z"}, "past", "until"),
        ("deny", {"until": later()}, "not_here", "until"),
        ("limit", {}, "needed", "limit"),
        ("deny", {"expires_at": later()}, "not_here", "expires_at"),
        ("grant", {"expires_at": "2026-01-01T00:00:00Z"}, "past", "expires_at"),
        ("deny", {"scope": {"brand": "rival"}}, "unknown_brand", "brand"),
        ("deny", {"scope": {"brand": "no-such"}}, "unknown_brand", "brand"),
        ("deny", {"scope": {"contact_point": 1}}, "unknown_contact_point", "contact_point"),
        ("deny", {"scope": {"purpose": "selling"}}, "unknown_purpose", "purpose"),
        ("deny", {"scope": {"topic": "rivals-own"}}, "unknown_topic", "topic"),
        ("deny", {"scope": {"purpose": "service"}}, "cannot_be_refused", "purpose"),
        (
            "limit",
            {"scope": {"purpose": "service"}, "limit": {"max": 1, "per": "day"}},
            "cannot_be_limited",
            "purpose",
        ),
        (
            "deny",
            {"scope": {"purpose": "profiling", "channel": "email"}},
            "channel_not_used",
            "channel",
        ),
        ("grant", {"notice": "acc@99"}, "unknown_notice", "notice"),
        ("deny", {"maker": "person"}, "unknown_field", "maker"),
        ("deny", {"contact": {"email": "ana"}}, "invalid_contact", "contact"),
    ],
)
@pytest.mark.usefixtures("met", "rivals_topic")
def test_report_invalid_choice_is_refused(
    decision: str, parts: dict[str, Any], code: str, field: str, as_acme: Api
) -> None:
    assert refusal(report_choice(as_acme, decision, **parts)) == (422, code, field)
    assert not LedgerEntry.objects.exists()


NULL_SCOPE = dict.fromkeys(("brand", "purpose", "channel", "topic", "contact_point"))


def test_report_scope_of_nulls_means_whole_brand(
    as_acme: Api, acme: Brand, met: Relationship
) -> None:
    (entry,) = report_choice(as_acme, "deny", scope=NULL_SCOPE).json()["data"]
    assert entry["scope"] == NULL_SCOPE | {"brand": "acme"}
    assert LedgerEntry.objects.get().brand == acme


def test_report_limit_without_purpose_is_recorded(as_acme: Api, met: Relationship) -> None:
    said = report_choice(
        as_acme, "limit", scope={"channel": "email"}, limit={"max": 1, "per": "day"}
    )
    assert said.status_code == 201


def test_report_clear_of_ineffective_scope_is_recorded(as_acme: Api, met: Relationship) -> None:
    for scope in ({"purpose": "service"}, {"purpose": "profiling", "channel": "email"}):
        assert report_choice(as_acme, "clear", scope=scope).status_code == 201


def test_report_grant_without_evidence_is_refused(as_acme: Api, met: Relationship) -> None:
    body = {"contact": {"email": EMAIL}, "scope": SCOPE, "decision": "grant"}
    assert refusal(as_acme.post("choices", body)) == (422, "no_evidence", "evidence")
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("made_at", ["1900-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_report_choice_of_long_ago_is_recorded(
    made_at: str, as_acme: Api, met: Relationship
) -> None:
    assert report_choice(as_acme, "deny", made_at=made_at).status_code == 201
    assert as_acme.post("check", {"contact": {"email": EMAIL}} | SCOPE).status_code == 200


def test_report_without_relationship_gets_identical_refusals(
    as_rival: Api, met: Relationship
) -> None:
    answers = [report_choice(as_rival, "deny"), report_choice(as_rival, "deny", BEN)]
    answers.append(report_choice(as_rival, "deny", {"ref": "no-7"}))
    assert [refusal(answer) for answer in answers] == [(404, "no_relationship", "contact")] * 3
    assert len({str(answer.json() | {"request_id": ""}) for answer in answers}) == 1
    assert not LedgerEntry.objects.exists()


def test_report_after_relationship_end_is_refused(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    as_ana.delete("me/relationships/acme")
    assert report_choice(as_acme, "grant").status_code == 404
