"""May this brand reach this person now? And nothing beyond that is let out."""

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
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import Identifier, Relationship
from consent.relationships import lifecycle
from tests.conftest import EMAIL, Api

AS_OF = re.compile(rb'"as_of":"[^"]*"')
PHONE = "+4915112345678"


def ask(api: Api, contact: dict[str, Any] | None = None, **question: Any) -> Any:
    asked = {"contact": contact or {"email": EMAIL}, "purpose": "marketing", "channel": "email"}
    return api.post("check", asked | question)


def answer_to(api: Api, contact: dict[str, Any] | None = None, **question: Any) -> Any:
    answer = ask(api, contact, **question)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def say(ana: Consumer, met: Relationship) -> Any:
    """Ana says something; the scope is of acme unless told otherwise."""

    def record(decision: Any, *, brand: int | None = met.brand_id, **parts: Any) -> str:
        names = ("purpose", "channel", "topic", "contact_point")
        scope = Scope(brand, **{name: parts.pop(name) for name in names if name in parts})
        choice = NewChoice(scope, decision, **parts)
        entry = recording.record_choices(
            ana.subject_id, [choice], by=Actor("api"), now=timezone.now()
        )[0]
        return str(entry.id)

    return record


@pytest.fixture
def rivals_topic(rival: Brand) -> Topic:
    return Topic.objects.create(brand=rival, code="rivals-own", name="Own", purpose_id="marketing")


# -- The answer -----------------------------------------------------------------------------------


def test_a_default(as_acme: Api, met: Relationship) -> None:
    decision = answer_to(as_acme)
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


def test_a_no_names_the_entry_that_decided(as_acme: Api, met: Relationship, say: Any) -> None:
    entry = str(build_entry_id(uuid.UUID(say("deny", purpose="marketing")), met.pk))
    decision = answer_to(as_acme)
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


def test_a_wide_no_reads_as_one_to_the_brand(as_acme: Api, say: Any) -> None:
    """What the person said to others is not for the brand to know."""
    say("deny", brand=None)
    scope = answer_to(as_acme)["because"]["scope"]
    assert scope.pop("brand") == "acme"
    assert set(scope.values()) == {None}


def test_of_what_the_person_said_the_hour_is_told(as_acme: Api, say: Any) -> None:
    say("deny")
    made_at = datetime.fromisoformat(answer_to(as_acme)["because"]["made_at"])
    assert (made_at.minute, made_at.second, made_at.microsecond) == (0, 0, 0)
    assert timedelta(0) <= timezone.now() - made_at < timedelta(hours=1, minutes=1)


def test_a_pause_says_when_it_ends(as_acme: Api, say: Any) -> None:
    until = timezone.now() + timedelta(days=3)
    say("grant", purpose="marketing")
    say("pause", purpose="marketing", until=until)
    decision = answer_to(as_acme)
    assert (decision["allowed"], decision["rule"]) == (False, "person_paused")
    assert datetime.fromisoformat(decision["valid_until"]) == until


def test_a_yes_that_runs_out_says_when(as_acme: Api, say: Any) -> None:
    end = timezone.now() + timedelta(days=3)
    say("grant", purpose="marketing", expires_at=end)
    decision = answer_to(as_acme)
    assert (decision["allowed"], decision["rule"]) == (True, "person_granted")
    assert datetime.fromisoformat(decision["valid_until"]) == end


def test_the_tightest_limit_is_shown(as_acme: Api, say: Any) -> None:
    say("grant", purpose="marketing")
    say("limit", purpose="marketing", limit=Limit(1, "day"))
    say("limit", purpose="marketing", channel="email", limit=Limit(2, "week"))
    assert answer_to(as_acme)["limit"] == {"max": 2, "per": "week"}
    assert answer_to(as_acme, channel="sms")["limit"] == {"max": 1, "per": "day"}


# -- The rule, through the door -------------------------------------------------------------------


def test_a_required_purpose_is_allowed_whatever_was_said(as_acme: Api, say: Any) -> None:
    say("deny")
    say("deny", brand=None)
    decision = answer_to(as_acme, purpose="service")
    assert (decision["allowed"], decision["rule"]) == (True, "required")


