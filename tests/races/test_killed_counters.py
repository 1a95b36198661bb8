"""A worker that counts is killed again and again during a flood: the totals are the ledger's."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection

from brands.models import Brand, Event
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import (
    BrandCount,
    CampaignCount,
    DailyCount,
    LedgerEntry,
    MetricsCursor,
    Relationship,
    TotalCount,
)
from consent.relationships import lifecycle
from consent.reporting import counters
from tests.conftest import ROOT
from tests.factories import find_subject

pytestmark = pytest.mark.django_db(transaction=True)

#: KILLS=50 in the environment kills as often.
KILLS = int(os.environ.get("KILLS", "5"))
START = datetime(2026, 3, 1, tzinfo=UTC)
CHOICES = ("deny", "grant", "deny")


def start() -> subprocess.Popen[bytes]:
    name = connection.settings_dict["NAME"]
    url = settings.DATABASE_URL.rpartition("/")[0] + f"/{name}"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.races.counting_worker"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
    )


def counts(worker: subprocess.Popen[bytes]) -> bool:
    """Whether the process has come so far: the machine may take its time to start one."""
    assert worker.poll() is None, "it fell by itself"
    return bool(select.select([worker.stdout], [], [], 0)[0])


def flood(brands: list[Brand], people: list[object], number: int) -> None:
    person = people[number % len(people)]
    brand = brands[number % len(brands)]
    scope = Scope(brand.pk, "marketing", "email")
    choice = NewChoice(scope, ChoiceTerms(CHOICES[number % 3], campaign=f"c{number % 4}"))  # type: ignore[arg-type]
    now = START + timedelta(minutes=number)
    recording.record_choices(person, [choice], by=Actor("link"), now=now)  # type: ignore[arg-type]


def test_count_by_killed_worker_equals_ledger(
    acme: Brand, rival: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "BATCH", 50)
    people: list[object] = []
    for nth in range(20):
        people.append(find_subject(f"p{nth}@example.org"))
        for brand in (acme, rival):
            by = Actor("brand_api", brand.pk)
            lifecycle.start_relationship(people[-1], brand, by=by, now=START, note="x")  # type: ignore[arg-type]
    number = working = 0
    chance = random.Random(KILLS)
    for _ in range(KILLS):
        before = count_events()
        worker = start()
        while not counts(worker):
            flood([acme, rival], people, number)
            number += 1
        until = time.monotonic() + chance.uniform(0.02, 0.6)
        while time.monotonic() < until:
            flood([acme, rival], people, number)
            number += 1
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        working += count_events() > before
    assert working > KILLS / 2  # most of the killed had counted something
    counters.count_new_events()
    print(f"{working} of {KILLS} killed had counted; {number} choices")
    assert_counts_are_the_ledgers()


def count_events() -> int:
    return sum(MetricsCursor.objects.values_list("sequence", flat=True))


def assert_counts_are_the_ledgers() -> None:
    entries = list(LedgerEntry.objects.all())
    kinds = Counter((e.decision, e.recorded_at.date()) for e in entries)
    leavers = {(e.brand_id, e.campaign, e.subject_id) for e in entries if e.decision == "deny"}
    assert_campaigns_are_theirs()
    for model in (DailyCount, BrandCount, TotalCount):
        sums: Counter[tuple[str, object]] = Counter()
        left = 0
        for row in model.objects.all():
            sums["deny", row.day] += row.opt_outs
            sums["grant", row.day] += row.opt_ins
            left += row.unsubscribes
        assert +sums == kinds, model
        assert left == len(leavers), model
    known = Counter(Relationship.objects.values_list("brand", flat=True))
    assert dict(MetricsCursor.objects.values_list("brand", "people")) == known
    assert Event.objects.filter(decision__in=["deny", "grant"]).count() == len(entries)


def assert_campaigns_are_theirs() -> None:
    """One table holds what answers a campaign by itself."""
    kind = "day", "brand", "campaign"
    finest: Counter[object] = Counter()
    for *key, number in DailyCount.objects.exclude(campaign="").values_list(*kind, "opt_outs"):
        finest[tuple(key)] += number
    rows = CampaignCount.objects.values_list(*kind, "opt_outs")
    assert {tuple(key): number for *key, number in rows} == finest
