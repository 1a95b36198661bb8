"""Daily counts always equal the streams."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from brands.events import stream
from brands.models import Brand
from cmr.models import Consumer
from consent.decision.resolution import DecisionKind, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import DailyCount, MetricsCursor, Relationship, TotalCount
from consent.reporting import counters

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 6, 1, 0, 30, tzinfo=UTC)


def decide(person: Consumer, brand: Brand, *kinds: DecisionKind, at: datetime = MORNING) -> None:
    choices = [
        NewChoice(
            Scope(brand.pk, "marketing", "email"),
            ChoiceTerms(
                kind,
                until=at + timedelta(days=1) if kind == "pause" else None,
            ),
        )
        for kind in kinds
    ]
    recording.record_choices(person.subject_id, choices, by=Actor("api"), now=at)


def totals(brand: Brand) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in DailyCount.objects.filter(brand=brand):
        found.update({name: getattr(row, name) for name in counters.COUNTERS if name != "started"})
    return +found


def test_count_new_events_counts_each_kind_of_decision(ana: Consumer, met: Relationship) -> None:
    decide(ana, met.brand, "deny", "deny", "grant", "pause", "clear")
    counters.count_new_events()
    assert totals(met.brand) == Counter(opt_outs=2, opt_ins=1, pauses=1, re_opt_ins=1)


def test_count_new_events_again_counts_nothing(ana: Consumer, met: Relationship) -> None:
    decide(ana, met.brand, "deny")
    counters.count_new_events()
    assert counters.count_new_events() == 0
    decide(ana, met.brand, "deny")
    assert counters.count_new_events() == 1
    assert totals(met.brand) == Counter(opt_outs=2)


def test_count_new_events_uses_utc_days(ana: Consumer, met: Relationship) -> None:
    decide(ana, met.brand, "deny")
    decide(ana, met.brand, "deny", at=MORNING - timedelta(hours=1))
    counters.count_new_events()
    days = (
        DailyCount.objects.filter(opt_outs__gt=0)
        .order_by("day")
        .values_list("day", "purpose", "channel", "source")
    )
    assert [(str(day), *kind) for day, *kind in days] == [
        ("2026-05-31", "marketing", "email", "api"),
        ("2026-06-01", "marketing", "email", "api"),
    ]


def test_count_new_events_crash_changes_nothing(
    ana: Consumer, met: Relationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(ana, met.brand, "deny")

    def crash(*args: object, **kwargs: object) -> None:
        count(*args, **kwargs)  # type: ignore[arg-type]
        raise SystemExit

    count = counters._count
    monkeypatch.setattr(counters, "_count", crash)
    with pytest.raises(SystemExit):
        counters.count_new_events()
    monkeypatch.undo()
    assert totals(met.brand) == Counter()
    counters.count_new_events()
    assert totals(met.brand) == Counter(opt_outs=1)


def test_rebuild_counts_equals_stream(ana: Consumer, met: Relationship) -> None:
    decide(ana, met.brand, "deny", "grant", "deny")
    counters.count_new_events()
    DailyCount.objects.update(opt_outs=77)
    TotalCount.objects.update(opt_outs=77)
    assert list(counters.rebuild_all_counts()) == [(4, 4)]
    assert totals(met.brand) == Counter(opt_outs=2, opt_ins=1, re_opt_ins=1)
    assert TotalCount.objects.aggregate(n=Sum("opt_outs"))["n"] == 2
    assert MetricsCursor.objects.get().sequence == stream.read_last_sequence(met.brand_id)
