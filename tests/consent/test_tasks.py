"""The tasks that apply imports: each wakes other workers, and goes on while rows are left."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.utils import timezone
from kombu import Connection
from pytest_django import Settings

from brands.models import Brand
from config.celery import app
from consent import tasks
from consent.imports import jobs, receiving, shards
from consent.models import Import

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(acme: Brand, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Import:
    settings.IMPORT_SHARDS = 3
    monkeypatch.setattr(shards, "ROWS_PER_SHARD", 1)
    begun = jobs.begin_import(acme, note="x", tells=False, now=timezone.now())
    body = io.BytesIO(b"email\n" + b"".join(b"p%d@example.org\n" % n for n in range(60)))
    receiving.receive_part(begun, 1, body, form="csv", now=timezone.now())
    return jobs.start_import(begun, now=timezone.now())


@pytest.fixture
def broker() -> Iterator[Connection]:
    with app.connection_for_read() as connection:
        yield connection


def take_tasks(broker: Connection, queue: str) -> list[tuple[str, list[str]]]:
    """Return the name and the arguments of each published task, and remove them."""
    found = []
    with broker.SimpleQueue(queue) as waiting, suppress(waiting.Empty):
        while True:
            message = waiting.get(block=False)
            found.append((message.headers["task"], message.payload[0]))
            message.ack()
    return found


def test_apply_imports_wakes_a_worker_for_each_other_shard(job: Import, broker: Connection) -> None:
    take_tasks(broker, "imports")
    take_tasks(broker, "records")
    assert tasks.apply_imports() == 60
    shard = "consent.apply_import_shard"
    assert take_tasks(broker, "imports") == [(shard, [str(job.pk), n]) for n in ("1", "2")]
    # Tests of another process may publish the same task there.
    assert ("consent.apply_imports", []) in take_tasks(broker, "records")
    job.refresh_from_db()
    assert (job.state, job.applied) == ("done", 60)
    assert tasks.apply_imports() == 0
    assert take_tasks(broker, "imports") == []


def test_apply_import_shard_goes_on_until_its_shard_has_ended(
    job: Import, broker: Connection
) -> None:
    jobs.list_idle_shards(job.pk, now=timezone.now())
    take_tasks(broker, "imports")
    done = tasks.apply_import_shard(str(job.pk), "1")
    assert 0 < done < 60
    assert take_tasks(broker, "imports") == [("consent.apply_import_shard", [str(job.pk), "1"])]
    assert tasks.apply_import_shard(str(job.pk), "1") == 0
    assert take_tasks(broker, "imports") == []
    job.refresh_from_db()
    assert (job.state, job.applied) == ("applying", done)
