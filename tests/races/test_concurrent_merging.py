"""Two subjects become one while workers are on their way with what either of them said."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from brands.models import Brand, Event
from cmr.models import Consumer
from consent.decision.resolution import Scope
from consent.ledger import hash_chain
from consent.ledger.recording import Actor
from consent.models import Preference, Propagation, Relationship, Subject
from consent.propagation import expirations, propagate
from consent.relationships import lifecycle, merging
from tests.factories import find_subject, record_choice
from tests.races.together import PATIENCE, together

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def other(acme: Brand) -> uuid.UUID:
    """Whom acme knows by an address that Ana has yet to prove."""
    subject = find_subject("other@example.org")
    by = Actor("brand_api", acme.pk)
    lifecycle.start_relationship(subject, acme, by=by, now=NOW, note="shop")
    return subject


@contextmanager
def in_the_middle_of_it(act: Callable[[], object]) -> Iterator[None]:
    """*act* has read what it goes by, and waits for the person's row while the body commits."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        yield
        thread.start()
        _wait_until_it_waits()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def _wait_until_it_waits() -> None:
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    until = threading.Event()
    for _ in range(int(PATIENCE * 20)):
        with connection.cursor() as cursor:
            cursor.execute(query)
            if cursor.fetchone()[0]:
                return
        until.wait(0.05)
    raise AssertionError("nobody waits for the lock")


def list_subjects(kind: str) -> list[uuid.UUID]:
    """Of whom, as the streams know them."""
    return sorted(Event.objects.filter(type=kind).values_list("subject", flat=True))


def test_merge_during_propagation_appends_event_for_both(
    ana: Consumer, met: Relationship, other: uuid.UUID
) -> None:
    record_choice(other, "deny", Scope(None, "marketing"), now=NOW)
    with in_the_middle_of_it(lambda: propagate.propagate_choices(other, now=NOW)):
        merging.merge_subjects(other, into=ana.subject_id, now=NOW)
    for waiting in propagate.list_waiting_subjects():
        propagate.propagate_choices(waiting, now=NOW)
    assert list_subjects("preference.denied") == sorted([ana.subject_id, other])
    assert not Propagation.objects.filter(done_at=None).exists()


def test_finished_propagation_appends_nothing_after_newer_choices(
    ana: Consumer, met: Relationship, rival: Brand
) -> None:
    """Two workers propagate. One finishes, acme is added again, and only then the other goes on."""
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("api"), now=NOW)
    lifecycle.end_relationship(met, by=Actor("api"), now=NOW)
    for purpose in ("research", "marketing"):
        record_choice(ana, "grant", Scope(None, purpose), now=NOW)
    with in_the_middle_of_it(lambda: propagate.propagate_choices(ana.subject_id, now=NOW)):
        propagate.propagate_choices(ana.subject_id, now=NOW)
        lifecycle.start_relationship(ana.subject_id, met.brand, by=Actor("api"), now=NOW)
        record_choice(ana, "deny", Scope(met.brand_id, "marketing"), now=NOW)
    told = Event.objects.filter(brand=met.brand).order_by("sequence").values_list("type", flat=True)
    assert [*told][-2:] == ["relationship.started", "preference.denied"]


def test_merge_during_expiration_appends_event_for_both(
    ana: Consumer, met: Relationship, other: uuid.UUID
) -> None:
    record_choice(other, "pause", Scope(None, "marketing"), now=NOW, until=NOW + HOUR)
    propagate.propagate_choices(other, now=NOW)
    late = NOW + 2 * HOUR
    with in_the_middle_of_it(lambda: expirations.tell_due_endings(late)):
        merging.merge_subjects(other, into=ana.subject_id, now=late)
    expirations.tell_due_endings(late)
    assert list_subjects("preference.pause_ended") == sorted([ana.subject_id, other])


def test_merge_during_recording_keeps_one_order(
    ana: Consumer, met: Relationship, other: uuid.UUID
) -> None:
    def speak(subject: uuid.UUID) -> None:
        for n in range(10):
            record_choice(
                subject, "deny" if n % 2 else "grant", Scope(None, "marketing"), now=NOW + n * HOUR
            )

    together(
        lambda: speak(ana.subject_id),
        lambda: speak(other),
        lambda: merging.merge_subjects(other, into=ana.subject_id, now=NOW) and None,
    )
    for subject in Subject.objects.filter(pk__in=[ana.subject_id, other]):
        assert list(hash_chain.list_breaks(subject)) == []
    assert not Preference.objects.filter(subject=other).exists()


def test_claim_address_concurrently_one_succeeds(
    ana: Consumer, met: Relationship, other: uuid.UUID
) -> None:
    third = Subject.objects.create().pk
    together(
        lambda: merging.merge_subjects(other, into=ana.subject_id, now=NOW),
        lambda: merging.merge_subjects(other, into=ana.subject_id, now=NOW),
    )
    assert Subject.objects.get(pk=other).merged_into_id == ana.subject_id
    assert Subject.objects.get(pk=third).merged_into_id is None
