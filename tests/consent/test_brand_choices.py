"""What a brand may write: who its people are, and what they told it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands.catalogue import privacy_notices
from brands.events import stream
from brands.models import Brand, Topic
from cmr.models import Consumer
from consent.brand_events.entry_ids import build_entry_id
from consent.ledger.recording import Actor
from consent.models import Identifier, LedgerEntry, Refusal, Relationship, Subject
from consent.relationships import lifecycle
from tests.conftest import EMAIL, Api

NOTE = "Bought a bicycle in our shop."
SCOPE = {"purpose": "marketing", "channel": "email"}
BEN = {"email": "ben@example.org"}


def later(days: int = 30) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


def register(api: Api, contact: dict[str, str] | None = None, **parts: Any) -> Any:
    return api.post("relationships", {"contact": contact or {"email": EMAIL}, "note": NOTE} | parts)


def tell(api: Api, decision: str, contact: dict[str, str] | None = None, **parts: Any) -> Any:
    body = {"contact": contact or {"email": EMAIL}, "scope": SCOPE, "decision": decision}
    evidence = {"evidence": "Form 7 of 2026-01-10"} if decision == "grant" else {}
    return api.post("choices", body | evidence | parts)


def refusal(answer: Any) -> tuple[int, str, str | None]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem["field"]


@pytest.fixture
def rivals_topic(rival: Brand) -> Topic:
    return Topic.objects.create(brand=rival, code="rivals-own", name="Own", purpose_id="marketing")


# -- Registering a person -------------------------------------------------------------------------


def test_a_person_is_registered_once(as_acme: Api, acme: Brand) -> None:
    first, again = register(as_acme, BEN, ref="no-7"), register(as_acme, BEN, ref="no-7")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["subject"]["ref"] == "no-7"
    assert stream.read_last_sequence(acme.pk) == 1


def test_the_person_sees_it_with_the_brand_s_account_of_it(as_acme: Api, as_ana: Api) -> None:
    register(as_acme)
    shown = as_ana.get("me/relationships/acme").json()
    assert (shown["origin"], shown["note"]) == ("brand", NOTE)


def test_a_member_and_a_stranger_are_answered_alike(as_acme: Api, ana: Consumer) -> None:
    member, stranger = register(as_acme), register(as_acme, BEN)
    assert member.status_code == stranger.status_code == 201
    assert member.json().keys() == stranger.json().keys()


def test_a_registered_person_starts_with_what_they_said_before(
    as_acme: Api, as_ana: Api, acme: Brand
) -> None:
    as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "deny"})
    register(as_acme)
    told = as_acme.get("events").json()["data"][-1]
    assert [each["decision"] for each in told["data"]["standing"]] == ["deny"]


def test_a_reference_can_be_changed_and_reached(as_acme: Api) -> None:
    register(as_acme, BEN, ref="old")
    assert register(as_acme, BEN, ref="new").json()["subject"]["ref"] == "new"
    assert tell(as_acme, "deny", {"ref": "new"}).status_code == 201
    assert tell(as_acme, "deny", {"ref": "old"}).status_code == 404


def test_a_reference_stands_for_one_person(as_acme: Api, as_rival: Api, acme: Brand) -> None:
    register(as_acme, BEN, ref="no-7")
    register(as_acme, ref="no-8")
    new = {"phone": "+4915112345678"}
    for answer in (register(as_acme, ref="no-7"), register(as_acme, new, ref="no-7")):
        assert refusal(answer) == (409, "ref_taken", "ref")
    assert Relationship.objects.filter(brand=acme).count() == 2
    assert stream.read_last_sequence(acme.pk) == 2
    assert register(as_rival, ref="no-7").status_code == 201


def test_a_refused_registration_leaves_nobody_behind(as_acme: Api) -> None:
    register(as_acme, BEN, ref="no-7")
    before = (Subject.objects.count(), Identifier.objects.count())
    assert register(as_acme, {"email": "chloe@example.org"}, ref="no-7").status_code == 409
    assert (Subject.objects.count(), Identifier.objects.count()) == before


def test_what_the_person_ended_the_brand_cannot_restart(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    as_ana.delete("me/relationships/acme")
    before = stream.read_last_sequence(met.brand_id)
    assert refusal(register(as_acme)) == (409, "person_ended_relationship", "contact")
    assert stream.read_last_sequence(met.brand_id) == before
    assert not Relationship.objects.active().exists()


def test_what_the_brand_ended_the_brand_can_restart(as_acme: Api, met: Relationship) -> None:
    lifecycle.end_relationship(met, by=Actor("brand_api", met.brand_id), now=timezone.now())
    assert register(as_acme).status_code == 201


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"note": ""}, "blank", "note"),
        ({"note": "a" * 301}, "max_length", "note"),
        ({"note": None}, "null", "note"),
        ({"ref": ""}, "blank", "ref"),
        ({"ref": "a" * 201}, "max_length", "ref"),
        ({"ref": "a\0"}, "null_characters_not_allowed", "ref"),
        ({"contact": {"ref": "no-7"}}, "unknown_field", "contact.ref"),
        ({"contact": {"email": "ana"}}, "invalid_contact", "contact"),
        ({"brand": "rival"}, "unknown_field", "brand"),
        ({"origin": "person"}, "unknown_field", "origin"),
        ({"jurisdiction": "XX"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": "us-ca"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": "California"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": ""}, "blank", "jurisdiction"),
        ({"jurisdiction": None}, "null", "jurisdiction"),
    ],
)
def test_a_registration_that_is_wrong(
    change: dict[str, Any], code: str, field: str, as_acme: Api
) -> None:
    assert refusal(register(as_acme, **change)) == (422, code, field)
    assert not Subject.objects.exists()


# -- What the person told the brand ---------------------------------------------------------------


def test_a_no_told_to_the_brand_counts(as_acme: Api, as_ana: Api, met: Relationship) -> None:
    answer = tell(as_acme, "deny", reason="not_relevant")
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
def test_every_decision_can_be_told(
    decision: str, parts: dict[str, Any], as_acme: Api, met: Relationship
) -> None:
    answer = tell(as_acme, decision, **parts)
    assert (answer.status_code, answer.json()["data"][0]["decision"]) == (201, decision)
    assert as_acme.get("events").json()["data"][-1]["data"]["decision"] == decision


def test_a_brand_does_not_lift_a_no_for_the_address_that_it_knows(
    as_acme: Api, as_ana: Api, ana: Consumer, met: Relationship
) -> None:
    point = ana.contact_points.get()
    as_ana.post("me/choices", {"scope": {"contact_point": point.pk}, "decision": "deny"})
    assert refusal(tell(as_acme, "grant")) == (409, "person_said_no", "decision")


def test_a_brand_never_lifts_the_person_s_no(as_acme: Api, as_ana: Api, met: Relationship) -> None:
    as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "deny"})
    before = (LedgerEntry.objects.count(), stream.read_last_sequence(met.brand_id))
    for _ in range(2):
        assert refusal(tell(as_acme, "grant")) == (409, "person_said_no", "decision")
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
def test_nor_a_no_to_everybody_or_for_a_while(
    said: dict[str, Any], as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    assert as_ana.post("me/choices", said).status_code == 201
    assert tell(as_acme, "grant").status_code == 409
    assert tell(as_acme, "grant", made_at=timezone.now().isoformat()).status_code == 409
    assert tell(as_acme, "grant", basis="implied", ground="purchase").status_code == 409


def test_a_yes_beside_the_person_s_no_does_not_reach_it(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    as_ana.post("me/choices", {"scope": {"brand": "acme", **SCOPE}, "decision": "deny"})
    assert tell(as_acme, "grant", scope={"purpose": "marketing"}).status_code == 201
    check = {"contact": {"email": EMAIL}, "purpose": "marketing"}
    assert as_acme.post("check", {**check, "channel": "email"}).json()["allowed"] is False
    assert as_acme.post("check", {**check, "channel": "sms"}).json()["allowed"] is True


def test_what_was_kept_as_proof_is_shown(
    as_acme: Api, acme: Brand, met: Relationship, now: datetime
) -> None:
    privacy_notices.write_notice(acme, code="newsletter", texts={"en": "Once a week."}, now=now)
    (entry,) = tell(as_acme, "grant", notice="newsletter").json()["data"]
    assert (entry["evidence"], entry["notice"]) == ("Form 7 of 2026-01-10", "newsletter@1")
    (entry,) = tell(as_acme, "deny").json()["data"]
    assert (entry["evidence"], entry["notice"]) == (None, None)


def test_a_brand_lifts_its_own_no_with_evidence(as_acme: Api, met: Relationship) -> None:
    tell(as_acme, "deny")
    assert tell(as_acme, "grant").status_code == 201
    check = as_acme.post("check", {"contact": {"email": EMAIL}} | SCOPE).json()
    assert (check["allowed"], check["rule"]) == (True, "brand_granted")


def test_after_the_person_s_own_yes_the_brand_may_say_it_too(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    scope = {"brand": "acme", **SCOPE}
    as_ana.post("me/choices", [{"scope": scope, "decision": d} for d in ("deny", "grant")])
    assert tell(as_acme, "grant").status_code == 201
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
def test_a_word_that_is_wrong_is_not_recorded(
    decision: str, parts: dict[str, Any], code: str, field: str, as_acme: Api
) -> None:
    assert refusal(tell(as_acme, decision, **parts)) == (422, code, field)
    assert not LedgerEntry.objects.exists()


NULL_SCOPE = dict.fromkeys(("brand", "purpose", "channel", "topic", "contact_point"))


def test_a_scope_of_nulls_is_narrowed_to_the_brand(
    as_acme: Api, acme: Brand, met: Relationship
) -> None:
    (entry,) = tell(as_acme, "deny", scope=NULL_SCOPE).json()["data"]
    assert entry["scope"] == NULL_SCOPE | {"brand": "acme"}
    assert LedgerEntry.objects.get().brand == acme


def test_a_wide_limit_is_no_limit_on_a_required_purpose_alone(
    as_acme: Api, met: Relationship
) -> None:
    said = tell(as_acme, "limit", scope={"channel": "email"}, limit={"max": 1, "per": "day"})
    assert said.status_code == 201


def test_a_choice_without_effect_of_before_can_be_taken_back(
    as_acme: Api, met: Relationship
) -> None:
    for scope in ({"purpose": "service"}, {"purpose": "profiling", "channel": "email"}):
        assert tell(as_acme, "clear", scope=scope).status_code == 201


def test_a_yes_needs_evidence(as_acme: Api, met: Relationship) -> None:
    body = {"contact": {"email": EMAIL}, "scope": SCOPE, "decision": "grant"}
    assert refusal(as_acme.post("choices", body)) == (422, "no_evidence", "evidence")
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("made_at", ["1900-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_word_of_long_ago_is_recorded(made_at: str, as_acme: Api, met: Relationship) -> None:
    assert tell(as_acme, "deny", made_at=made_at).status_code == 201
    assert as_acme.post("check", {"contact": {"email": EMAIL}} | SCOPE).status_code == 200


def test_without_a_relationship_a_member_and_a_stranger_are_alike(
    as_rival: Api, met: Relationship
) -> None:
    answers = [tell(as_rival, "deny"), tell(as_rival, "deny", BEN)]
    answers.append(tell(as_rival, "deny", {"ref": "no-7"}))
    assert [refusal(answer) for answer in answers] == [(404, "no_relationship", "contact")] * 3
    assert len({str(answer.json() | {"request_id": ""}) for answer in answers}) == 1
    assert not LedgerEntry.objects.exists()


def test_after_the_end_nothing_is_taken(as_acme: Api, as_ana: Api, met: Relationship) -> None:
    as_ana.delete("me/relationships/acme")
    assert tell(as_acme, "grant").status_code == 404
