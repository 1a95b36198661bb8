"""Events for brands about recorded choices, appended in the transaction that recorded them.

A choice about one brand is appended to its stream at once. A choice about any brand is queued for a
worker (`propagation`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from brands import events
from brands.events import NewEvent, publish_task, wake_subscriptions, wake_workers
from consent import brand_events
from consent.brand_events import CurrentState, EventTimes, Permissions, Recipient
from consent.models import LedgerEntry, Propagation, Subject
from core.db import Statement

PENDING_SQL = (
    "SELECT FROM consent_propagation WHERE subject_id = %(subject)s AND done_at IS NULL LIMIT 1"
)
PENDING = Statement(PENDING_SQL)


def notify_brands(
    person: Subject, entries: Sequence[LedgerEntry], *, named_id: uuid.UUID, now: datetime
) -> None:
    """Append the events about new entries of one person. Call it last in a transaction.

    *named_id* is the subject by which the choices came: where a brand has several relationships
    with the person, the one of this subject is notified first.
    """
    for_any_brand = [entry for entry in entries if entry.brand_id is None]
    _queue(for_any_brand)
    append_brand_events(list(_build_events(person, entries, named_id=named_id, now=now)))
    if for_any_brand:
        run_after_commit(partial(publish_task, "consent.propagate", str(person.pk)))


def _queue(entries: Sequence[LedgerEntry]) -> None:
    """Leave choices about any brand to a worker."""
    Propagation.objects.bulk_create(
        Propagation(entry=each, subject_id=each.subject_id, subject_seq=each.subject_seq)
        for each in entries
    )


def _build_events(
    person: Subject, entries: Sequence[LedgerEntry], *, named_id: uuid.UUID, now: datetime
) -> Iterator[NewEvent]:
    """Build the events, brand by brand. Each has the permissions after all the choices.

    Choices about any brand get events here only if they are older than one about the brand.
    """
    times = EventTimes(now)
    times.take_next()  # skips the choices' own time
    for_any = [entry for entry in entries if entry.brand_id is None]
    for_one = [entry for entry in entries if entry.brand_id is not None]
    # Only the first brand may read the exact time of choices about several brands. Otherwise any
    # two brands could match the person by it.
    for nth, brand_id in enumerate(dict.fromkeys(entry.brand_id for entry in for_one)):
        mine = [entry for entry in for_one if entry.brand_id == brand_id]
        states = _read_states(person, brand_id, mine, named_id)
        recipients = [(state.recipient, state.permissions(now)) for state in states]
        told = set[uuid.UUID]()
        for entry in mine:
            if entry is mine[0] or for_any:
                newer = {each.pk for each in for_any if each.subject_seq > entry.subject_seq}
                for event in _build_older_events(states, person, times, newer):
                    if event.cause not in told:
                        told.add(event.cause)
                        yield event
            yield from build_entry_events(
                entry, recipients, times=times, now=now, is_direct=nth == 0
            )


def _build_older_events(
    states: Iterable[CurrentState], person: Subject, times: EventTimes, newer: set[uuid.UUID]
) -> Iterator[NewEvent]:
    for state in states:
        yield from build_pending_events(state, person.pk, times, unless=newer)


def _read_states(
    person: Subject, brand_id: int | None, entries: Sequence[LedgerEntry], named_id: uuid.UUID
) -> list[CurrentState]:
    """Return the state for each relationship that an entry concerns, the named one first."""
    known = brand_events.find_active_recipients(person.pk, brand_id)
    return [
        brand_events.read_current_state(recipient, person.pk, person.jurisdiction)
        for recipient in sorted(known, key=lambda one: one.subject_id != named_id)
        if any(brand_events.is_concerned(entry, recipient) for entry in entries)
    ]


def build_entry_events(
    entry: LedgerEntry,
    recipients: Iterable[tuple[Recipient, Permissions]],
    *,
    times: EventTimes,
    now: datetime,
    is_direct: bool,
    due: Callable[[LedgerEntry, datetime], datetime | None] | None = None,
) -> Iterator[NewEvent]:
    """Build the events about one entry for the recipients that it concerns, in their order.

    A choice about one contact point goes to its own relationship only: the brand must not learn
    which other addresses belong to the person. With *is_direct* the first event has the entry's own
    time. The others count in no metric. *due* is as for `brand_events.build_choice_event`.
    """
    concerned = [each for each in recipients if brand_events.is_concerned(entry, each[0])]
    for nth, (recipient, permissions) in enumerate(concerned):
        direct = is_direct and nth == 0
        yield brand_events.build_choice_event(
            entry,
            recipient,
            permissions,
            at=now if direct else times.take_next(),
            direct=direct,
            again=nth > 0,
            due=due,
        )


def build_pending_events(
    standing: CurrentState,
    person_id: uuid.UUID,
    times: EventTimes,
    *,
    unless: Collection[uuid.UUID] = (),
) -> Iterator[NewEvent]:
    """Yield events for choices about any brand that this brand has not received yet, oldest first.

    Leave out the entries in *unless*. Append these before the event of any later change, so that
    the stream keeps the order.
    """
    if not PENDING.ask({"subject": person_id}):
        return
    recipient = standing.recipient
    for each in Propagation.objects.pending(person_id):
        if each.pk in unless or not brand_events.is_concerned(each.entry, recipient):
            continue
        if events.has_event(recipient.brand_id, brand_events.build_cause(each.entry, recipient)):
            continue
        at = times.take_next()
        yield brand_events.build_choice_event(
            each.entry, recipient, standing.permissions(at), at=at, direct=False
        )


def append_brand_events(new: Sequence[NewEvent]) -> None:
    """Append events to the streams, and wake the workers after the commit.

    Call it last in a transaction.
    """
    run_after_commit(partial(wake_subscriptions, list(events.append_event(new))))


def wake_brand(brand_id: int) -> None:
    """Wake the workers for one brand's stream after the commit."""
    run_after_commit(partial(wake_workers, {brand_id}))


def run_after_commit(wake: Callable[[], object]) -> None:
    """Call *wake* after the commit. An error in *wake* must not look like a failed change."""
    transaction.on_commit(wake, robust=True)
