"""The default without a choice: by purpose, channel and jurisdiction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from brands.models import Brand, Event, JurisdictionRegime, Purpose
from cmr.models import Consumer
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Question, Regime, Scope
from consent.identity.identifiers import Contact
from consent.ledger.recording import Actor
from consent.models import Relationship, Subject
from consent.propagation import expirations
from consent.relationships import lifecycle
from consent.rules import regimes
from tests.conftest import EMAIL, Api
from tests.consent.api.test_batches import without_time
from tests.consent.api.test_check import bare
from tests.factories import post_check, record_choice
from tests.trying import tries

ABOUT = {"purpose": "marketing", "channel": "email"}
PLACES = [None, "US", "US-CA", "US-NY", "DE", "GB-ENG"]


def rule(api: Api, email: str = EMAIL, **question: Any) -> str:
    answer = post_check(api, {"email": email}, **question)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["rule"])


def lives(person: Consumer, place: str | None) -> None:
    Subject.objects.filter(pk=person.subject_id).update(jurisdiction=place)


@pytest.fixture
def said_to_live(met: Relationship) -> Any:
    """The brand's word on where Ana lives."""

    def say(place: str | None) -> None:
        Relationship.objects.filter(pk=met.pk).update(jurisdiction=place)

    return say


# -- Which one holds ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "purpose", "channel", "regime"),
    [
        (None, "marketing", "email", "opt_in"),
        ("US", "marketing", "email", "opt_out"),
        ("US-NY", "marketing", "email", "opt_out"),
        ("US", "marketing", "post", "opt_out"),
        ("US", "marketing", "sms", "opt_in"),
        ("US-CA", "marketing", "voice", "opt_in"),
        ("US", "sale_or_sharing", None, "opt_in"),
        ("US-CA", "sale_or_sharing", None, "opt_out"),
        ("US-CA", "personalised_ads", None, "opt_out"),
        ("US-CA", "profiling", None, "opt_out"),
        ("US-CA", "ai_training", None, "opt_in"),
        ("DE", "marketing", "email", "opt_in"),
        ("DE-BY", "marketing", "post", "opt_out"),
        ("CA", "marketing", "email", "opt_in"),
    ],
)
@pytest.mark.usefixtures("met")
def test_check_seeded_regimes_decide_by_place(
    place: str | None,
    purpose: str,
    channel: str | None,
    regime: str,
    as_acme: Api,
) -> None:
    lives(Consumer.objects.get(), place)
    assert rule(as_acme, purpose=purpose, channel=channel) == f"default_{regime}"


#: A part before the whole, then a named channel before any.
LADDER: list[tuple[str, str | None]] = [
    ("US-CA", "email"),
    ("US-CA", None),
    ("US", "email"),
    ("US", None),
]


@pytest.mark.parametrize("removed", range(len(LADDER) + 1))
@pytest.mark.parametrize("deciding", ["opt_in", "opt_out"])
def test_check_narrowest_regime_decides(
    removed: int, deciding: str, as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    """Of the rungs that are left the first says otherwise than all the others."""
    other = {"opt_in": "opt_out", "opt_out": "opt_in"}[deciding]
    Purpose.objects.filter(code="marketing").update(regime=deciding)
    JurisdictionRegime.objects.all().delete()
    for place, channel in [*LADDER, ("US", "sms"), ("DE", None), ("US-NY", "email")]:
        add(place, channel, other)
    for place, channel in LADDER[:removed]:
        JurisdictionRegime.objects.filter(jurisdiction=place, channel=channel).delete()
    for place, channel in LADDER[removed : removed + 1]:
        JurisdictionRegime.objects.filter(jurisdiction=place, channel=channel).update(
            regime=deciding
        )
    lives(ana, "US-CA")
    assert rule(as_acme) == f"default_{deciding}"


def add(place: str, channel: str | None, regime: str, purpose: str = "marketing") -> None:
    JurisdictionRegime.objects.create(
        jurisdiction=place, purpose_id=purpose, channel=channel, regime=regime, law="a law"
    )


@tries(10)
@given(st.data())
def test_regime_query_equals_code(ana: Consumer, met: Relationship, data: st.DataObject) -> None:
    purposes, channels = ["marketing", "profiling", "service"], ["email", "post", None]
    row = st.tuples(
        st.sampled_from([p for p in PLACES if p]),
        st.sampled_from(purposes),
        st.sampled_from(channels),
    )
    with transaction.atomic():
        JurisdictionRegime.objects.all().delete()
        for place, purpose, channel in data.draw(st.sets(row)):
            add(place, channel, data.draw(st.sampled_from(["opt_in", "opt_out"])), purpose)
        base: Regime = data.draw(st.sampled_from(["opt_in", "opt_out"]))
        Purpose.objects.filter(code__in=purposes[:2]).update(regime=base)
        for own, theirs in product(PLACES, [None, "US-CA", "DE"]):
            lives(ana, own)
            Relationship.objects.filter(pk=met.pk).update(jurisdiction=theirs)
            for asked in questions(met.brand_id, base):
                assert answered(asked) == regimes.read_regimes_by_place(asked)(own or theirs), (
                    own,
                    theirs,
                )
        transaction.set_rollback(True)


def questions(brand_id: int, base: Regime) -> Iterator[Question]:
    for channel in ("email", "post", "sms"):
        yield Question(Scope(brand_id, "marketing", channel), base)
        yield Question(Scope(brand_id, "service", channel), "required")
    yield Question(Scope(brand_id, "profiling"), base)


def answered(asked: Question) -> Regime:
    scope = asked.scope
    assert scope.brand and scope.purpose
    contact = Contact(email=EMAIL)
    found = single.read_contact(Asked(scope.brand, contact, scope.purpose, scope.channel))
    return found.question.regime


def test_check_choice_precedes_regime(
    as_acme: Api, as_ana: Api, ana: Consumer, met: Relationship
) -> None:
    lives(ana, "US")
    as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "deny"})
    assert rule(as_acme) == "person_denied"
    as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "clear"})
    assert rule(as_acme) == "default_opt_out"


