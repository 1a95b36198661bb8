"""Telling brands that a pause ended or a consent ran out: at the time, and once.

Brand by brand in small transactions, as `propagation` does. Each may be repeated: the cause of the
event follows from the entry alone, and the person's row is locked while we look.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from brands import stream
from brands.stream import Notice
from consent import ledger, notices, preferences, regimes, residence, resolution
from consent.models import Ending, LedgerEntry, Relationship
from consent.resolution import Choice, Decision, Question


def due(now: datetime, limit: int = 500) -> list[Ending]:
    """What has ended and was not told, in the order in which it ended."""
    return list(Ending.objects.due(now).select_related("entry__purpose")[:limit])


def end_due(now: datetime) -> int:
    """Tell of whatever is due; return how many events that made.

    One after the other: each worker is through with a person's earlier ending before it comes to
    the later one, so no stream has them the other way round.
    """
    return sum(tell(ending, now=now) for ending in due(now))


def tell(ending: Ending, *, now: datetime) -> int:
    """Tell every concerned brand; return how many were told."""
    told = sum(_tell(ending, brand_id, now=now) for brand_id in _concerned(ending))
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
            Ending.objects.filter(pk=ending.pk, done_at=None).update(done_at=now)


def _tell(ending: Ending, brand_id: int, *, now: datetime) -> bool:
    """Tell one brand, unless it was told, or the choice had been replaced or taken back.

    Without the lock a replacement could get into the stream after we looked and before we write:
    the brand would hear that a pause began, and then that it ended.
    """
    with transaction.atomic():
        subject = ledger.lock(ending.subject_id)
        said = preferences.covering_brand(subject.pk, brand_id)
        if not _still_counted(ending.entry_id, said):
            return False
        told: list[Notice] = []
        for relationship in ledger.active_with(subject.pk, brand_id):
            place = residence.of(subject, relationship)
            stands = _decide(ending.entry, said, brand_id, place, now)
            ended = notices.of_ending(
                ending.entry, relationship, stands, now=now, seq=subject.last_seq
            )
            if not stream.already_told(brand_id, ended.cause):
                told += [*ledger.pending_for(relationship), ended]
        ledger.tell(told)
    return bool(told)


def _still_counted(entry_id: uuid.UUID, said: Sequence[Choice]) -> bool:
    """Of a choice that was replaced or taken back the brands know that it no longer counts."""
    return entry_id in {choice.entry for choice in resolution.in_force(said)}


def _decide(
    entry: LedgerEntry, said: Sequence[Choice], brand_id: int, place: str | None, now: datetime
) -> Decision | None:
    """What stands now for the entry's own scope; None where it names no purpose to ask about.

    *place* is where the person lives.
    """
    if entry.purpose is None:
        return None
    # A question is always some brand's: asked of any brand, this one's own no would be left out.
    scope = preferences.scope_of(entry)._replace(brand=brand_id)
    question = Question(scope, entry.purpose.regime)  # type: ignore[arg-type]
    question = question._replace(regime=regimes.by_place(question)(place))
    return resolution.decide(said, question, now)
