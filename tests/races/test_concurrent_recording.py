"""Many write at once: sequences stay dense, chains whole, and nothing is seen out of order."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import partial

import pytest

from brands.events import stream
from brands.models import Brand, Event
from cmr.choices import choose
from cmr.models import Consumer
from consent.decision.resolution import DecisionKind, Scope
from consent.identity import identifiers
from consent.ledger import hash_chain
from consent.ledger.recording import Actor
from consent.models import DailyCount, Identifier, Relationship, Subject
from consent.propagation.propagate import propagate_choices
from consent.relationships import lifecycle
from consent.reporting import counters
from tests.factories import open_account, record_choice
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BOTH: list[DecisionKind] = ["deny", "grant"]


def record(person: Consumer, brand: Brand | None, decision: DecisionKind = "deny") -> None:
    scope = Scope(brand.pk if brand else None, "marketing")
    record_choice(person, decision, scope, by=Actor("api"), now=NOW)


def record_many(person: Consumer, brand: Brand, times: int, decision: DecisionKind = "deny") -> int:
    for _ in range(times):
        record(person, brand, decision)
    return times


def crowd(brand: Brand, size: int) -> list[Consumer]:
    people = [open_account(f"p{n}@example.org", now=NOW) for n in range(size)]
    for person in people:
        choose.add_brand(person, brand, by="api", now=NOW)
    return people


def test_record_by_many_devices_is_dense_and_chained(ana: Consumer, met: Relationship) -> None:
    """Each gets its own place in the chain, and the brand hears them in that order."""
    together(*[partial(record_many, ana, met.brand, 5)] * 6)
    subject = Subject.objects.get(pk=ana.subject_id)
    assert subject.last_seq == 30
    assert list(hash_chain.list_breaks(subject)) == []
    events = Event.objects.filter(brand=met.brand, decision="deny").order_by("sequence")
    entries = list(subject.entries.order_by("subject_seq").values_list("id", flat=True))
    assert [event.cause for event in events] == entries


def test_read_stream_during_writes_is_dense(acme: Brand) -> None:
    """Whoever sees 7 has been able to see 6: a cursor on the sequence skips nothing."""
    people = crowd(acme, 8)
    done = threading.Event()

    def read_on() -> list[int]:
        seen: list[int] = []
        while not done.is_set() or stream.read_last_sequence(acme.pk) > len(seen):
            new = stream.read_events(acme.pk, after=len(seen), limit=50)
            seen += [event.sequence for event in new]
        return seen

    def write_all() -> list[int]:
        try:
            together(*[partial(record_many, person, acme, 15) for person in people])
        finally:
            done.set()
        return []

    seen, _ = together(read_on, write_all)
    assert seen == list(range(1, 8 + 8 * 15 + 1))


def test_record_narrow_after_wide_keeps_order(acme: Brand) -> None:
    """The worker propagates the wide choice just while the person makes the narrow one."""
    for person in crowd(acme, 12):
        record(person, None, "deny")
        propagate = partial(propagate_choices, person.subject_id, now=NOW)
        together(propagate, partial(record_many, person, acme, 1, "grant"), propagate)
        told = Event.objects.filter(brand=acme, subject=person.subject_id)
        decisions = [e.decision for e in told.order_by("sequence") if e.decision]
        assert decisions == BOTH


def test_count_events_by_two_workers_counts_once(acme: Brand) -> None:
    people = crowd(acme, 6)
    for person in people:
        record(person, acme)
    together(*[counters.count_new_events] * 4)
    counters.count_new_events()
    assert sum(DailyCount.objects.values_list("opt_outs", flat=True)) == 6


def test_start_relationship_concurrently_creates_one(ana: Consumer, acme: Brand) -> None:
    """There is one relationship, and the brand is told once that it began."""

    def by_brand() -> object:
        actor = Actor("brand_api", acme.pk)
        return lifecycle.start_relationship(ana.subject_id, acme, by=actor, now=NOW, note="shop")

    together(by_brand, lambda: choose.add_brand(ana, acme, by="api", now=NOW))
    assert Relationship.objects.count() == 1
    assert Event.objects.filter(type="relationship.started").count() == 1


def test_find_or_create_identifier_concurrently_creates_one(db: None) -> None:
    digest = identifiers.compute_identifier_digest("new@example.org")
    found = together(*[lambda: identifiers.find_or_create_identifier(digest)] * 6)
    assert {identifier.subject_id for identifier in found} == {
        Identifier.objects.get(digest=digest).subject_id
    }


def test_check_after_commit_of_denial_is_denied(ana: Consumer, met: Relationship) -> None:
    """Another connection asks right after the choice returned: never once a stale yes."""
    from consent.checks.single import Asked, check_contact
    from consent.identity.identifiers import Contact

    asked = Asked(met.brand_id, Contact(email="ana@example.org"), "marketing", "email")
    for decision in BOTH * 20:
        record(ana, met.brand, decision)
        (answer,) = together(lambda: check_contact(asked, now=NOW))
        assert answer.allowed == (decision == "grant")
