"""Defaults of many people at once equal those of each, wherever they live."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from brands.models import Brand
from cmr.choices import choose
from consent.decision.resolution import DecisionKind, Scope
from consent.ledger.recording import Actor
from consent.models import Relationship
from tests.conftest import Api
from tests.consent.api.test_batches import without_time
from tests.consent.rules.test_regimes import ABOUT, PLACES, lives
from tests.factories import open_account, record_choice

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def acme(module_transaction: None) -> Brand:
    return Brand.objects.create(slug="acme", name="Acme")


@pytest.fixture(scope="module")
def crowd(acme: Brand) -> list[str]:
    """The addresses of people who live in many places, by their own word or acme's."""
    said: list[DecisionKind | None] = [None, "deny", "grant"]
    places = list(product(PLACES, ["US", "DE", None], said))
    for n, (own, theirs, decision) in enumerate(places):
        person = open_account(f"p{n}@example.org", now=NOW)
        relationship, _ = choose.add_brand(person, acme, by="api", now=NOW)
        Relationship.objects.filter(pk=relationship.pk).update(ref=f"r{n}", jurisdiction=theirs)
        lives(person, own)
        if decision:
            record_choice(
                person, decision, Scope(acme.pk, "marketing", "sms"), by=Actor("api"), now=NOW
            )
    return [f"p{n}@example.org" for n in range(len(places))]


@pytest.mark.parametrize(
    "about",
    [
        ABOUT,
        ABOUT | {"channel": "sms"},
        ABOUT | {"channel": "post"},
        {"purpose": "profiling"},
        {"purpose": "service", "channel": "email"},
    ],
)
@pytest.mark.parametrize("way", ["email", "ref"])
def test_bulk_check_with_places_answers_as_single_checks(
    way: str, about: dict[str, str], crowd: list[str], as_acme: Api
) -> None:
    names = {"email": crowd, "ref": [f"r{n}" for n in range(len(crowd))]}[way]
    contacts = [{way: name} for name in [*names, "nobody@example.org"]]
    together = as_acme.post("checks", {"contacts": contacts, **about}).json()["data"]
    alone = [as_acme.post("check", {"contact": each, **about}).json() for each in contacts]
    assert [without_time(each) for each in together] == [without_time(each) for each in alone]


@pytest.mark.parametrize("about", [ABOUT, ABOUT | {"channel": "sms"}, {"purpose": "profiling"}])
def test_suppressions_with_places_equal_denied_checks(
    about: dict[str, str], crowd: list[str], as_acme: Api
) -> None:
    answer = as_acme.get("suppressions", **about)
    listed = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    contacts = [{"ref": f"r{n}"} for n in range(len(crowd))]
    checked = as_acme.post("checks", {"contacts": contacts, **about}).json()["data"]
    for n, decision in enumerate(checked):
        assert (f'"ref":"r{n}"}}' in listed) == (not decision["allowed"])
    assert {decision["allowed"] for decision in checked} == {True, False}
