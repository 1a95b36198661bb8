"""Telling brands that a pause ended or a consent ran out: at the time, and once.

Brand by brand in small transactions, as `propagation` does. Each may be repeated: the cause of the
event follows from the entry alone, and the person's row is locked while we look.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction

from brands import stream
from brands.stream import Notice
from consent import ledger, notices, preferences, recipients, regimes, resolution
from consent.event_times import EventTimes
from consent.models import Ending, LedgerEntry, Relationship, Subject
from consent.notices import Standing
from consent.recipients import Recipient
from consent.resolution import Choice, Decision, Question


def due(now: datetime, limit: int = 500) -> list[Ending]:
    """What has ended and was not told, in the order in which it ended."""
    return list(Ending.objects.due(now).select_related("entry__purpose")[:limit])


def end_due(now: datetime) -> int:
    """Tell of whatever is due; return how many events that made.

    One after the other: each worker is through with a person's earlier ending before it comes to
    the later one, so no stream has them the other way round.
    """
    times = EventTimes(now)
    return sum(tell(ending, times, now=now) for ending in due(now))


def tell(ending: Ending, times: EventTimes, *, now: datetime) -> int:
    """Tell every concerned brand, each at its own of the *times*; return how many were told."""
    told = sum(_tell(ending, brand_id, times, now=now) for brand_id in _concerned(ending))
    _finish(ending, now)
    return told


def _concerned(ending: Ending) -> list[int]:
    if ending.entry.brand_id is not None:
        return [ending.entry.brand_id]
    brands = Relationship.objects.active().filter(person=ending.subject_id)
    return list(brands.order_by("brand_id").values_list("brand_id", flat=True).distinct())


def _finish(ending: Ending, now: datetime) -> None:
    """It is done, unless the person was merged meanwhile: see `propagation`."""
    with transaction.atomic():
        if ledger.lock(ending.subject_id).pk == ending.subject_id:
            mine = Ending.objects.filter(subject=ending.subject_id, pk=ending.pk)
            mine.filter(done_at=None).update(done_at=now)


def _tell(ending: Ending, brand_id: int, times: EventTimes, *, now: datetime) -> bool:
    """Tell one brand, unless it was told, or the choice had been replaced or taken back.

    Without the lock a replacement could get into the stream after we looked and before we write:
    the brand would hear that a pause began, and then that it ended.
    """
    with transaction.atomic():
        person = ledger.lock(ending.subject_id)
        if not _still_counted(ending.entry_id, preferences.covering_brand(person.pk, brand_id)):
            return False
        told: list[Notice] = []
        for recipient in recipients.find_active(person.pk, brand_id):
            told += _build_notices(ending.entry, recipient, person, times, now)
        ledger.tell_brands(told)
    return bool(told)


def _build_notices(
    entry: LedgerEntry, recipient: Recipient, person: Subject, times: EventTimes, now: datetime
) -> Iterator[Notice]:
    """Tell that *entry* ended, and before it what the brand has yet to be told."""
    if not notices.concerns(entry, recipient):
        return
    if stream.already_told(recipient.brand_id, notices.ending_cause(entry, recipient)):
        return
    standing = notices.read_standing(recipient, person.pk, person.jurisdiction)
    stands = _decide(entry, standing, person.jurisdiction, now)
    yield from ledger.pending_for(standing, person.pk, times)
    at = times.take_next()
    yield notices.of_ending(entry, recipient, stands, standing.permissions(at), at=at)


def _still_counted(entry_id: uuid.UUID, said: Sequence[Choice]) -> bool:
    """Of a choice that was replaced or taken back the brands know that it no longer counts."""
    return entry_id in {choice.entry for choice in resolution.in_force(said)}


def _decide(
    entry: LedgerEntry, standing: Standing, residence: str | None, now: datetime
) -> Decision | None:
    """What stands now for the entry's own scope; None where it names no purpose to ask about.

    *residence* is where the person says they live.
    """
    if entry.purpose is None:
        return None
    recipient = standing.recipient
    # A question is always some brand's: asked of any brand, this one's own no would be left out.
    scope = preferences.scope_of(entry)._replace(
        brand=recipient.brand_id, contact_point=recipient.contact_point
    )
    question = Question(scope, entry.purpose.regime)  # type: ignore[arg-type]
    regime = regimes.by_place(question)(residence or recipient.jurisdiction)
    return resolution.decide(standing.choices, question._replace(regime=regime), now)