def test_check_required_purpose_is_required_everywhere(
    as_acme: Api, as_ana: Api, ana: Consumer, met: Relationship
) -> None:
    add("DE", None, "opt_in", "service")
    lives(ana, "DE")
    assert rule(as_acme, purpose="service") == "required"
    shown = {p["code"]: p for p in as_acme.get("brand/purposes").json()["data"]}
    assert (shown["service"]["regime"], shown["service"]["regimes"]) == ("required", [])
    refused = as_ana.post("me/choices", {"scope": {"purpose": "service"}, "decision": "deny"})
    assert refused.json()["code"] == "cannot_be_refused"


# -- Where the person lives -----------------------------------------------------------------------


def test_check_place_given_by_person_precedes_brand(
    as_acme: Api, as_ana: Api, met: Relationship, said_to_live: Any
) -> None:
    said_to_live("US")
    assert rule(as_acme) == "default_opt_out"
    as_ana.patch("me", {"jurisdiction": "DE"})
    assert rule(as_acme) == "default_opt_in"
    as_ana.patch("me", {"jurisdiction": None})
    assert rule(as_acme) == "default_opt_out"
    said_to_live("DE")
    as_ana.patch("me", {"jurisdiction": "US-CA"})
    assert rule(as_acme) == "default_opt_out"


def test_check_place_given_by_brand_is_its_own(
    as_acme: Api, as_rival: Api, as_ana: Api, rival: Brand, said_to_live: Any
) -> None:
    said_to_live("US")
    as_ana.post("me/relationships", {"brand": "rival"})
    assert (rule(as_acme), rule(as_rival)) == ("default_opt_out", "default_opt_in")


def test_register_with_place_shows_it_to_person(as_acme: Api, as_ana: Api) -> None:
    body = {"contact": {"email": EMAIL}, "ref": "no-7", "note": "Bought a bicycle."}
    assert as_acme.post("relationships", body | {"jurisdiction": "US-CA"}).status_code == 201
    assert as_ana.get("me/relationships/acme").json()["jurisdiction"] == "US-CA"
    assert rule(as_acme, purpose="profiling", channel=None) == "default_opt_out"
    assert as_acme.post("relationships", body).status_code == 200  # says nothing new
    assert as_ana.get("me/relationships").json()["data"][0]["jurisdiction"] == "US-CA"
    assert as_acme.post("relationships", body | {"jurisdiction": "DE"}).status_code == 200
    assert as_ana.get("me/relationships/acme").json()["jurisdiction"] == "DE"
    assert rule(as_acme, purpose="profiling", channel=None) == "default_opt_in"
    assert as_ana.get("me").json()["jurisdiction"] is None
    assert Relationship.objects.get(brand__slug="acme").ref == "no-7"


def test_relationship_shows_default_permissions_by_place(
    as_ana: Api, met: Relationship, said_to_live: Any
) -> None:
    def may() -> set[tuple[str, str | None]]:
        shown = as_ana.get("me/relationships/acme").json()["permissions"]
        return {(p["purpose"], p["channel"]) for p in shown if p["rule"] == "default_opt_out"}

    assert may() == set()
    said_to_live("US-CA")
    uses = {("sale_or_sharing", None), ("personalised_ads", None), ("profiling", None)}
    assert may() == {("marketing", "email"), ("marketing", "post")} | uses
    as_ana.patch("me", {"jurisdiction": "US"})
    assert may() == {("marketing", "email"), ("marketing", "post")}
    page = as_ana.client
    assert page.login(email=EMAIL, password="only-ana-knows-it")
    home = page.get("/").content
    assert b"E-mail: marketing." in home and b"Letters: marketing." in home


