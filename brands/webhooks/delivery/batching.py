"""Batching: which events go into one request, and which must wait for each other. Pure.

Note [Order]. A partition holds events in the order of the stream and is sent one request after the
other; different partitions are in flight together. All events of a person are in one partition, so
one person's events arrive in order and people do not wait for each other. Where a request carries
one event, each person has a partition.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

#: A request does not grow beyond this, unless one event alone is larger.
MAX_REQUEST_BYTES = 500_000


class PendingEvent(NamedTuple):
    """An event to send."""

    sequence: int
    uid: uuid.UUID
    subject: uuid.UUID
    timestamp: datetime
    body: bytes
    #: It is behind the cursor: a `QuarantinedEvent` says that it is to be sent.
    quarantined: bool = False
    #: How often it was refused before.
    refusals: int = 0


#: The events of some people, in the order of the stream.
Partition = deque[PendingEvent]


class WebhookRequest(NamedTuple):
    """The events of one request.

    The same `webhook_id` always means the same bytes, unless the brand's reference for the person
    changed meanwhile.
    """

    events: Sequence[PendingEvent]
    webhook_id: str
    message: uuid.UUID
    body: bytes


def build_request(events: Sequence[PendingEvent], *, batch: int) -> WebhookRequest:
    """Return the request that carries *events*; with a *batch* above 1, one event is a batch too.

    *batch* is the subscription's limit of events in a request.
    """
    if batch == 1:
        (event,) = events
        return WebhookRequest(events, f"evt_{event.uid.hex}", event.uid, event.body)
    message = uuid.UUID(bytes=_hash_ids(events))
    return WebhookRequest(events, f"bat_{message.hex}", message, _join_bodies(events))


def partition_events(
    events: Sequence[PendingEvent], *, batch: int, concurrency: int
) -> deque[Partition]:
    """Split *events* into partitions: one a person or, with batches, as many as fill requests."""
    if batch == 1:
        return _group(events, [event.subject.int for event in events])
    count = max(1, min(concurrency, len(events) // batch))
    return _group(events, [event.subject.int % count for event in events])


def take_events(partition: Partition, *, batch: int, skipped: set[uuid.UUID]) -> list[PendingEvent]:
    """Remove the next events of one request from *partition*, and return them.

    Events of *skipped* people are removed and left out.
    """
    taken: list[PendingEvent] = []
    size = 0
    while partition and len(taken) < batch:
        size += len(partition[0].body)
        if taken and size > MAX_REQUEST_BYTES:
            break
        event = partition.popleft()
        if event.subject not in skipped:
            taken.append(event)
    return taken


def _group(events: Iterable[PendingEvent], keys: Iterable[int]) -> deque[Partition]:
    partitions: dict[int, Partition] = {}
    for event, key in zip(events, keys, strict=True):
        partition = partitions.get(key)
        if partition is None:
            partition = partitions[key] = deque()
        partition.append(event)
    return deque(partitions.values())


def _hash_ids(events: Iterable[PendingEvent]) -> bytes:
    return hashlib.blake2b(b"".join(event.uid.bytes for event in events), digest_size=16).digest()


def _join_bodies(events: Sequence[PendingEvent]) -> bytes:
    """Return a batch of the frozen bodies; its timestamp is that of the last event."""
    timestamp = orjson.dumps(events[-1].timestamp, option=orjson.OPT_UTC_Z)
    bodies = b",".join(event.body for event in events)
    return b'{"type":"events.batch","timestamp":%b,"data":[%b]}' % (timestamp, bodies)
