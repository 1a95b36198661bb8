"""Recording choices: atomic, ordered, hash-chained, insert-only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from brands.models import Brand, Event, StreamHead
from cmr.models import Consumer
from consent.decision.resolution import DecisionKind, Limit, Scope
from consent.ledger import hash_chain, recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Preference, Propagation, Relationship, Subject
from consent.preferences import projection
from tests.factories import create_subscription
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PERSON = Actor("api")


def record(person: Consumer, *choices: NewChoice, by: Actor = PERSON) -> list[LedgerEntry]:
    return recording.record_choices(person.subject_id, choices, by=by, now=NOW)


def no(brand: Brand, channel: str | None = "email", **more: Any) -> NewChoice:
    return NewChoice(Scope(brand.pk, "marketing", channel), ChoiceTerms("deny", **more))


def test_record_several_choices_numbers_and_chains_entries(
    ana: Consumer, acme: Brand, rival: Brand
) -> None:
    entries = record(ana, no(acme), no(rival)) + record(
        ana, NewChoice(Scope(), ChoiceTerms("deny"))
    )
    assert [entry.subject_seq for entry in entries] == [1, 2, 3]
    assert entries[0].previous_hash == b""
    assert [e.previous_hash for e in entries[1:]] == [e.hash for e in entries[:2]]
    assert list(hash_chain.list_breaks(Subject.objects.get(pk=ana.subject_id))) == []


def test_record_denial_appends_event_in_same_transaction(ana: Consumer, met: Relationship) -> None:
    (entry,) = record(ana, no(met.brand, reason="not_relevant"))
    event = Event.objects.get(brand=met.brand, cause=entry.id)
    assert (event.type, event.decision, event.reason) == (
        "preference.denied",
        "deny",
        "not_relevant",
    )


def test_record_without_relationship_appends_no_event(ana: Consumer, acme: Brand) -> None:
    record(ana, no(acme))
    assert not Event.objects.filter(brand=acme).exists()


def test_record_future_choice_in_list_records_nothing(ana: Consumer, met: Relationship) -> None:
    before = _everything()
    late = no(met.brand, made_at=NOW + timedelta(seconds=1))
    with pytest.raises(recording.FromTheFuture):
        record(ana, no(met.brand), late)
    assert _everything() == before


def test_record_stream_failure_records_nothing(ana: Consumer, met: Relationship) -> None:
    """The last write of the transaction fails: the head's number has no successor."""
    StreamHead.objects.update_or_create(brand=met.brand, defaults={"last_sequence": 2**63 - 1})
    before = _everything()
    with pytest.raises(DatabaseError), transaction.atomic():
        record(ana, no(met.brand))
    assert _everything() == before


def _everything() -> list[Any]:
    counted = (LedgerEntry, Preference, Event, Propagation)
    heads = Subject.objects.order_by("pk").values_list("last_seq", "chain_head")
    return [model.objects.count() for model in counted] + [(s, bytes(h)) for s, h in heads]


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("consent_ledgerentry", "made_at"),
        ("brands_event", "timestamp"),
        ("brands_attempt", "started_at"),
    ],
)
def test_insert_only_tables_update_or_delete_is_refused(
    told_once: None, statement: str, table: str, column: str
) -> None:
    """UPDATE and DELETE are refused by the database itself, the owner's too."""
    refused = "Cannot update|an attempt is kept"
    with as_owner(), pytest.raises(DatabaseError, match=refused), transaction.atomic():
        connection.cursor().execute(statement.format(table, column, column))


@pytest.fixture
def told_once(ana: Consumer, met: Relationship) -> None:
    """One row in each of the three tables that are never altered."""
    from brands.models import Attempt

    subscription = create_subscription(met.brand, "https://acme.example/hooks", now=NOW)
    record(ana, no(met.brand))
    Attempt.objects.create(
        brand=met.brand,
        subscription=subscription,
        sequence=1,
        message=subscription.pk,
        started_at=datetime.now(UTC),  # an old one may be pruned
        latency_ms=1,
        outcome="timed_out",
    )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "UPDATE consent_ledgerentry SET decision = 'grant' WHERE subject_seq = 2",
            "2 was altered",
        ),
        ("DELETE FROM consent_ledgerentry WHERE subject_seq = 2", "entry 2 is missing"),
        ("DELETE FROM consent_ledgerentry WHERE subject_seq = 3", "its head says 3"),
    ],
)
def test_hash_chain_tampered_entry_is_found(
    ana: Consumer, acme: Brand, change: str, found: str
) -> None:
    record(ana, no(acme), no(acme, "sms"), no(acme, "post"))
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM consent_preference")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE consent_ledgerentry DISABLE TRIGGER USER")
        cursor.execute(change)
        cursor.execute("ALTER TABLE consent_ledgerentry ENABLE TRIGGER USER")
    (first, *_) = hash_chain.list_breaks(Subject.objects.get(pk=ana.subject_id))
    assert found in first