def test_relationships_cost_no_query_per_brand(
    as_ana: Api, ana: Consumer, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(20):
        brand = Brand.objects.create(slug=f"b{n}", name=f"B {n}")
        lifecycle.start_relationship(ana.subject_id, brand, by=Actor("api"), now=now)
    lives(ana, "US-CA")
    with django_assert_num_queries(
        10
    ):  # token, page in three, permissions in five, who is connected
        assert len(as_ana.get("me/relationships").json()["data"]) == 20


def test_place_given_by_person_is_hidden_from_brand(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    as_ana.patch("me", {"jurisdiction": "US-CA"})
    body = {"contact": {"email": EMAIL}, "note": "Bought a bicycle.", "jurisdiction": "DE"}
    answers = [
        as_acme.post("relationships", body),
        post_check(as_acme),
        post_check(as_acme, as_of=timezone.now().isoformat()),
        as_acme.post("checks", {"contacts": [{"email": EMAIL}], **ABOUT}),
        as_acme.get("events", after=0),
    ]
    assert all(answer.status_code < 300 for answer in answers)
    assert not any(b"US-CA" in answer.content for answer in answers)
    assert not any(b"US-CA" in bytes(event.body) for event in Event.objects.all())


def test_check_unknown_and_unrelated_with_place_get_identical_answers(
    as_rival: Api, ana: Consumer, met: Relationship, said_to_live: Any
) -> None:
    lives(ana, "US-CA")
    said_to_live("US")
    asked = [EMAIL, "unknown@example.org"]
    for question in ({}, {"purpose": "profiling", "channel": None}):
        assert len(bare([post_check(as_rival, {"email": e}, **question) for e in asked])) == 1
        contacts = [{"email": email} for email in asked]
        body = {"contacts": contacts, **ABOUT, **question}
        one, other = as_rival.post("checks", body).json()["data"]
        assert without_time(one) == without_time(other)


@pytest.mark.parametrize("email", [EMAIL, "unknown@example.org"])
def test_check_with_place_costs_one_query(
    email: str,
    as_acme: Api,
    ana: Consumer,
    met: Relationship,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    lives(ana, "US-CA")
    with django_assert_num_queries(1):
        post_check(as_acme, {"email": email})


# -- Everywhere the same --------------------------------------------------------------------------


def test_reserve_follows_regime_of_place(as_acme: Api, as_ana: Api, met: Relationship) -> None:
    body = {"contact": {"email": EMAIL}, **ABOUT}
    assert as_acme.post("sends/reserve", body).json()["reserved"] is False
    as_ana.patch("me", {"jurisdiction": "US"})
    assert as_acme.post("sends/reserve", body).json()["reserved"] is True


def test_as_of_unknown_past_place_uses_current(
    as_acme: Api, as_ana: Api, ana: Consumer, met: Relationship
) -> None:
    moment = timezone.now().isoformat()
    assert rule(as_acme, as_of=moment) == "default_opt_in"
    lives(ana, "US")
    assert rule(as_acme, as_of=moment) == "default_opt_out"
    as_ana.delete("me/relationships/acme")
    assert rule(as_acme, as_of=moment) == "default_opt_out"
    assert rule(as_acme) == "no_relationship"


def test_expiration_decision_follows_regime_of_place(
    as_acme: Api, ana: Consumer, met: Relationship, said_to_live: Any
) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    for place in ("DE", "US"):
        said_to_live(place)
        record_choice(
            ana,
            "pause",
            Scope(met.brand_id, "marketing", "email"),
            by=Actor("api"),
            now=now,
            until=now + timedelta(hours=1),
        )
        now += timedelta(hours=2)
        expirations.tell_due_endings(now)
        told = as_acme.get("events", after=0).json()["data"][-1]
        assert told["type"] == "preference.pause_ended"
        regime = {"DE": "opt_in", "US": "opt_out"}[place]
        assert told["data"]["now"] == {
            "allowed": regime == "opt_out",
            "rule": f"default_{regime}",
        }


# -- What the database refuses --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "constraint"),
    [
        (Subject, "subject_jurisdiction_has_its_form"),
        (Relationship, "relationship_jurisdiction_has_its_form"),
        (JurisdictionRegime, "jurisdiction_regime_jurisdiction_has_its_form"),
    ],
)
@pytest.mark.parametrize("place", ["", "us", "U", "US-", "US_CA"])
def test_jurisdiction_malformed_is_refused_by_database(
    model: Any, constraint: str, place: str, ana: Consumer, met: Relationship
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        model.objects.all().update(jurisdiction=place)
