"""Quarantine: events that the cursor has passed and that are still to be sent.

Note [Quarantine]. If an endpoint refuses one event and takes others, that event must not hold up
everybody. It is quarantined, and with it all later events of the same person, so that this person's
order holds.

- *suspect*: nothing else was accepted since, so the endpoint may be at fault and not the event. It
  is retried on the schedule, and at once when another event is accepted.
- *parked* (no `retry_at`): refused while others were accepted, or again as a suspect. It waits
  until the brand asks for a replay.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from brands.events import insert_reference
from brands.models import QuarantinedEvent, Subscription
from brands.webhooks.delivery.batching import PendingEvent
from core.db import Statement, match_any

#: Counts stop here.
MAX_COUNT = 1_000
#: What the column takes.
MAX_REFUSALS = 30_000
#: It is retried later, or not at all.
WAITS = Q(retry_at=None) | Q(retry_at__gt=Now())
KEY = ("subscription", "sequence")

# It stays SQL: it runs twice a delivery, and by the ORM it took twenty times as long.
COUNTS = Statement(
    "SELECT count(*) FILTER (WHERE suspect), count(*) FROM (SELECT suspect"
    " FROM brands_quarantinedevent"
    " WHERE brand_id = %(brand)s AND subscription_id = %(subscription)s"
    f" LIMIT {MAX_COUNT}) AS first"
)
# It stays SQL: the join with the events has no foreign key.
DUE_EVENTS = Statement(
    "SELECT e.sequence, e.uid, e.subject, e.timestamp, e.body, head.ref, q.refusals"
    " FROM brands_quarantinedevent q"
    " JOIN brands_event e ON e.brand_id = %(brand)s AND e.sequence = q.sequence"
    " LEFT JOIN brands_subjecthead head"
    " ON head.brand_id = e.brand_id AND head.subject = e.subject"
    " WHERE q.brand_id = %(brand)s AND q.subscription_id = %(subscription)s"
    " AND q.retry_at <= statement_timestamp()"
    # No event overtakes an earlier one of the same person that waits.
    " AND NOT EXISTS (SELECT FROM brands_quarantinedevent b"
    "  WHERE b.brand_id = q.brand_id AND b.subscription_id = q.subscription_id"
    "  AND b.subject = q.subject AND b.sequence < q.sequence"
    "  AND (b.retry_at IS NULL OR b.retry_at > statement_timestamp()))"
    " ORDER BY q.sequence LIMIT %(limit)s"
)


def count_events(subscription: Subscription) -> tuple[int, int]:
    """Return how many suspects and how many quarantined events there are, up to `MAX_COUNT`."""
    ((suspects, quarantined),) = COUNTS.ask(_name(subscription))
    return suspects, quarantined


def list_due_events(subscription: Subscription, *, limit: int) -> list[PendingEvent]:
    """Return the quarantined events to retry now, in the order of the stream."""
    given = _name(subscription) | {"limit": limit}
    return [
        PendingEvent(sequence, uid, subject, timestamp, insert_reference(body, ref), True, refusals)
        for sequence, uid, subject, timestamp, body, ref, refusals in DUE_EVENTS.ask(given)
    ]


def find_waiting_subjects(
    subscription: Subscription, subjects: Iterable[uuid.UUID]
) -> set[uuid.UUID]:
    """Return those of *subjects* who have a quarantined event that waits."""
    rows = _filter(subscription).filter(WAITS, subject__in=match_any(subjects, "uuid"))
    return set(rows.values_list("subject", flat=True))


def remove_delivered(subscription: Subscription, sequences: Sequence[int]) -> None:
    if sequences:
        _filter(subscription).filter(sequence__in=sequences).delete()


def judge_suspects(subscription: Subscription) -> None:
    """Park suspects that were refused twice and retry the others now: another event passed.

    Both apply to all quarantined events of a suspect's person.
    """
    mine = _filter(subscription)
    guilty = mine.filter(suspect=True, refusals__gt=1).values("subject")
    mine.filter(subject__in=guilty).update(retry_at=None, suspect=False)
    waiting = mine.filter(suspect=True, retry_at__gt=Now()).values("subject")
    mine.filter(subject__in=waiting).update(retry_at=Now())


def add_refused(
    subscription: Subscription,
    event: PendingEvent,
    followers: Iterable[PendingEvent],
    *,
    status: int | None,
    wait: timedelta | None,
) -> None:
    """Quarantine a refused event and its person's later ones, *followers*; without *wait*, park it.

    *status* is the HTTP status of the refusal.
    """
    retry_at = None if wait is None else Now() + wait
    refused = _build(subscription, event, retry_at=retry_at)
    refused.status, refused.suspect = status, wait is not None
    refused.refusals = min(event.refusals + 1, MAX_REFUSALS)
    _put([refused], ["retry_at", "suspect", "status", "refusals"])
    later = [_build(subscription, each, retry_at=retry_at) for each in followers]
    _put(later, ["retry_at", "suspect"])


def join_waiting(subscription: Subscription, events: Sequence[PendingEvent]) -> None:
    """Quarantine new events of people who wait: each is retried when its person's last one is.

    Accepted race: a replay that is asked for between the two statements does not count for the
    new events; they stay parked until the next replay.
    """
    if not events:
        return
    subjects = match_any({event.subject for event in events}, "uuid")
    newest = _filter(subscription).filter(subject__in=subjects)
    newest = newest.order_by("subject", F("sequence").desc()).distinct("subject")
    times = dict(newest.values_list("subject", "retry_at"))
    rows = [_build(subscription, each, retry_at=times.get(each.subject)) for each in events]
    QuarantinedEvent.objects.bulk_create(rows, ignore_conflicts=True)


def _name(subscription: Subscription) -> dict[str, object]:
    """Return what names a subscription in a statement: with its brand, the distribution column."""
    return {"brand": subscription.brand_id, "subscription": subscription.pk}


def _filter(subscription: Subscription) -> QuerySet[QuarantinedEvent]:
    return QuarantinedEvent.objects.filter(brand=subscription.brand_id, subscription=subscription)


def _build(
    subscription: Subscription, event: PendingEvent, *, retry_at: datetime | Combinable | None
) -> QuarantinedEvent:
    return QuarantinedEvent(
        brand_id=subscription.brand_id,
        subscription=subscription,
        sequence=event.sequence,
        subject=event.subject,
        quarantined_at=Now(),
        retry_at=retry_at,
    )


def _put(rows: Sequence[QuarantinedEvent], changes: Sequence[str]) -> None:
    """Insert *rows*. Of those that are there already, update the fields in *changes*."""
    QuarantinedEvent.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=KEY, update_fields=changes
    )
