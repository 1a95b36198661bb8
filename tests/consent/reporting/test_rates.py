"""Rates count people: compared with SQL over the streams."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from brands.models import Brand
from consent.decision.resolution import Limit, Scope
from consent.ledger.recording import Actor
from consent.models import PeopleCount, Relationship
from consent.relationships import lifecycle
from consent.reporting import counters, rates
from consent.reporting.rates import RATES, Period
from tests.consent.people_by_sql import DECIDED, Wanted, decided, there
from tests.factories import find_subject, record_choice

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 24
KINDS = ("deny", "grant", "deny", "limit")
REASONS = ("", "privacy", "too_many_from_brand")


@pytest.fixture(scope="module")
def crowd_once(module_transaction: None) -> list[Brand]:
    """A dozen people who decide, end and begin again, counted in small batches."""
    brands = [Brand.objects.create(slug=slug, name=slug.title()) for slug in ("acme", "rival")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counters, "BATCH", 7)
        _let_live(brands)
    return brands


@pytest.fixture
def crowd(crowd_once: list[Brand], db: None, monkeypatch: pytest.MonkeyPatch) -> list[Brand]:
    monkeypatch.setattr(counters, "BATCH", 7)
    return crowd_once


def _let_live(brands: Sequence[Brand]) -> None:
    chance = random.Random(46)
    people = [find_subject(f"p{n}@example.org") for n in range(12)]
    inside: set[tuple[object, int]] = set()
    for hour in range(24 * DAYS):
        if hour % 3:
            continue
        person, brand = chance.choice(people), chance.choice(brands)
        _live(person, brand, START + timedelta(hours=hour), inside, chance)
        if hour % 15 == 0:
            counters.count_new_events()
    counters.count_new_events()


def _live(
    person: Any, brand: Brand, now: datetime, inside: set[tuple[object, int]], chance: random.Random
) -> None:
    by = Actor("portal")
    if (person, brand.pk) not in inside:
        lifecycle.start_relationship(person, brand, by=by, now=now, note="x")
        inside.add((person, brand.pk))
    elif chance.random() < 0.2:
        lifecycle.end_relationship(
            Relationship.objects.get(subject=person, brand=brand), by=by, now=now
        )
        inside.remove((person, brand.pk))
    else:
        purpose, channel = chance.choice(["marketing", "research"]), chance.choice(["email", None])
        scope = Scope(brand.pk, purpose, channel)
        kind = chance.choice(KINDS)
        reason = chance.choice(REASONS) if kind == "deny" else ""
        limit = Limit(1, "week") if kind == "limit" else None
        record_choice(person, kind, scope, by=by, now=now, reason=reason, limit=limit)


PERIODS = [
    Period(date(2026, 3, first), date(2026, 3, last))
    for first, last in [(1, 24), (5, 5), (8, 20), (3, 6), (20, 24)]
]
FILTERS: list[Wanted] = [
    {},
    {"brand": ["acme"]},
    {"brand": ["acme", "rival"]},
    {"channel": ["email"]},
    {"purpose": ["marketing"], "brand": ["rival"]},
    {"reason": ["privacy"]},
    {"channel": ["email", ""]},
    {"purpose": ["research"], "channel": [""]},
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_read_total_counts_people_as_streams(wanted: Wanted, crowd: list[Brand]) -> None:
    for period in PERIODS:
        line = rates.read_total(period, filters=wanted)
        assert line.counts["people"] == there(period, wanted)
        for name, kind in DECIDED.items():
            assert line.counts[name] == decided(kind, period, wanted), (period, name)
        if "reason" not in wanted:
            assert line.rate("opt_out_rate") == decided("deny", period, wanted) / there(
                period, wanted
            )


@pytest.mark.parametrize(
    "by",
    [["day"], ["brand"], ["channel"], ["day", "brand"], ["purpose", "channel"], ["brand", "topic"]],
    ids=str,
)
def test_read_lines_equals_filtered_totals(by: Sequence[str], crowd: list[Brand]) -> None:
    for whole in PERIODS[2:]:
        found = rates.read_lines(whole, by=by)
        rates.add_people_counts(found, whole, by=by)
        assert found
        for line in found:
            named = dict(zip(by, line.key, strict=True))
            period = Period(named["day"], named["day"]) if "day" in named else whole
            wanted = {name: [value] for name, value in named.items() if name != "day"}
            assert line.counts["people"] == there(period, wanted)
            assert line.counts["opted_out"] == decided("deny", period, wanted), named


def test_read_total_counts_people_once_and_rates_below_one(crowd: list[Brand]) -> None:
    line = rates.read_total(PERIODS[0])
    assert line.counts["opt_outs"] > line.counts["people"]  # type: ignore[operator]
    for period in PERIODS:
        for by in ([], ["day"], ["brand"], ["channel"], ["brand", "day"]):
            found = rates.read_lines(period, by=by)
            rates.add_people_counts(found, period, by=by)
            assert all((each.rate(name) or 0) <= 1 for each in found for name in RATES)


def test_read_lines_by_day_people_are_not_summed(crowd: list[Brand]) -> None:
    days = rates.read_lines(PERIODS[0], by=["day"])
    rates.add_people_counts(days, PERIODS[0], by=["day"])
    summed = sum(day.counts["opted_out"] or 0 for day in days)
    assert summed > (rates.read_total(PERIODS[0]).counts["opted_out"] or 0)


def people_counts() -> set[tuple[Any, ...]]:
    columns = ("brand", "kind", "grain", "value", "day", "before", "people")
    return set(PeopleCount.objects.values_list(*columns))


def test_rebuild_people_counts_any_batch_size_is_same(crowd: list[Brand]) -> None:
    counted = people_counts()
    assert counted and not PeopleCount.objects.filter(people__lte=0).exists()
    PeopleCount.objects.update(people=99)
    assert list(counters.rebuild_all_counts())
    assert people_counts() == counted
