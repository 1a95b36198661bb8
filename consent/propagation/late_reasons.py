"""Reasons that a person gives after a choice. An opt-out does not wait for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from brands.events import NewEvent
from consent import brand_events, ledger
from consent.brand_events import EventTimes
from consent.models import Explanation, LedgerEntry, Subject


class NothingToExplain(ValueError):
    """A reason for a choice that restricts nothing.

    Only a refusal, a pause or a limit has a reason.
    """


def record_late_reason(entry: LedgerEntry, reason: str, *, now: datetime) -> bool:
    """Store *reason* with the entry and notify its brand.

    Return False if a reason is known already.

    No brand is notified of a reason for a choice about any brand: which brand caused the choice is
    the person's own affair.

    Raises:
        NothingToExplain: the entry is neither a refusal nor a pause nor a limit.
    """
    if entry.decision not in brand_events.TAKES_AWAY:
        raise NothingToExplain(f"a {entry.decision} needs no reason")
    with transaction.atomic():
        person = ledger.lock_subject(entry.subject_id)
        row = {"reason": reason, "given_at": now}
        _, is_new = Explanation.objects.get_or_create(
            subject_id=entry.subject_id, entry=entry, defaults=row
        )
        if entry.reason or not is_new:
            return False
        ledger.append_brand_events(list(_build_notices(entry, person, reason, now)))
    return True


def _build_notices(
    entry: LedgerEntry, person: Subject, reason: str, now: datetime
) -> Iterator[NewEvent]:
    times = EventTimes(now)
    for recipient in brand_events.find_active_recipients(person.pk, entry.brand_id):
        if brand_events.is_concerned(entry, recipient):
            standing = brand_events.read_current_state(recipient, person.pk, person.jurisdiction)
            at = times.take_next()
            yield brand_events.build_reason_event(
                entry, recipient, reason, standing.permissions(at), at=at
            )
