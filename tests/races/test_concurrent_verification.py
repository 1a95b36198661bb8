"""Verification beside writers: what is recorded meanwhile is no break."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

import pytest
from django.db import connection, transaction

from consent import integrity, tasks
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship
from core.db.advisory_locks import try_lock
from tests.ownership import as_owner
from tests.races.together import PATIENCE, together

pytestmark = pytest.mark.django_db(transaction=True)

LATER = datetime(2026, 6, 1, 12, tzinfo=UTC)


def record_many(met: Relationship) -> int:
    for hour in range(15):
        no = NewChoice(Scope(met.brand_id, "marketing"), ChoiceTerms("deny"))
        now = LATER + timedelta(hours=hour)
        recording.record_choices(met.subject_id, [no], by=Actor("api"), now=now)
    return 15


def verify_often() -> int:
    for _ in range(10):
        assert list(integrity.verify_ledger()) == []
    return 10


def test_verify_during_recording_finds_nothing(met: Relationship) -> None:
    together(partial(record_many, met), verify_often, partial(record_many, met))


def test_verify_during_open_transaction_does_not_wait(met: Relationship) -> None:
    record_many(met)
    locked, verified = Event(), Event()

    def hold_the_person() -> None:
        with transaction.atomic():
            recording.lock_subject(met.subject_id)
            locked.set()
            assert verified.wait(PATIENCE)

    def verify() -> None:
        assert locked.wait(PATIENCE)
        assert list(integrity.verify_ledger()) == []
        verified.set()

    together(hold_the_person, verify)


def test_verify_task_already_running_does_nothing(met: Relationship) -> None:
    record_many(met)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE consent_ledgerentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE consent_ledgerentry SET reason = 'privacy'")
        cursor.execute("ALTER TABLE consent_ledgerentry ENABLE TRIGGER USER")
    assert tasks.verify_ledger() > 0
    started, ended = Event(), Event()

    def be_the_first() -> None:
        with try_lock(tasks.VERIFYING) as is_held:
            assert is_held
            started.set()
            assert ended.wait(PATIENCE)

    def be_the_second() -> None:
        assert started.wait(PATIENCE)
        assert tasks.verify_ledger() == 0
        ended.set()

    together(be_the_first, be_the_second)
