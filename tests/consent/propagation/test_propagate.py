"""Propagating wide choices to every stream: in order, once."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace

import pytest

from brands.models import Brand, Event
from cmr.choices import choose
from cmr.models import Consumer
from consent.brand_events.entry_ids import build_entry_id
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Scope
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Propagation, Relationship
from consent.propagation import propagate
from core.db import uuid7

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVERYWHERE = NewChoice(Scope(None, "marketing"), ChoiceTerms("deny"))


def record(person: Consumer, *choices: NewChoice) -> list[LedgerEntry]:
    return recording.record_choices(person.subject_id, choices, by=Actor("api"), now=NOW)


def read_decisions(brand: Brand) -> list[tuple[str, int]]:
    events = Event.objects.filter(brand=brand, type__startswith="preference").order_by("sequence")
    return [(event.decision, event.sequence) for event in events]


@pytest.fixture
def both(ana: Consumer, met: Relationship, rival: Brand) -> list[Brand]:
    choose.add_brand(ana, rival, by="api", now=NOW)
    return [met.brand, rival]


def test_propagate_wide_denial_is_effective_before_events(ana: Consumer, both: list[Brand]) -> None:
    record(ana, EVERYWHERE)
    for brand in both:
        asked = Asked(brand.pk, Contact(email="ana@example.org"), "marketing", "email")
        assert single.check_contact(asked, now=NOW).rule == "person_denied"
        assert read_decisions(brand) == []


def test_propagate_again_appends_one_event_per_brand(ana: Consumer, both: list[Brand]) -> None:
    record(ana, EVERYWHERE)
    assert propagate.list_waiting_subjects() == [ana.subject_id]
    assert propagate.propagate_choices(ana.subject_id, now=NOW) == 2
    Propagation.objects.update(done_at=None)  # as after a crash before the last step
    assert propagate.propagate_choices(ana.subject_id, now=NOW) == 0
    assert propagate.list_waiting_subjects() == []
    assert [len(read_decisions(brand)) for brand in both] == [1, 1]


def test_propagate_then_narrow_choice_keeps_stream_order(ana: Consumer, both: list[Brand]) -> None:
    record(ana, EVERYWHERE)
    record(ana, NewChoice(Scope(both[0].pk, "marketing"), ChoiceTerms("grant")))
    propagate.propagate_choices(ana.subject_id, now=NOW)
    assert [decision for decision, _ in read_decisions(both[0])] == ["deny", "grant"]
    assert [decision for decision, _ in read_decisions(both[1])] == ["deny"]


def test_propagate_list_of_choices_keeps_stream_order(ana: Consumer, both: list[Brand]) -> None:
    narrow = NewChoice(Scope(both[0].pk, "marketing"), ChoiceTerms("grant"))
    record(ana, EVERYWHERE, narrow, narrow)
    assert [decision for decision, _ in read_decisions(both[0])] == ["deny", "grant", "grant"]


@pytest.fixture
def falling_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each id sort before the last, as may happen within one millisecond."""
    numbers = count(2**80 - 1, -1)
    urandom = SimpleNamespace(urandom=lambda size: next(numbers).to_bytes(size, "big"))
    monkeypatch.setattr(uuid7, "os", urandom)
    monkeypatch.setattr(uuid7, "time", SimpleNamespace(time_ns=lambda: 10**18))


@pytest.mark.usefixtures("falling_ids")
def test_propagate_choices_of_one_millisecond_keeps_their_order(
    ana: Consumer, both: list[Brand]
) -> None:
    record(ana, EVERYWHERE)
    record(ana, NewChoice(Scope(None, "marketing"), ChoiceTerms("grant")))
    record(ana, NewChoice(Scope(both[0].pk, "marketing"), ChoiceTerms("deny")))
    propagate.propagate_choices(ana.subject_id, now=NOW)
    assert [decision for decision, _ in read_decisions(both[0])] == ["deny", "grant", "deny"]
    assert [decision for decision, _ in read_decisions(both[1])] == ["deny", "grant"]


@pytest.mark.parametrize("order", ["wn", "nw", "nwn", "wnw", "nwwn", "wnnw"])
def test_propagate_after_one_call_keeps_the_order_of_its_list(
    order: str, ana: Consumer, both: list[Brand]
) -> None:
    """A list of narrow choices about the first brand, and of wide ones, with other reasons each."""
    reasons = ["privacy", "other", "not_relevant", "bad_experience"][: len(order)]
    choices = [
        NewChoice(
            Scope(both[0].pk if kind == "n" else None, "marketing"),
            ChoiceTerms("deny", reason=reason),
        )
        for kind, reason in zip(order, reasons, strict=True)
    ]
    record(ana, *choices)
    propagate.propagate_choices(ana.subject_id, now=NOW)
    events = Event.objects.filter(type="preference.denied").order_by("sequence")
    told = {
        brand: list(events.filter(brand=brand).values_list("reason", flat=True)) for brand in both
    }
    wide = [reason for kind, reason in zip(order, reasons, strict=True) if kind == "w"]
    assert told == {both[0]: reasons, both[1]: wide}


def test_propagate_two_wide_choices_keeps_their_order(ana: Consumer, both: list[Brand]) -> None:
    record(ana, EVERYWHERE)
    record(ana, NewChoice(Scope(None, "marketing"), ChoiceTerms("grant")))
    propagate.propagate_choices(ana.subject_id, now=NOW)
    for brand in both:
        assert [decision for decision, _ in read_decisions(brand)] == ["deny", "grant"]


def test_propagate_after_relationship_end_appends_no_event(
    ana: Consumer, both: list[Brand]
) -> None:
    record(ana, EVERYWHERE)
    over = Relationship.objects.get(subject=ana.subject_id, brand=both[1])
    choose.end_relationship(ana, over, by="api", now=NOW)
    before = read_decisions(both[1])
    record(ana, NewChoice(Scope(None, "research"), ChoiceTerms("deny")))
    propagate.propagate_choices(ana.subject_id, now=NOW)
    assert read_decisions(both[1]) == before


def test_propagate_new_relationship_receives_standing_choices(ana: Consumer, rival: Brand) -> None:
    (entry,) = record(ana, EVERYWHERE)
    choose.add_brand(ana, rival, by="api", now=NOW)
    started = Event.objects.get(brand=rival, type="relationship.started")
    known = Relationship.objects.get(brand=rival)
    assert str(build_entry_id(entry.id, known.id)) in bytes(started.body).decode()
    assert str(entry.id) not in bytes(started.body).decode()
