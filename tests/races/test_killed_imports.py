"""A worker that applies an import is killed again and again: the result is as if nobody had."""

from __future__ import annotations

import io
import os
import random
import select
import signal
import subprocess
import sys
import time
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from brands.models import Brand, Event, StreamHead
from consent.imports import jobs, receiving, shards
from consent.ledger import hash_chain
from consent.models import Import, LedgerEntry, Preference, Relationship, Subject
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = int(os.environ.get("ROWS", "3000"))
KILLS = int(os.environ.get("KILLS", "3"))


def start(job: Import, *numbers: int) -> subprocess.Popen[bytes]:
    name = connection.settings_dict["NAME"]
    url = settings.DATABASE_URL.rpartition("/")[0] + f"/{name}"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.races.import_worker", str(job.pk), *map(str, numbers)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
    )


def staged(brand: Brand) -> Import:
    """People with a yes and a later no, some of them twice."""
    job = jobs.begin_import(brand, note="x", tells=True, now=timezone.now())
    lines = ["email,ref,purpose,channel,decision,made_at,evidence"]
    for n in range(ROWS):
        decision = "deny" if n % 5 == 0 else "grant"
        made_at = f"2024-0{1 + n % 9}-01T00:00:00Z"
        who = f"p{n % (ROWS * 2 // 3)}"
        lines.append(f"{who}@example.org,{who},marketing,email,{decision},{made_at},form {n}")
    body = io.BytesIO("\n".join(lines).encode())
    receiving.receive_part(job, 1, body, form="csv", now=timezone.now())
    return jobs.start_import(job, now=timezone.now())


def list_effects(brand: Brand) -> list[Any]:
    """Everything that came of it, by reference, but for ids and times of recording."""
    refs = dict(Relationship.objects.filter(brand=brand).values_list("subject_id", "ref"))
    entries = LedgerEntry.objects.filter(brand=brand)
    standing = Preference.objects.filter(brand=brand)
    return [
        sorted((refs[e.subject_id], e.decision, e.before, e.evidence, e.made_at) for e in entries),
        sorted((refs[e.subject_id], e.decision, e.made_at) for e in standing),
        Event.objects.filter(brand=brand).count(),
    ]


def test_import_by_killed_worker_equals_undisturbed_run(acme: Brand, rival: Brand) -> None:
    undisturbed = staged(rival)
    jobs.run_import(undisturbed.pk, now=timezone.now())
    job, chance, killed = staged(acme), random.Random(KILLS), 0
    while Import.objects.get(pk=job.pk).state == "applying":
        worker = start(job)
        while worker.poll() is None and not select.select([worker.stdout], [], [], 0.01)[0]:
            pass
        time.sleep(chance.uniform(0.02, 0.3))
        if killed < KILLS:
            worker.send_signal(signal.SIGKILL)
            killed += 1
        worker.communicate()
    assert killed == KILLS or Import.objects.get(pk=job.pk).applied == ROWS
    assert killed > 0
    assert_equal(job, undisturbed)


def assert_equal(job: Import, undisturbed: Import) -> None:
    mine, whole = Import.objects.get(pk=job.pk), Import.objects.get(pk=undisturbed.pk)
    acme, rival = mine.brand, whole.brand
    for name in ("applied", "bad", "people", "choices", "unchanged"):
        assert getattr(mine, name) == getattr(whole, name), name
    assert list_effects(acme) == list_effects(rival)
    assert_streams_are_dense(acme)
    ids = random.Random(1).sample(sorted(Subject.objects.values_list("pk", flat=True)), 200)
    assert all(not list(hash_chain.list_breaks(Subject.objects.get(pk=pk))) for pk in ids)


def assert_streams_are_dense(brand: Brand) -> None:
    numbers = list(Event.objects.filter(brand=brand).values_list("sequence", flat=True))
    assert sorted(numbers) == list(range(1, StreamHead.objects.get(brand=brand).last_sequence + 1))


def test_import_in_shards_by_killed_workers_equals_undisturbed_run(
    acme: Brand, rival: Brand, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = staged(rival)
    jobs.run_import(undisturbed.pk, now=timezone.now())
    settings.IMPORT_SHARDS = 3
    monkeypatch.setattr(shards, "ROWS_PER_SHARD", ROWS // 3)
    job, chance, killed = staged(acme), random.Random(KILLS), 0
    shards.prepare_shards(job.pk)
    assert shards.list_shards(job.pk) == [0, 1, 2]
    while Import.objects.get(pk=job.pk).state == "applying":
        workers = [start(job, shard) for shard in shards.list_shards(job.pk) or [0]]
        for each in workers:
            select.select([each.stdout], [], [])
        time.sleep(chance.uniform(0.02, 0.3))
        if killed < KILLS:
            chance.choice(workers).send_signal(signal.SIGKILL)
            killed += 1
        for each in workers:
            each.communicate()
    assert killed > 0
    assert_equal(job, undisturbed)


def test_import_by_two_workers_applies_each_row_once(acme: Brand) -> None:
    job = staged(acme)
    workers = [start(job) for _ in range(2)]
    for worker in workers:
        worker.communicate()
    while jobs.run_import(job.pk, now=timezone.now()):
        pass
    done = Import.objects.get(pk=job.pk)
    assert (done.state, done.applied) == ("done", ROWS)
    assert LedgerEntry.objects.count() == done.choices
    assert uuid.UUID(str(done.pk)) == job.pk