def test_a_required_purpose_needs_a_relationship_all_the_same(as_rival: Api, say: Any) -> None:
    assert answer_to(as_rival, purpose="service")["rule"] == "no_relationship"


def test_a_topic_made_after_nothing_from_this_brand_starts_at_no(
    as_acme: Api, acme: Brand, say: Any
) -> None:
    say("grant", purpose="marketing")
    say("deny")
    Topic.objects.create(brand=acme, code="new", name="New", purpose_id="marketing")
    Purpose.objects.create(code="new", regime="opt_out", has_channels=True, position=99)
    assert answer_to(as_acme, topic="new")["rule"] == "person_denied"
    assert answer_to(as_acme, purpose="new")["rule"] == "person_denied"


def test_a_wide_yes_never_lifts_a_narrow_no(as_acme: Api, say: Any) -> None:
    say("deny", purpose="marketing", channel="email")
    say("grant", purpose="marketing")
    say("grant")
    assert answer_to(as_acme)["rule"] == "person_denied"
    assert answer_to(as_acme, channel="sms")["allowed"] is True


def test_a_narrow_yes_lifts_a_wide_no_there_only(as_acme: Api, say: Any) -> None:
    say("deny")
    say("grant", purpose="marketing", channel="email")
    assert answer_to(as_acme)["allowed"] is True
    assert answer_to(as_acme, channel="sms")["allowed"] is False


def test_a_wide_no_beats_every_older_narrow_yes(as_acme: Api, say: Any) -> None:
    say("grant", purpose="marketing", channel="email")
    say("deny", brand=None)
    assert answer_to(as_acme)["rule"] == "person_denied"


def test_a_message_is_asked_about_with_its_channel(as_acme: Api, say: Any) -> None:
    say("grant")
    say("deny", purpose="marketing", channel="email")
    for answer in (ask(as_acme, channel=None), ask(as_acme, {"ref": "unknown"}, channel=None)):
        assert (answer.status_code, answer.json()["code"]) == (422, "channel_needed")
        assert answer.json()["field"] == "channel"
    assert answer_to(as_acme, purpose="profiling", channel=None)["allowed"] is True


def test_a_no_on_one_address_holds_for_that_address_only(
    as_acme: Api, acme: Brand, ana: Consumer, met: Relationship, say: Any
) -> None:
    now = timezone.now()
    phone = ownership.add_contact(ana, kind="phone", value=PHONE, now=now)
    say("grant", purpose="marketing")
    say("deny", contact_point=phone.identifier_id)
    assert answer_to(as_acme)["allowed"] is True
    assert answer_to(as_acme, {"phone": PHONE}, channel="sms")["rule"] == "no_relationship"
    choose.add_brand(ana, acme, by="api", now=now, points=[phone])
    decision = answer_to(as_acme, {"phone": PHONE}, channel="sms")
    assert decision["rule"] == "person_denied"
    assert decision["because"]["scope"]["contact_point"] is None  # it knows this one alone


def test_asked_by_reference_a_no_on_one_address_is_not_passed_over(
    as_acme: Api, ana: Consumer, met: Relationship, say: Any
) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    say("grant", purpose="marketing", channel="email")
    point = ana.contact_points.get().identifier_id
    say("deny", purpose="marketing", channel="email", contact_point=point)
    assert answer_to(as_acme)["allowed"] is False
    assert answer_to(as_acme, {"ref": "no-7"})["allowed"] is False  # she has no other address


