"""The change feed: every change that concerns a brand, in order."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import msgspec

from cmr_client.answers import Event, EventType, Feed, Gap
from cmr_client.calls import Call, Step, found, get, post, whole
from cmr_client.problems import retry_after
from cmr_client.transports import Group, Items, K, Operation, Steps

#: Events in one answer, at most, and seconds that a call may wait for one.
MOST = 1_000
LONGEST_WAIT = 30


@dataclass(frozen=True, kw_only=True)
class _Feed:
    data: list[msgspec.Raw]
    next_cursor: int | None
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Newest:
    sequence: int


@dataclass(frozen=True, kw_only=True)
class _Ack:
    through: int


class Events(Group[K]):
    """The change feed, and the confirmation that you applied it."""

    def read(self, *, after: int = 0) -> Items[Event, K]:
        """Yield the events after a sequence, up to the newest.

        Raises:
            BeyondStream: the service was restored from a backup; delete your copy and start again.
        """
        return Items(self._transport, _read_events(after))

    def follow(self, *, after: int = 0, wait: int = LONGEST_WAIT) -> Items[Event, K]:
        """Yield the events after a sequence without end, each as it is committed.

        `wait` is the longest time that one call waits, in seconds.

        Raises:
            BeyondStream: as in `read`, also while it follows.
        """
        return Items(self._transport, _follow(after, wait))

    @Operation
    def page(self, *, after: int = 0, limit: int = 100, wait: int = 0) -> Call[Feed]:
        """Return one page of the feed."""
        return _page(after, limit=limit, wait=wait)

    @Operation
    def newest(self) -> Steps[int]:
        """Return the sequence of the newest event, or 0 if there is none."""
        return _newest()

    @Operation
    def overdue(self, *, after: int = 0, limit: int = 100) -> Call[Feed]:
        """List the events that you have not confirmed by their `honour_by`."""
        query = {"after": after, "limit": limit}
        return Call(method="GET", path="events/overdue", read=_feed, query=query, again=True)

    @Operation
    def ack(self, *, through: int) -> Steps[int]:
        """Confirm all events up to *applied*. Return the highest confirmed sequence."""
        return _ack(through)

    @Operation
    def types(self) -> Steps[list[EventType]]:
        """List all event types, each with its schema and an example."""
        return whole("event-types", EventType)


def _page(after: int, *, limit: int = MOST, wait: int = 0) -> Call[Feed]:
    query = {"after": after, "limit": limit} | ({"wait": wait} if wait else {})
    return Call(method="GET", path="events", read=_feed, query=query, again=True, seconds=wait + 30)


def _feed(answer: httpx.Response) -> Feed:
    read = msgspec.json.decode(answer.content, type=_Feed)
    return Feed(
        events=[event_of(bytes(each)) for each in read.data],
        next_cursor=read.next_cursor,
        retry_after=retry_after(answer),
        gaps=read.gaps,
    )


def event_of(body: bytes) -> Event:
    return replace(msgspec.json.decode(body, type=Event), body=body)


def _read_events(after: int) -> Generator[Step, Any, None]:
    while True:
        feed = yield from _page(after)
        yield from found(feed.events)
        if feed.next_cursor is None:
            return
        after = feed.next_cursor


def _follow(after: int, wait: int) -> Generator[Step, Any, None]:
    while True:
        feed = yield from _page(after, wait=wait)
        yield from found(feed.events)
        if feed.events:
            after = feed.events[-1].sequence
        elif feed.retry_after:
            yield feed.retry_after


def _newest() -> Generator[Step, Any, int]:
    newest = yield from get("events/newest", _Newest)
    return newest.sequence


def _ack(through: int) -> Generator[Step, Any, int]:
    confirmed = yield from post("events/ack", _Ack, {"through": through}, again=True)
    return confirmed.through
