"""Expirations: notifying brands once, and in time, that a pause ended or a consent expired.

Each brand has its own small transaction, as in `propagate`. Each may be repeated: the cause of the
event follows from the entry alone, and the person's row is locked meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction

from brands import events
from brands.events import NewEvent
from consent import brand_events, decision, ledger, preferences, rules
from consent.brand_events import CurrentState, EventTimes, Recipient
from consent.decision import Choice, Decision, Question
from consent.models import Ending, LedgerEntry, Relationship, Subject


def find_due_endings(now: datetime, limit: int = 500) -> list[Ending]:
    """Return what has ended and is not yet notified, in the order in which it ended."""
    return list(Ending.objects.due(now).select_related("entry__purpose")[:limit])


def tell_due_endings(now: datetime) -> int:
    """Notify brands of everything that is due. Return the number of events.

    Endings are processed one after the other. Each worker completes a person's earlier ending
    before the later one, so no stream has them in the wrong order.
    """
    times = EventTimes(now)
    return sum(tell_ending(ending, times, now=now) for ending in find_due_endings(now))


def tell_ending(ending: Ending, times: EventTimes, *, now: datetime) -> int:
    """Notify every concerned brand, each at another of the *times*.

    Return how many were notified.
    """
    told = sum(_tell(ending, brand_id, times, now=now) for brand_id in _concerned(ending))
    _finish(ending, now)
    return told


def _concerned(ending: Ending) -> list[int]:
    if ending.entry.brand_id is not None:
        return [ending.entry.brand_id]
    brands = Relationship.objects.active().filter(person=ending.subject_id)
    return list(brands.order_by("brand_id").values_list("brand_id", flat=True).distinct())


def _finish(ending: Ending, now: datetime) -> None:
    """Mark it as done, unless the person was merged meanwhile: see `propagate._finish`."""
    with transaction.atomic():
        if ledger.lock_subject(ending.subject_id).pk == ending.subject_id:
            mine = Ending.objects.filter(subject=ending.subject_id, pk=ending.pk)
            mine.filter(done_at=None).update(done_at=now)


def _tell(ending: Ending, brand_id: int, times: EventTimes, *, now: datetime) -> bool:
    """Notify one brand, unless it was notified or the choice has been replaced or cleared.

    The lock keeps a replacement from getting into the stream between our check and our write.
    Without it the brand could read that a new pause began, and then that it ended.
    """
    with transaction.atomic():
        person = ledger.lock_subject(ending.subject_id)
        if not _still_counted(
            ending.entry_id, preferences.read_choices_about_brand(person.pk, brand_id)
        ):
            return False
        told: list[NewEvent] = []
        for recipient in brand_events.find_active_recipients(person.pk, brand_id):
            told += _build_notices(ending.entry, recipient, person, times, now)
        ledger.append_brand_events(told)
    return bool(told)


def _build_notices(
    entry: LedgerEntry, recipient: Recipient, person: Subject, times: EventTimes, now: datetime
) -> Iterator[NewEvent]:
    """Build the event that *entry* ended, after those that the brand has not received yet."""
    if not brand_events.is_concerned(entry, recipient):
        return
    if events.has_event(recipient.brand_id, brand_events.build_ending_cause(entry, recipient)):
        return
    standing = brand_events.read_current_state(recipient, person.pk, person.jurisdiction)
    stands = _decide(entry, standing, person.jurisdiction, now)
    yield from ledger.build_pending_events(standing, person.pk, times)
    at = times.take_next()
    yield brand_events.build_ending_event(entry, recipient, stands, standing.permissions(at), at=at)


def _still_counted(entry_id: uuid.UUID, said: Sequence[Choice]) -> bool:
    """Return whether the choice was still in force until it ended.

    Brands were already notified when it was replaced or cleared, so they need no event about its
    end.
    """
    return entry_id in {choice.entry for choice in decision.select_in_force(said)}


def _decide(
    entry: LedgerEntry, standing: CurrentState, residence: str | None, now: datetime
) -> Decision | None:
    """Return the present decision for the entry's own scope; None if the scope names no purpose.

    *residence* is where the person says they live.
    """
    if entry.purpose is None:
        return None
    recipient = standing.recipient
    # Ask for this brand: a question about any brand would leave out the refusals of this one.
    scope = preferences.read_scope(entry)._replace(
        brand=recipient.brand_id, contact_point=recipient.contact_point
    )
    question = Question(scope, entry.purpose.regime)  # type: ignore[arg-type]
    regime = rules.read_regimes_by_place(question)(residence or recipient.jurisdiction)
    return decision.decide_by_choices(standing.choices, question._replace(regime=regime), now)