def test_asked_by_reference_it_is_the_address_that_came_with_it(
    as_acme: Api, ana: Consumer, met: Relationship, say: Any
) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    point, end = ana.contact_points.get().identifier_id, timezone.now() + timedelta(days=3)
    say("grant", purpose="marketing", expires_at=end)
    say("grant", purpose="marketing", contact_point=point)
    say("limit", purpose="marketing", contact_point=point, limit=Limit(1, "day"))
    decision = answer_to(as_acme, {"ref": "no-7"})
    assert decision["allowed"] is True
    assert decision["limit"] == {"max": 1, "per": "day"}
    assert decision["valid_until"] is None  # the yes to this address goes on
    assert decision | {"as_of": None} == answer_to(as_acme) | {"as_of": None}


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
def test_every_way_leads_to_the_same_person(
    contact: dict[str, str], as_acme: Api, met: Relationship
) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    assert answer_to(as_acme, contact)["rule"] == "default_opt_in"


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
def test_two_spellings_are_one_person(
    registered: dict[str, str], asked: dict[str, str], as_acme: Api
) -> None:
    body = {"contact": registered, "note": "Signed up in the shop."}
    assert as_acme.post("relationships", body).status_code == 201
    assert answer_to(as_acme, asked)["rule"] == "default_opt_in"


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
def test_a_contact_that_is_wrong(contact: Any, code: str, as_acme: Api, met: Relationship) -> None:
    body = {"contact": contact, "purpose": "marketing", "channel": "email"}
    answer = as_acme.post("check", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.content


def test_an_error_does_not_repeat_the_address(as_acme: Api) -> None:
    answer = ask(as_acme, {"email": "ana@@example.org"})
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
def test_an_unknown_name_is_never_dropped(
    email: str, question: dict[str, str], code: str, as_acme: Api
) -> None:
    asked: dict[str, Any] = dict(question)
    answer = ask(as_acme, {"email": email}, **asked)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"] == code.removeprefix("unknown_")


@pytest.mark.parametrize(
    "question", [{"purpose": None}, {"purpose": ""}, {"purpose": "a\0"}, {"as": 1}, {"topic": []}]
)
def test_a_question_that_is_wrong(question: dict[str, Any], as_acme: Api) -> None:
    assert ask(as_acme, **question).status_code == 422


# -- Nothing is let out ---------------------------------------------------------------------------


def bare(answers: Sequence[Any]) -> set[bytes]:
    """The distinct answers, byte for byte, without their moment."""
    assert all(len(AS_OF.findall(answer.content)) == 1 for answer in answers)
    return {AS_OF.sub(b"", answer.content) for answer in answers}


def test_unknown_and_unrelated_are_alike_in_every_byte(
    as_rival: Api, rival: Brand, say: Any, now: datetime
) -> None:
    say("deny", brand=None)
    say("grant", brand=rival.pk)
    ended = ownership.open_account(email="ben@example.org", password=None, verified_at=now)
    begun, _ = lifecycle.start_relationship(ended.subject_id, rival, by=Actor("api"), now=now)
    lifecycle.end_relationship(begun, by=Actor("api"), now=now)
    asked = [EMAIL, "ben@example.org", "unknown@example.org"]
    answers = [ask(as_rival, {"email": email}) for email in asked]
    answers.append(ask(as_rival, {"ref": "unknown"}))
    answers.append(ask(as_rival, {"sha256": hashlib.sha256(EMAIL.encode()).hexdigest()}))
    assert {answer.status_code for answer in answers} == {200}
    assert len(bare(answers)) == 1
    own = {"X-Request-Id", "RateLimit"}  # the call's, whatever it asked
    headers = [{k: v for k, v in a.headers.items() if k not in own} for a in answers]
    assert all(each == headers[0] for each in headers)


def test_a_reference_is_one_brand_s_own(as_rival: Api, rival: Brand, met: Relationship) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    assert answer_to(as_rival, {"ref": "no-7"})["rule"] == "no_relationship"


def test_asking_about_a_stranger_remembers_nothing(as_acme: Api) -> None:
    ask(as_acme, {"email": "unknown@example.org"})
    assert not Identifier.objects.exists()


@pytest.mark.parametrize("email", [EMAIL, "unknown@example.org"])
def test_one_query_for_the_key_and_the_answer(
    email: str, as_acme: Api, say: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for channel in ("email", "sms", "push"):
        say("deny", purpose="marketing", channel=channel)
    with django_assert_num_queries(1):
        assert answer_to(as_acme, {"email": email})["allowed"] is False
