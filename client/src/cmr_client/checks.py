"""Checks: may you contact this person? For one person, for many, or for everyone."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import httpx
import msgspec

from cmr_client.answers import (
    Answered,
    Decision,
    Mistake,
    Page,
    Purpose,
    Reservation,
    Suppression,
    Topic,
)
from cmr_client.calls import (
    Call,
    Step,
    body,
    delete,
    drop_missing,
    found,
    items,
    key_or_new,
    post,
    whole,
)
from cmr_client.contacts import Whom, contact_json
from cmr_client.transports import Group, Items, K, Lines, Operation, Steps

#: How many contacts a call may name, and how many a stream asks about in one.
MOST = 10_000
PIECE = 2_000


class Checks(Group[K]):
    """The calls of `Client` itself."""

    @Operation
    def check(
        self,
        contact: Whom,
        *,
        purpose: str,
        channel: str | None = None,
        topic: str | None = None,
        campaign: str | None = None,
        at: datetime | None = None,
        as_of: datetime | None = None,
        suppose: Sequence[Mapping[str, Any]] | None = None,
    ) -> Call[Decision]:
        """Check whether you may contact a person, now, `at` a future time or `as_of` a past one.

        `suppose` assumes choices of the person: `[{"scope": {…}, "decision": "deny"}]`.
        """
        matter = drop_missing({"purpose": purpose, "channel": channel, "topic": topic})
        more = drop_missing({"campaign": campaign, "at": at, "as_of": as_of, "suppose": suppose})
        said = {"contact": contact_json(contact), **matter, **more}
        return post("check", Decision, said, again=True)

    @Operation
    def check_each(
        self, contact: Whom, questions: Sequence[Mapping[str, str]]
    ) -> Call[list[Answered]]:
        """Ask up to 50 questions (`purpose`, `channel`, `topic`) about one state of a person."""
        said = {"contact": contact_json(contact), "questions": questions}
        return Call(
            method="POST", path="check", read=items(Answered), content=body(said), again=True
        )

    @Operation
    def check_many(
        self,
        contacts: Sequence[Whom],
        *,
        purpose: str,
        channel: str | None = None,
        topic: str | None = None,
        at: datetime | None = None,
        as_of: datetime | None = None,
        suppose: Sequence[Mapping[str, Any]] | None = None,
    ) -> Call[list[Decision | Mistake]]:
        """Check up to 10,000 contacts. Return one decision each, in the same order.

        An invalid contact gets a `Mistake`, which is not `allowed`. `at`, `as_of` and `suppose` are
        as in `check`.
        """
        matter = {"purpose": purpose, "channel": channel, "topic": topic}
        return _many(contacts, matter | {"at": at, "as_of": as_of, "suppose": suppose})

    def check_stream(
        self,
        contacts: Iterable[Whom],
        *,
        purpose: str,
        channel: str | None = None,
        topic: str | None = None,
    ) -> Items[tuple[Whom, Decision | Mistake], K]:
        """Yield each contact with its decision, in order, for any number of contacts.

        Contacts are read and checked 2,000 at a time while you iterate. After a lost answer only
        those are asked about again.
        """
        matter = {"purpose": purpose, "channel": channel, "topic": topic}
        return Items(self._transport, _stream(iter(contacts), matter))

    def suppressions(
        self,
        *,
        purpose: str,
        channel: str | None = None,
        topic: str | None = None,
        since: int | None = None,
    ) -> Lines[Suppression, K]:
        """Open the list of people whom you must not contact.

        With `since`, it lists only people with a change after that sequence, allowed or not. Use it
        as `with client.suppressions(…) as people:` and iterate over `people`. `people.through` is
        the next `since`.
        """
        asked = drop_missing(
            {"purpose": purpose, "channel": channel, "topic": topic, "since": since}
        )
        call = Call(
            method="GET",
            path="suppressions",
            read=_unread,
            query=asked,
            again=True,
            streamed=True,
            seconds=60.0,
        )
        return Lines(self._transport, call, Suppression)

    @Operation
    def purposes(self) -> Steps[list[Purpose]]:
        """List all purposes, with their regimes."""
        return whole("brand/purposes", Purpose)

    @Operation
    def topics(self) -> Steps[list[Topic]]:
        """List your topics."""
        return whole("brand/topics", Topic)


def _many(contacts: Sequence[Whom], matter: Mapping[str, Any]) -> Call[list[Decision | Mistake]]:
    said = {"contacts": [contact_json(each) for each in contacts], **drop_missing(matter)}
    return Call(
        method="POST", path="checks", read=_each, content=body(said), again=True, seconds=120.0
    )


def _each(answer: httpx.Response) -> list[Decision | Mistake]:
    page = msgspec.json.decode(answer.content, type=Page[dict[str, Any]])
    return [decision_or_mistake(each) for each in page.data]


def decision_or_mistake(said: Mapping[str, Any]) -> Decision | Mistake:
    if "error" in said:
        return msgspec.convert(said["error"], Mistake)
    return msgspec.convert(said, Decision)


def _stream(contacts: Iterator[Whom], matter: Mapping[str, Any]) -> Generator[Step, Any, None]:
    while piece := list(islice(contacts, PIECE)):
        decided = yield from _many(piece, matter)
        yield from found(list(zip(piece, decided, strict=True)))


def _unread(answer: httpx.Response) -> httpx.Response:
    return answer


class Sends(Group[K]):
    """Sends that count against people's limits."""

    @Operation
    def reserve(
        self,
        contact: Whom,
        *,
        purpose: str,
        channel: str | None = None,
        topic: str | None = None,
        campaign: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Reservation]:
        """Check whether you may send now and, if so, count the `send`.

        With an idempotency key of your own, a repeat of your program does not count twice.
        """
        matter = drop_missing(
            {"purpose": purpose, "channel": channel, "topic": topic, "campaign": campaign}
        )
        said = {"contact": contact_json(contact), **matter}
        return post("sends/reserve", Reservation, said, key=key_or_new(idempotency_key))

    @Operation
    def give_back(self, send: str) -> Call[None]:
        """Cancel a send that did not take place."""
        return delete(f"sends/{send}")
