"""POST /check: may this brand reach this person now? Nothing else is revealed."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from brands.models import Brand, Purpose, Topic
from cmr.accounts import ownership
from cmr.choices import choose
from cmr.models import Consumer
from consent.brand_events.entry_ids import build_entry_id
from consent.decision.resolution import Limit, Scope
from consent.ledger.recording import Actor
from consent.models import Identifier, Relationship
from consent.relationships import lifecycle
from tests.conftest import EMAIL, Api
from tests.factories import open_account, post_check, record_choice

AS_OF = re.compile(rb'"as_of":"[^"]*"')
PHONE = "+4915112345678"


def read_decision(api: Api, contact: dict[str, Any] | None = None, **question: Any) -> Any:
    answer = post_check(api, contact, **question)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def decide(ana: Consumer, met: Relationship) -> Any:
    """Ana says something; the scope is of acme unless told otherwise."""

    def record(decision: Any, *, brand: int | None = met.brand_id, **parts: Any) -> str:
        names = ("purpose", "channel", "topic", "contact_point")
        scope = Scope(brand, **{name: parts.pop(name) for name in names if name in parts})
        entry = record_choice(ana, decision, scope, by=Actor("api"), **parts)
        return str(entry.id)

    return record


# -- The answer -----------------------------------------------------------------------------------


def test_check_without_choice_returns_default(as_acme: Api, met: Relationship) -> None:
    decision = read_decision(as_acme)
    assert abs(datetime.fromisoformat(decision.pop("as_of")) - timezone.now()) < timedelta(
        minutes=1
    )
    assert decision == {
        "allowed": False,
        "rule": "default_opt_in",
        "because": None,
        "valid_until": None,
        "not_before": None,
        "remaining": None,
        "limit": None,
    }


def test_check_after_denial_names_deciding_entry(
    as_acme: Api, met: Relationship, decide: Any
) -> None:
    entry = str(build_entry_id(uuid.UUID(decide("deny", purpose="marketing")), met.pk))
    decision = read_decision(as_acme)
    assert (decision["allowed"], decision["rule"]) == (False, "person_denied")
    because = decision["because"]
    assert (because["entry"], because["decision"], because["maker"]) == (entry, "deny", "person")
    assert because["scope"] == {
        "brand": "acme",
        "purpose": "marketing",
        "channel": None,
        "topic": None,
        "contact_point": None,
    }


def test_check_after_wide_denial_shows_scope_of_brand(as_acme: Api, decide: Any) -> None:
    """What the person said to others is not for the brand to know."""
    decide("deny", brand=None)
    scope = read_decision(as_acme)["because"]["scope"]
    assert scope.pop("brand") == "acme"
    assert set(scope.values()) == {None}


def test_check_rounds_time_of_choice_to_hour(as_acme: Api, decide: Any) -> None:
    decide("deny")
    made_at = datetime.fromisoformat(read_decision(as_acme)["because"]["made_at"])
    assert (made_at.minute, made_at.second, made_at.microsecond) == (0, 0, 0)
    assert timedelta(0) <= timezone.now() - made_at < timedelta(hours=1, minutes=1)


def test_check_paused_returns_end(as_acme: Api, decide: Any) -> None:
    until = timezone.now() + timedelta(days=3)
    decide("grant", purpose="marketing")
    decide("pause", purpose="marketing", until=until)
    decision = read_decision(as_acme)
    assert (decision["allowed"], decision["rule"]) == (False, "person_paused")
    assert datetime.fromisoformat(decision["valid_until"]) == until


def test_check_expiring_grant_returns_valid_until(as_acme: Api, decide: Any) -> None:
    end = timezone.now() + timedelta(days=3)
    decide("grant", purpose="marketing", expires_at=end)
    decision = read_decision(as_acme)
    assert (decision["allowed"], decision["rule"]) == (True, "person_granted")
    assert datetime.fromisoformat(decision["valid_until"]) == end


def test_check_several_limits_returns_tightest(as_acme: Api, decide: Any) -> None:
    decide("grant", purpose="marketing")
    decide("limit", purpose="marketing", limit=Limit(1, "day"))
    decide("limit", purpose="marketing", channel="email", limit=Limit(2, "week"))
    assert read_decision(as_acme)["limit"] == {"max": 2, "per": "week"}
    assert read_decision(as_acme, channel="sms")["limit"] == {"max": 1, "per": "day"}


# -- The rule, through the door -------------------------------------------------------------------


def test_check_required_purpose_after_denial_is_allowed(as_acme: Api, decide: Any) -> None:
    decide("deny")
    decide("deny", brand=None)
    decision = read_decision(as_acme, purpose="service")
    assert (decision["allowed"], decision["rule"]) == (True, "required")


def test_check_required_purpose_without_relationship_is_refused(as_rival: Api, decide: Any) -> None:
    assert read_decision(as_rival, purpose="service")["rule"] == "no_relationship"


def test_check_new_topic_after_brand_denial_is_denied(
    as_acme: Api, acme: Brand, decide: Any
) -> None:
    decide("grant", purpose="marketing")
    decide("deny")
    Topic.objects.create(brand=acme, code="new", name="New", purpose_id="marketing")
    Purpose.objects.create(code="new", regime="opt_out", has_channels=True, position=99)
    assert read_decision(as_acme, topic="new")["rule"] == "person_denied"
    assert read_decision(as_acme, purpose="new")["rule"] == "person_denied"


def test_check_wide_grant_after_narrow_denial_is_denied(as_acme: Api, decide: Any) -> None:
    decide("deny", purpose="marketing", channel="email")
    decide("grant", purpose="marketing")
    decide("grant")
    assert read_decision(as_acme)["rule"] == "person_denied"
    assert read_decision(as_acme, channel="sms")["allowed"] is True


def test_check_narrow_grant_after_wide_denial_allows_its_scope(as_acme: Api, decide: Any) -> None:
    decide("deny")
    decide("grant", purpose="marketing", channel="email")
    assert read_decision(as_acme)["allowed"] is True
    assert read_decision(as_acme, channel="sms")["allowed"] is False


def test_check_wide_denial_after_narrow_grant_is_denied(as_acme: Api, decide: Any) -> None:
    decide("grant", purpose="marketing", channel="email")
    decide("deny", brand=None)
    assert read_decision(as_acme)["rule"] == "person_denied"


def test_check_without_channel_is_refused(as_acme: Api, decide: Any) -> None:
    decide("grant")
    decide("deny", purpose="marketing", channel="email")
    for answer in (
        post_check(as_acme, channel=None),
        post_check(as_acme, {"ref": "unknown"}, channel=None),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "channel_needed")
        assert answer.json()["field"] == "channel"
    assert read_decision(as_acme, purpose="profiling", channel=None)["allowed"] is True


def test_check_denial_of_other_address_is_allowed(
    as_acme: Api, acme: Brand, ana: Consumer, met: Relationship, decide: Any
) -> None:
    now = timezone.now()
    phone = ownership.add_contact(ana, kind="phone", value=PHONE, now=now)
    decide("grant", purpose="marketing")
    decide("deny", contact_point=phone.identifier_id)
    assert read_decision(as_acme)["allowed"] is True
    assert read_decision(as_acme, {"phone": PHONE}, channel="sms")["rule"] == "no_relationship"
    choose.add_brand(ana, acme, by="api", now=now, points=[phone])
    decision = read_decision(as_acme, {"phone": PHONE}, channel="sms")
    assert decision["rule"] == "person_denied"
    assert decision["because"]["scope"]["contact_point"] is None  # it knows this one alone


def test_check_by_reference_honours_denial_of_address(
    as_acme: Api, ana: Consumer, met: Relationship, decide: Any
) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    decide("grant", purpose="marketing", channel="email")
    point = ana.contact_points.get().identifier_id
    decide("deny", purpose="marketing", channel="email", contact_point=point)
    assert read_decision(as_acme)["allowed"] is False
    assert read_decision(as_acme, {"ref": "no-7"})["allowed"] is False  # she has no other address


def test_check_by_reference_uses_address_given_with_it(
    as_acme: Api, ana: Consumer, met: Relationship, decide: Any
) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    point, end = ana.contact_points.get().identifier_id, timezone.now() + timedelta(days=3)
    decide("grant", purpose="marketing", expires_at=end)
    decide("grant", purpose="marketing", contact_point=point)
    decide("limit", purpose="marketing", contact_point=point, limit=Limit(1, "day"))
    decision = read_decision(as_acme, {"ref": "no-7"})
    assert decision["allowed"] is True
    assert decision["limit"] == {"max": 1, "per": "day"}
    assert decision["valid_until"] is None  # the yes to this address goes on
    assert decision | {"as_of": None} == read_decision(as_acme) | {"as_of": None}


# -- Ways to point at a person ------------------------------------------------------------------


@pytest.mark.parametrize(
    "contact",
    [
        {"email": "ANA@EXAMPLE.ORG"},
        {"email": "  ana@example.org\t"},
        {"email": "Ana@Example.Org"},
        {"sha256": hashlib.sha256(EMAIL.encode()).hexdigest()},
        {"sha256": hashlib.sha256(EMAIL.encode()).hexdigest().upper()},
        {"ref": "no-7"},
    ],
)
def test_check_by_any_identifier_finds_same_person(
    contact: dict[str, str], as_acme: Api, met: Relationship
) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    assert read_decision(as_acme, contact)["rule"] == "default_opt_in"


@pytest.mark.parametrize(
    ("registered", "asked"),
    [
        ({"email": "ana@bücher.example"}, {"email": "ana@xn--bcher-kva.example"}),
        ({"email": "ana@xn--bcher-kva.example"}, {"email": "ANA@BÜCHER.example"}),
        ({"email": "zoë@example.org"}, {"email": "zoe\u0308@example.org"}),
        ({"phone": PHONE}, {"phone": "+49 151 1234 5678"}),
        ({"phone": "+49 (0)151-12345678"}, {"phone": PHONE}),
        ({"phone": PHONE}, {"sha256": hashlib.sha256(PHONE.encode()).hexdigest()}),
        ({"sha256": hashlib.sha256(b"ben@example.org").hexdigest()}, {"email": "Ben@example.org"}),
    ],
)
def test_check_other_spelling_finds_same_person(
    registered: dict[str, str], asked: dict[str, str], as_acme: Api
) -> None:
    body = {"contact": registered, "note": "Signed up in the shop."}
    assert as_acme.post("relationships", body).status_code == 201
    assert read_decision(as_acme, asked)["rule"] == "default_opt_in"


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        ({"email": EMAIL, "phone": PHONE}, "one"),
        ({}, "one"),
        ({"email": EMAIL, "name": "Ana"}, "unknown_field"),
        ({"email": None}, "null"),
        ({"email": ""}, "blank"),
        ({"email": "ana"}, "invalid_contact"),
        ({"email": "ana@"}, "invalid_contact"),
        ({"email": "ana@example..org"}, "invalid_contact"),
        ({"email": "a" * 310 + "@example.org"}, "max_length"),
        ({"email": "ana\0@example.org"}, "null_characters_not_allowed"),
        ({"email": "ana@example.org\r\nBcc: x@example.org"}, "invalid_contact"),
        ({"email": {"address": EMAIL}}, "invalid"),
        ({"email": True}, "invalid"),
        ({"phone": "0151 12345678"}, "invalid_contact"),
        ({"phone": "+49"}, "invalid_contact"),
        ({"phone": "call me"}, "invalid_contact"),
        ({"sha256": "abc"}, "invalid_contact"),
        ({"sha256": "zz" * 32}, "invalid_contact"),
        ({"sha256": "ab cd" * 12 + "abcd"}, "invalid_contact"),
        ("ana@example.org", "invalid"),
        ([EMAIL], "invalid"),
        (5, "invalid"),
    ],
)
def test_check_invalid_contact_is_refused(
    contact: Any, code: str, as_acme: Api, met: Relationship
) -> None:
    body = {"contact": contact, "purpose": "marketing", "channel": "email"}
    answer = as_acme.post("check", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.content


def test_check_error_does_not_contain_address(as_acme: Api) -> None:
    answer = post_check(as_acme, {"email": "ana@@example.org"})
    assert answer.status_code == 422
    assert b"ana@" not in answer.content


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"purpose": "selling"}, "unknown_purpose"),
        ({"purpose": "MARKETING"}, "unknown_purpose"),
        ({"channel": "telex"}, "unknown_channel"),
        ({"topic": "no-such"}, "unknown_topic"),
        ({"topic": "weekly-offers", "purpose": "research"}, "unknown_topic"),
        ({"topic": "rivals-own"}, "unknown_topic"),
    ],
)
@pytest.mark.parametrize("email", [EMAIL, "unknown@example.org"])
@pytest.mark.usefixtures("met", "offers", "rivals_topic")
def test_check_unknown_name_is_refused(
    email: str, question: dict[str, str], code: str, as_acme: Api
) -> None:
    asked: dict[str, Any] = dict(question)
    answer = post_check(as_acme, {"email": email}, **asked)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"] == code.removeprefix("unknown_")


@pytest.mark.parametrize(
    "question", [{"purpose": None}, {"purpose": ""}, {"purpose": "a\0"}, {"as": 1}, {"topic": []}]
)
def test_check_invalid_question_is_refused(question: dict[str, Any], as_acme: Api) -> None:
    assert post_check(as_acme, **question).status_code == 422


# -- Nothing is let out ---------------------------------------------------------------------------


def bare(answers: Sequence[Any]) -> set[bytes]:
    """The distinct answers, byte for byte, without their moment."""
    assert all(len(AS_OF.findall(answer.content)) == 1 for answer in answers)
    return {AS_OF.sub(b"", answer.content) for answer in answers}


def test_check_unknown_and_unrelated_get_identical_answers(
    as_rival: Api, rival: Brand, decide: Any, now: datetime
) -> None:
    decide("deny", brand=None)
    decide("grant", brand=rival.pk)
    ended = open_account("ben@example.org", now=now)
    begun, _ = lifecycle.start_relationship(ended.subject_id, rival, by=Actor("api"), now=now)
    lifecycle.end_relationship(begun, by=Actor("api"), now=now)
    asked = [EMAIL, "ben@example.org", "unknown@example.org"]
    answers = [post_check(as_rival, {"email": email}) for email in asked]
    answers.append(post_check(as_rival, {"ref": "unknown"}))
    answers.append(post_check(as_rival, {"sha256": hashlib.sha256(EMAIL.encode()).hexdigest()}))
    assert {answer.status_code for answer in answers} == {200}
    assert len(bare(answers)) == 1
    own = {"X-Request-Id", "RateLimit"}  # the call's, whatever it asked
    headers = [{k: v for k, v in a.headers.items() if k not in own} for a in answers]
    assert all(each == headers[0] for each in headers)


def test_check_by_reference_of_other_brand_is_no_relationship(
    as_rival: Api, rival: Brand, met: Relationship
) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    assert read_decision(as_rival, {"ref": "no-7"})["rule"] == "no_relationship"


def test_check_unknown_person_stores_nothing(as_acme: Api) -> None:
    post_check(as_acme, {"email": "unknown@example.org"})
    assert not Identifier.objects.exists()


@pytest.mark.parametrize("email", [EMAIL, "unknown@example.org"])
def test_check_costs_one_query(
    email: str, as_acme: Api, decide: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for channel in ("email", "sms", "push"):
        decide("deny", purpose="marketing", channel=channel)
    with django_assert_num_queries(1):
        assert read_decision(as_acme, {"email": email})["allowed"] is False


def test_check_with_and_without_account_get_same_answer(
    as_acme: Api, acme: Brand, ana: Consumer
) -> None:
    """An address with an account and one without, neither with anything to acme: alike."""
    answers = [
        as_acme.post(
            "check", {"contact": {"email": each}, "purpose": "marketing", "channel": "email"}
        ).json()
        for each in ("ana@example.org", "nobody@example.org")
    ]
    assert {**answers[0], "as_of": ""} == {**answers[1], "as_of": ""}
