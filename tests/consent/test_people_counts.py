"""Rates are shares of people: worked out again, by SQL, straight from the streams."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from brands.models import Brand
from consent.decision.resolution import Limit, Scope
from consent.identity.identifiers import compute_identifier_digest, find_or_create_identifier
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import PeopleCount, Relationship
from consent.relationships import lifecycle
from consent.reporting import counters, rates
from consent.reporting.rates import RATES, Period
from tests.consent.people_by_sql import DECIDED, Wanted, decided, there

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
    people = [
        find_or_create_identifier(compute_identifier_digest(f"p{n}@example.org")).subject_id
        for n in range(12)
    ]
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
        choice = NewChoice(scope, kind, reason=reason, limit=limit)  # type: ignore[arg-type]
        recording.record_choices(person, [choice], by=by, now=now)


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
def test_people_of_a_period_are_those_of_the_streams(wanted: Wanted, crowd: list[Brand]) -> None:
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
def test_a_line_is_what_its_filter_says(by: Sequence[str], crowd: list[Brand]) -> None:
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


def test_acts_are_more_than_people_and_no_rate_is_above_all(crowd: list[Brand]) -> None:
    line = rates.read_total(PERIODS[0])
    assert line.counts["opt_outs"] > line.counts["people"]  # type: ignore[operator]
    for period in PERIODS:
        for by in ([], ["day"], ["brand"], ["channel"], ["brand", "day"]):
            found = rates.read_lines(period, by=by)
            rates.add_people_counts(found, period, by=by)
            assert all((each.rate(name) or 0) <= 1 for each in found for name in RATES)


def test_people_are_no_sum_over_days(crowd: list[Brand]) -> None:
    days = rates.read_lines(PERIODS[0], by=["day"])
    rates.add_people_counts(days, PERIODS[0], by=["day"])
    summed = sum(day.counts["opted_out"] or 0 for day in days)
    assert summed > (rates.read_total(PERIODS[0]).counts["opted_out"] or 0)


def people_counts() -> set[tuple[Any, ...]]:
    columns = ("brand", "kind", "grain", "value", "day", "before", "people")
    return set(PeopleCount.objects.values_list(*columns))


def test_a_rebuild_and_any_batch_count_the_same(crowd: list[Brand]) -> None:
    counted = people_counts()
    assert counted and not PeopleCount.objects.filter(people__lte=0).exists()
    PeopleCount.objects.update(people=99)
    assert list(counters.rebuild_all_counts())
    assert people_counts() == counted
