"""Counts of people where days come late, and of a whole month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from brands.models import Brand
from consent.decision.resolution import Scope
from consent.identity.identifiers import compute_identifier_digest, find_or_create_identifier
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import PeopleCount
from consent.relationships import lifecycle
from consent.reporting import counters, rates
from consent.reporting.rates import Period
from tests.consent.made_month import FIRST, LAST, Month
from tests.consent.people_by_sql import DECIDED, decided, there

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_day_that_comes_late_is_put_in_its_place() -> None:
    brand = Brand.objects.create(slug="late", name="Late")
    person = find_or_create_identifier(compute_identifier_digest("late@example.org")).subject_id
    lifecycle.start_relationship(person, brand, by=Actor("portal"), now=START, note="x")
    for day in (9, 3, 5):
        choice = NewChoice(Scope(brand.pk, "marketing"), "deny")
        recording.record_choices(
            person, [choice], by=Actor("portal"), now=START + timedelta(days=day)
        )
        counters.count_new_events()
    rows = PeopleCount.objects.filter(brand=brand, kind="opted_out", grain="").order_by("day")
    chain = [(row.day.day, row.before.year > 1 and row.before.day) for row in rows]
    assert chain == [(4, False), (6, 4), (10, 6)]


def test_a_made_month_by_sql(month: Month) -> None:
    for wanted in ({}, {"brand": ["acme"]}, {"channel": ["email"]}, {"source": ["link"]}):
        period = Period(FIRST, LAST)
        line = rates.read_total(period, filters=wanted)
        assert line.counts["people"] == there(period, wanted)
        for name, kind in DECIDED.items():
            assert line.counts[name] == decided(kind, period, wanted)
