"""Counts of people with late days, and over a generated month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from brands.models import Brand
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import PeopleCount
from consent.relationships import lifecycle
from consent.reporting import counters, rates
from consent.reporting.rates import Period
from tests.consent.generated_month import FIRST, LAST, Month
from tests.consent.people_by_sql import DECIDED, decided, there
from tests.factories import find_subject, record_choice

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_people_counts_late_day_is_counted_on_its_day() -> None:
    brand = Brand.objects.create(slug="late", name="Late")
    person = find_subject("late@example.org")
    lifecycle.start_relationship(person, brand, by=Actor("portal"), now=START, note="x")
    for day in (9, 3, 5):
        record_choice(person, "deny", Scope(brand.pk, "marketing"), now=START + timedelta(days=day))
        counters.count_new_events()
    rows = PeopleCount.objects.filter(brand=brand, kind="opted_out", grain="").order_by("day")
    chain = [(row.day.day, row.before.year > 1 and row.before.day) for row in rows]
    assert chain == [(4, False), (6, 4), (10, 6)]


def test_people_counts_generated_month_equals_sql(month: Month) -> None:
    for wanted in ({}, {"brand": ["acme"]}, {"channel": ["email"]}, {"source": ["link"]}):
        period = Period(FIRST, LAST)
        line = rates.read_total(period, filters=wanted)
        assert line.counts["people"] == there(period, wanted)
        for name, kind in DECIDED.items():
            assert line.counts[name] == decided(kind, period, wanted)
