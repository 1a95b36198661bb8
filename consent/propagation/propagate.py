"""Propagation of choices about any brand into each concerned brand's stream.

Each brand has its own small transaction, so a person with hundreds of brands holds no lock for
long. Each may be repeated: a stream accepts a cause only once, and the person's row is locked
meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from brands import events
from brands.events import NewEvent
from consent import brand_events, ledger
from consent.brand_events import EventTimes
from consent.models import LedgerEntry, Propagation, Relationship, Subject


def list_waiting_subjects(limit: int = 200) -> list[uuid.UUID]:
    """Return the subjects with pending choices, the longest waiting first."""
    pending = Propagation.objects.filter(done_at=None).order_by("pk")
    return list(dict.fromkeys(pending.values_list("subject_id", flat=True)[:limit]))


def propagate_choices(subject_id: uuid.UUID, *, now: datetime) -> int:
    """Notify every concerned brand of this person's pending choices. Return how many were notified.

    An older choice goes into all streams before a newer one goes into any.
    """
    told = 0
    times = EventTimes(now)
    for each in Propagation.objects.pending(subject_id):
        brands = Relationship.objects.active().filter(person=subject_id).order_by("brand_id")
        for brand_id in brands.values_list("brand_id", flat=True).distinct():
            told += _tell(each, brand_id, times)
        _finish(each, now)
    return told


def _tell(pending: Propagation, brand_id: int, times: EventTimes) -> bool:
    with transaction.atomic():
        person = ledger.lock_subject(pending.subject_id)
        # Another worker may have finished it meanwhile. A relationship that began since was told
        # what stood then, and perhaps newer choices.
        if not Propagation.objects.filter(subject=person, pk=pending.pk, done_at=None).exists():
            return False
        new = list(_build_notices(pending.entry, person, brand_id, times))
        ledger.append_brand_events(new)
    return bool(new)


def _build_notices(
    entry: LedgerEntry, person: Subject, brand_id: int, times: EventTimes
) -> Iterator[NewEvent]:
    """Build the events for one brand, one for each concerned relationship with the person."""
    counts = True
    for recipient in brand_events.find_active_recipients(person.pk, brand_id):
        if not brand_events.is_concerned(entry, recipient):
            continue
        again, counts = not counts, False
        if events.has_event(brand_id, brand_events.build_cause(entry, recipient)):
            continue
        standing = brand_events.read_current_state(recipient, person.pk, person.jurisdiction)
        at = times.take_next()
        yield brand_events.build_choice_event(
            entry, recipient, standing.permissions(at), at=at, direct=False, again=again
        )


def _finish(pending: Propagation, now: datetime) -> None:
    """Mark it as done, unless the person was merged meanwhile.

    A merge may have left brands out. The next sweep then repeats it under the remaining subject.
    """
    with transaction.atomic():
        if ledger.lock_subject(pending.subject_id).pk == pending.subject_id:
            mine = Propagation.objects.filter(subject=pending.subject_id, pk=pending.pk)
            mine.update(done_at=now)
