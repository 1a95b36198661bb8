"""Carrying a brand's stream to one endpoint.

Note [Order]. Events of one person go out one after the other; different people are in flight
together. The cursor moves to the end of the unbroken run of delivered events. What was delivered
beyond it stands in the attempts and is not sent again.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from brands import leases, outbound, retries, signing, stream, webhooks
from brands.leases import Lease
from brands.models import Attempt, Event, Outcome, Subscription

BATCH = 500
IN_FLIGHT = 16


@dataclass(frozen=True, slots=True)
class Try:
    """One event and how sending it ended."""

    event: Event
    started_at: datetime
    answer: outbound.Answer

    @property
    def delivered(self) -> bool:
        return self.answer.outcome is Outcome.DELIVERED


def due() -> list[uuid.UUID]:
    """The subscriptions that somebody should deliver to now, longest waiting first."""
    rows = Subscription.objects.due(Now()).order_by("next_try_at")
    return list(rows.values_list("id", flat=True)[:1_000])


def deliver(subscription_id: uuid.UUID) -> int:
    """Deliver whatever is due for one subscription; return how many events were delivered.

    Does nothing where another worker holds the lease. That worker, having let go, looks once
    more; so an event committed meanwhile is not forgotten until the next sweep.
    """
    delivered = 0
    while lease := leases.take(subscription_id):
        try:
            delivered += _drain(lease)
        finally:
            leases.let_go(lease)
    return delivered


def _drain(lease: Lease) -> int:
    """Send batch after batch until the end of the stream, a failure, or the loss of the lease."""
    delivered = 0
    while events := stream.read(
        lease.subscription.brand_id, after=lease.subscription.cursor, limit=BATCH
    ):
        wanted = _still_to_send(lease.subscription, events)
        tries = _send(lease, wanted)
        delivered += sum(each.delivered for each in tries)
        if not _settle(lease, tries, cursor=_end_of_run(events, wanted, tries)):
            break
    return delivered


def _still_to_send(subscription: Subscription, events: Sequence[Event]) -> list[Event]:
    """The events that the subscription asked for and has not yet got."""
    got = _delivered_beyond(subscription)
    wanted = [
        e for e in events if any(webhooks.matches(p, e.type) for p in subscription.event_types)
    ]
    return [event for event in wanted if event.sequence not in got]


def _delivered_beyond(subscription: Subscription) -> set[int]:
    attempts = subscription.attempts.filter(
        sequence__gt=subscription.cursor, outcome=Outcome.DELIVERED
    )
    return set(attempts.values_list("sequence", flat=True))


# -- Sending -----------------------------------------------------------------------------------


class _Sender:
    """One event loop with its connections, which a worker thread keeps from task to task."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.session = self.runner.run(self._open())
        atexit.register(self.close)

    async def _open(self) -> aiohttp.ClientSession:
        return outbound.client()

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # its thread is still sending: the process ends it
            self.runner.run(self.session.close())


_of_thread = threading.local()


def _sender() -> _Sender:
    if not hasattr(_of_thread, "sender"):
        _of_thread.sender = _Sender()
    sender: _Sender = _of_thread.sender
    return sender


def _send(lease: Lease, events: Sequence[Event]) -> list[Try]:
    if not events:
        return []
    sender = _sender()
    return sender.runner.run(_send_all(_Batch(sender.session, lease), events))


async def _send_all(batch: _Batch, events: Sequence[Event]) -> list[Try]:
    # Connections that the other side closed since the last task are seen, and dropped, here.
    await asyncio.sleep(0)
    await asyncio.gather(*(batch.send_in_order(chain) for chain in _by_person(events)))
    return batch.tries


def _by_person(events: Iterable[Event]) -> list[list[Event]]:
    chains: dict[uuid.UUID, list[Event]] = {}
    for event in events:
        chains.setdefault(event.subject, []).append(event)
    return list(chains.values())


class _Batch:
    """What the people of one batch share: the connections in flight, the tries, the end."""

    def __init__(self, session: aiohttp.ClientSession, lease: Lease) -> None:
        self.session = session
        self.lease = lease
        self.slots = asyncio.Semaphore(IN_FLIGHT)
        self.ends = time.monotonic() + settings.DELIVERY_BUDGET_SECONDS
        self.failed = False
        self.tries: list[Try] = []
        now = timezone.now()
        self.secrets = webhooks.secrets_of(lease.subscription, now=now)

    @property
    def goes_on(self) -> bool:
        return not self.failed and time.monotonic() < self.ends and self.lease.has_time

    async def send_in_order(self, chain: Sequence[Event]) -> None:
        for event in chain:
            async with self.slots:
                if not self.goes_on:
                    return
                await self._send(event)

    async def _send(self, event: Event) -> None:
        started_at = timezone.now()
        body = bytes(event.body)
        headers = signing.headers(
            webhook_id=f"evt_{event.uid.hex}", sent_at=started_at, body=body, secrets=self.secrets
        )
        headers["content-type"] = "application/json"
        answer = await outbound.post(
            self.session, self.lease.subscription.url, body=body, headers=headers
        )
        done = Try(event, started_at, answer)
        self.tries.append(done)
        self.failed = self.failed or not done.delivered


# -- Settling ----------------------------------------------------------------------------------


def _settle(lease: Lease, tries: Sequence[Try], *, cursor: int) -> bool:
    """Write down the tries and move the cursor with them; False when there is to be no next batch.

    The attempts are kept even where the lease was lost: they happened.
    """
    failure = next((each for each in tries if not each.delivered), None)
    changes = _after_failure(lease.subscription, failure) if failure else _after_success(tries)
    with transaction.atomic():
        Attempt.objects.bulk_create([_attempt(lease.subscription, each) for each in tries])
        held = leases.keep(lease, cursor=cursor, **changes)
    lease.subscription.cursor = cursor
    return held and failure is None


def _end_of_run(events: Sequence[Event], wanted: Sequence[Event], tries: Sequence[Try]) -> int:
    """The sequence up to which nothing is left to do."""
    left = {event.sequence for event in wanted}
    left -= {each.event.sequence for each in tries if each.delivered}
    return min(left) - 1 if left else events[-1].sequence


def _after_success(tries: Sequence[Try]) -> dict[str, object]:
    return {"failures": 0, "failing_since": None} if tries else {}


def _after_failure(subscription: Subscription, failure: Try) -> dict[str, object]:
    since = subscription.failing_since or failure.started_at
    changes: dict[str, object] = {
        "failures": subscription.failures + 1,
        "failing_since": since,
        "next_try_at": Now() + retries.wait_after(subscription.failures, failure.answer),
    }
    if failure.answer.status == 410:
        changes |= {"disabled_at": Now(), "disabled_reason": "gone"}
    elif failure.started_at - since > retries.GIVE_UP_AFTER:
        changes |= {"disabled_at": Now(), "disabled_reason": "failing"}
    return changes


def _attempt(subscription: Subscription, each: Try) -> Attempt:
    return Attempt(
        subscription=subscription,
        sequence=each.event.sequence,
        started_at=each.started_at,
        latency_ms=each.answer.latency_ms,
        outcome=each.answer.outcome,
        status=each.answer.status,
        answer=each.answer.text if each.answer.status else "",
    )
