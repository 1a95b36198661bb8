"""What goes out in one request, and what must wait for what. Pure.

Note [Order]. A lane holds the events of some people, in the order of the stream, and is sent one
parcel after the other; different lanes are in flight together. All events of a person are in one
lane. So one person's events arrive in order, and people do not wait for each other: where a
request carries one event, each person has a lane.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

#: A request does not grow beyond this, unless one event alone does.
MAX_PARCEL_BYTES = 500_000


class Item(NamedTuple):
    """One event to be sent."""

    sequence: int
    uid: uuid.UUID
    subject: uuid.UUID
    timestamp: datetime
    body: bytes
    #: It is behind the cursor: a `SetAside` says that it is to be sent.
    set_aside: bool = False
    #: How often it was refused before.
    refusals: int = 0


class Parcel(NamedTuple):
    """The events of one request. The same `webhook_id` always means the same bytes, unless the
    brand's reference changed meanwhile."""

    items: Sequence[Item]
    webhook_id: str
    message: uuid.UUID
    body: bytes


def parcel_of(items: Sequence[Item], *, batch: int) -> Parcel:
    """For a subscription that takes batches, even one event is sent as a batch of one."""
    if batch == 1:
        (item,) = items
        return Parcel(items, f"evt_{item.uid.hex}", item.uid, item.body)
    message = uuid.UUID(bytes=_digest(items))
    return Parcel(items, f"bat_{message.hex}", message, _joined(items))


def _digest(items: Iterable[Item]) -> bytes:
    return hashlib.blake2b(b"".join(item.uid.bytes for item in items), digest_size=16).digest()


def _joined(items: Sequence[Item]) -> bytes:
    """A body of the frozen bodies; the batch's timestamp is its last event's."""
    timestamp = orjson.dumps(items[-1].timestamp, option=orjson.OPT_UTC_Z)
    events = b",".join(item.body for item in items)
    return b'{"type":"events.batch","timestamp":%b,"data":[%b]}' % (timestamp, events)


class Lane:
    """Events that go out one parcel after the other, in the order of the stream."""

    def __init__(self) -> None:
        self.items: deque[Item] = deque()

    def next(self, *, batch: int, without: set[uuid.UUID]) -> list[Item]:
        """Take the next at most *batch* events, leaving out those of people who stand aside."""
        taken: list[Item] = []
        size = 0
        while self.items and len(taken) < batch:
            size += len(self.items[0].body)
            if taken and size > MAX_PARCEL_BYTES:
                break
            item = self.items.popleft()
            if item.subject not in without:
                taken.append(item)
        return taken


def lanes_of(items: Sequence[Item], *, batch: int, width: int) -> deque[Lane]:
    """Spread *items* over lanes; with batches, over as many as there are full requests for."""
    if batch == 1:
        return _by(items, [item.subject.int for item in items])
    count = max(1, min(width, len(items) // batch))
    return _by(items, [item.subject.int % count for item in items])


def _by(items: Iterable[Item], keys: Iterable[int]) -> deque[Lane]:
    lanes: dict[int, Lane] = {}
    for item, key in zip(items, keys, strict=True):
        lane = lanes.get(key)
        if lane is None:
            lane = lanes[key] = Lane()
        lane.items.append(item)
    return deque(lanes.values())