@pytest.mark.parametrize(
    ("constraint", "wrong"),
    [
        ("entry_pause_iff_until", {"decision": "pause"}),
        ("entry_pause_iff_until", {"decision": "deny", "until": NOW}),
        ("entry_limit_iff_numbers", {"decision": "limit"}),
        ("entry_limit_iff_numbers", {"decision": "limit", "limit_max": 3}),
        ("entry_limit_iff_numbers", {"decision": "deny", "limit_max": 3, "limit_per": "day"}),
        ("entry_only_grants_expire", {"decision": "deny", "expires_at": NOW}),
        ("entry_implied_iff_ground", {"basis": "implied"}),
        ("entry_implied_iff_ground", {"ground": "purchase"}),
        ("entry_implied_iff_ground", {"basis": "implied", "ground": "gift"}),
        (
            "entry_implied_is_a_brands_grant_that_expires",
            {"basis": "implied", "ground": "purchase"},
        ),
        ("entry_brand_speaks_of_itself_only", {"maker": "brand"}),
        ("entry_brands_grant_has_evidence", {"decision": "grant", "of_brand": True}),
        ("entry_topic_belongs_to_brand_and_purpose", {"topic": "weekly"}),
        ("entry_not_from_the_future", {"made_at": NOW + timedelta(seconds=1)}),
        ("entry_seq_from_one", {"subject_seq": 0}),
        ("entry_decision_is_known", {"decision": "maybe"}),
    ],
)
def test_entry_constraints_invalid_row_is_refused(
    ana: Consumer, acme: Brand, constraint: str, wrong: dict[str, Any]
) -> None:
    if wrong.pop("of_brand", False):
        wrong |= {"maker": "brand", "maker_brand": acme, "brand": acme}
    sound = {
        "subject_id": ana.subject_id,
        "subject_seq": 1,
        "decision": "deny",
        "maker": "person",
        "basis": "express",
        "source": "api",
        "made_at": NOW,
        "recorded_at": NOW,
        "previous_hash": b"",
        "hash": b"x",
    }
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        LedgerEntry.objects.create(**sound | wrong)


def test_record_brand_grant_after_person_denial_is_refused(
    ana: Consumer, met: Relationship
) -> None:
    record(ana, no(met.brand, channel=None))
    before = _everything()
    yes = NewChoice(
        Scope(met.brand_id, "marketing", "email"), ChoiceTerms("grant", evidence="form 7")
    )
    with pytest.raises(recording.LiftRefused):
        record(ana, yes, by=Actor("brand_api", met.brand_id))
    assert _everything() == before


def test_record_brand_grant_after_person_grant_is_recorded(
    ana: Consumer, met: Relationship
) -> None:
    scope = Scope(met.brand_id, "marketing", "email")
    record(ana, NewChoice(scope, ChoiceTerms("deny")), NewChoice(scope, ChoiceTerms("grant")))
    yes = NewChoice(scope, ChoiceTerms("grant", evidence="form 7"))
    (entry,) = record(ana, yes, by=Actor("brand_api", met.brand_id))
    assert (entry.maker, entry.maker_brand_id) == ("brand", met.brand_id)


@pytest.mark.parametrize(
    ("decision", "more"),
    [
        ("grant", {"expires_at": NOW + timedelta(days=1)}),
        ("pause", {"until": NOW + timedelta(days=1)}),
        ("limit", {"limit": Limit(2, "week")}),
        ("clear", {}),
    ],
)
def test_record_choice_updates_projection_with_its_terms(
    ana: Consumer, acme: Brand, decision: DecisionKind, more: dict[str, Any]
) -> None:
    (entry,) = record(ana, NewChoice(Scope(acme.pk), ChoiceTerms(decision, **more)))
    (held,) = projection.list_preferences(ana.subject_id)
    assert held == projection.build_choice(entry, entry=entry.id)


def test_record_older_choice_late_keeps_newer_preference(ana: Consumer, acme: Brand) -> None:
    (newer,) = record(ana, no(acme, made_at=NOW - timedelta(hours=1)))
    record(ana, no(acme, made_at=NOW - timedelta(hours=2)))
    (held,) = projection.list_preferences(ana.subject_id)
    assert held.entry == newer.id
