"""Prepare: take a subscription's lease, and read the events of its next round."""

from __future__ import annotations

import uuid
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from brands.events import read_window
from brands.models import Subscription
from brands.webhooks import leases
from brands.webhooks.delivery import quarantine
from brands.webhooks.delivery.batching import PendingEvent
from brands.webhooks.filters import build_filter
from brands.webhooks.leases import Lease
from brands.webhooks.signing import Signer
from brands.webhooks.signing_keys import build_signer

#: Events that a round reads: for one request each, and for batches.
SINGLE_EVENTS, BATCHED_EVENTS = 500, 2_000
#: Requests of a round while the endpoint fails: enough to see whether it still does.
PROBE_REQUESTS = 16


@dataclass(frozen=True, slots=True)
class Round:
    """What a worker sends under its lease before it saves how that went."""

    lease: Lease
    events: Sequence[PendingEvent]
    signer: Signer
    #: The last sequence that was read.
    through: int
    #: Whether the subscription has quarantined events.
    has_quarantine: bool
    #: How many of these are suspects.
    suspects: int
    #: Whether the stream may have more events.
    is_full: bool
    #: New events of people who wait in quarantine: they join them there.
    held_back: Sequence[PendingEvent] = ()

    def advance_cursor(self, *, left: Set[int]) -> dict[str, object]:
        """Return the subscription's new `cursor` and `ahead`, if the sequences *left* remain.

        Example: the cursor is at 10, and the round carried 11, 12 and 13. If 12 is left, the
        cursor moves to 11, and `ahead` holds 13, so that it is not sent again.
        """
        carried = (*self.events, *self.held_back)
        seen = {event.sequence for event in carried if not event.quarantined}
        done = seen.union(self.lease.subscription.ahead) - left
        cursor = min(left) - 1 if left else self.through
        return {"cursor": cursor, "ahead": sorted(each for each in done if each > cursor)}


def take_round(subscription_id: uuid.UUID) -> Round | None:
    """Take the lease and return the first round; None if nothing is due, or the lease is taken."""
    lease = leases.take_lease(subscription_id)
    return prepare_round(lease) if lease else None


def prepare_round(lease: Lease) -> Round | None:
    """Return the next round under *lease*. If nothing is left, release the lease, return None."""
    while not (round_ := _read_round(lease)).events:
        if round_.through == lease.subscription.cursor:
            leases.release_lease(lease)
            return None
        if not _skip_round(round_):
            return None
    return round_


def prepare_following(round_: Round) -> Round | None:
    """Return the round after *round_*, read while that one is still being sent.

    It holds only if *round_* is delivered as a whole. Return None if *round_* is the last one, or
    if the quarantine has to be looked at first.
    """
    lease, subscription = round_.lease, round_.lease.subscription
    if round_.has_quarantine or not round_.is_full or quarantine.count_events(subscription)[1]:
        return None
    limit = _choose_limit(subscription)
    events, through = _read_stream(subscription, limit, after=round_.through)
    if not events:
        return None
    is_full = len(events) == limit
    return replace(round_, lease=lease, events=events, through=through, is_full=is_full)


def _read_round(lease: Lease) -> Round:
    """Read the due events of the quarantine first, then those of the stream."""
    subscription = lease.subscription
    limit = _choose_limit(subscription)
    suspects, quarantined = quarantine.count_events(subscription)
    retried = _read_quarantine(subscription, limit) if quarantined else []
    fresh: list[PendingEvent] = []
    through = subscription.cursor
    if len(retried) < limit:
        fresh, through = _read_stream(subscription, limit, after=subscription.cursor)
    waiting = _find_waiting(subscription, fresh) if quarantined else set()
    return Round(
        lease=lease,
        events=retried + [event for event in fresh if event.subject not in waiting],
        signer=build_signer(subscription, now=timezone.now()),
        through=through,
        has_quarantine=quarantined > 0,
        suspects=suspects,
        is_full=len(fresh) == limit,
        held_back=[event for event in fresh if event.subject in waiting],
    )


def _choose_limit(subscription: Subscription) -> int:
    """Return how many events to read."""
    if subscription.failures:
        return PROBE_REQUESTS * subscription.batch
    return SINGLE_EVENTS if subscription.batch == 1 else BATCHED_EVENTS


def _read_quarantine(subscription: Subscription, limit: int) -> list[PendingEvent]:
    return quarantine.list_due_events(subscription, limit=limit)


def _read_stream(
    subscription: Subscription, limit: int, *, after: int
) -> tuple[list[PendingEvent], int]:
    """Return the wanted events behind *after* that were not delivered, and how far it looked."""
    wanted = build_filter(subscription)
    rows, through = read_window(subscription.brand_id, after=after, limit=limit, wanted=wanted)
    ahead = set(subscription.ahead)
    return [PendingEvent(*row) for row in rows if row[0] not in ahead], through


def _find_waiting(subscription: Subscription, events: Sequence[PendingEvent]) -> set[uuid.UUID]:
    subjects = {event.subject for event in events}
    return quarantine.find_waiting_subjects(subscription, subjects)


def _skip_round(round_: Round) -> bool:
    """Move the cursor behind a round without events. Return False if the lease was lost."""
    with transaction.atomic():
        quarantine.join_waiting(round_.lease.subscription, round_.held_back)
        return leases.renew_lease(round_.lease, **round_.advance_cursor(left=frozenset()))
