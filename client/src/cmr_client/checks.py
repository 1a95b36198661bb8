"""May I? Of one person, of many, and of everyone."""

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
from cmr_client.calls import Call, Step, body, delete, found, given, items, key_or_new, post, whole
from cmr_client.contacts import Whom, said_of
from cmr_client.transports import Group, Items, K, Lines, Operation, Steps

#: How many contacts a call may name, and how many a stream asks about in one.
MOST = 10_000
PIECE = 2_000


class Checks(Group[K]):
    """What stands on `Client` itself."""

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
        """May you reach this person, now (or `at` a moment to come, or `as_of` a past one)?

        `suppose` is what if they said this: `[{"scope": {…}, "decision": "deny"}]`.
        """
        matter = given({"purpose": purpose, "channel": channel, "topic": topic})
        more = given({"campaign": campaign, "at": at, "as_of": as_of, "suppose": suppose})
        said = {"contact": said_of(contact), **matter, **more}
        return post("check", Decision, said, again=True)

    @Operation
    def check_each(
        self, contact: Whom, questions: Sequence[Mapping[str, str]]
    ) -> Call[list[Answered]]:
        """Up to 50 questions (`purpose`, `channel`, `topic`) about one person, by one state."""
        said = {"contact": said_of(contact), "questions": questions}
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
        """A decision for each of up to 10,000, in their order; a `Mistake` for what is no contact.

        A `Mistake` is not `allowed`, either. `at`, `as_of` and `suppose` as in `check`.
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
        """Each contact with its decision, in order, for any number of them.

        They are read, and asked about, 2,000 at a time as you iterate, so that an answer that is
        lost costs no more than to ask for those again.
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
        """Everyone you may not reach; `since` a sequence, those who changed, allowed or not.

        `with client.suppressions(…) as people:` iterate over `people`; `people.through` is the
        next time's `since`.
        """
        asked = given({"purpose": purpose, "channel": channel, "topic": topic, "since": since})
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
        """Every purpose, and what holds while a person has said nothing."""
        return whole("brand/purposes", Purpose)

    @Operation
    def topics(self) -> Steps[list[Topic]]:
        """Your own lists and themes."""
        return whole("brand/topics", Topic)


def _many(contacts: Sequence[Whom], matter: Mapping[str, Any]) -> Call[list[Decision | Mistake]]:
    said = {"contacts": [said_of(each) for each in contacts], **given(matter)}
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
        """Check and, if you may send at this moment, count it: the `send`. With a key of your own
        a repeat of the program spends nothing, either."""
        matter = given(
            {"purpose": purpose, "channel": channel, "topic": topic, "campaign": campaign}
        )
        said = {"contact": said_of(contact), **matter}
        return post("sends/reserve", Reservation, said, key=key_or_new(idempotency_key))

    @Operation
    def give_back(self, send: str) -> Call[None]:
        """You did not send it after all."""
        return delete(f"sends/{send}")
