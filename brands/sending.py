"""One round of requests to one endpoint: what may fly together, and when to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import aiohttp
from django.conf import settings
from django.utils import timezone

from brands import outbound, retries
from brands.leases import Lease
from brands.models import Outcome
from brands.outbound import Answer
from brands.parcels import Item, Lane, Parcel, lanes_of, parcel_of
from brands.retries import Verdict
from brands.signing import Signer

#: So many bad answers in a row, with no good one between, mean that it is the endpoint.
IN_A_ROW = 3


class Try(NamedTuple):
    """One request and how it ended."""

    parcel: Parcel
    started_at: datetime
    answer: Answer


@dataclass(slots=True)
class Round:
    """What a worker is to send under its lease before it writes down how that went."""

    lease: Lease
    items: Sequence[Item]
    signer: Signer
    #: The last sequence that this round looked at.
    through: int
    #: Whether anything stands aside for the subscription.
    has_aside: bool
    #: How many refused events wait for an answer to "is it the event, or the endpoint?".
    suspects: int
    #: Whether there may be more of the stream to read.
    is_full: bool
    #: Events of people who stand aside: they join them there.
    held_up: Sequence[Item] = ()


class Sending:
    """A round under way, and what came of it."""

    def __init__(self, session: aiohttp.ClientSession, round_: Round) -> None:
        subscription = round_.lease.subscription
        self.session = session
        self.round = round_
        self.batch = subscription.batch
        #: How many requests may be under way at once; it shrinks when the endpoint complains.
        self.width = self.first_width = 1 if subscription.failures else subscription.width
        self.lanes = lanes_of(round_.items, batch=self.batch, width=self.width)
        self.was_full = len(self.lanes) >= self.width
        self.ends = time.monotonic() + settings.DELIVERY_BUDGET_SECONDS
        self.tries: list[Try] = []
        self.passes = 0
        #: Refusals in order of arrival; a pass clears the endpoint, and the first so many stand.
        self.refused: list[tuple[Item, Answer]] = []
        self.confirmed = 0
        self.throttled = False
        #: The answer that ended the round early, if one did.
        self.failure: Answer | None = None
        self.gone = False
        self.stopped = False
        self._bad_in_a_row = round_.suspects if subscription.failures else 0
        self._last_bad: Answer | None = None
        self._turns = _Turns(subscription.rate_limit) if subscription.rate_limit else None
        self._aside = {item.subject for item in round_.held_up}
        self._at_work = 0
        self._workers: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Send until nothing is left, time is up, or an answer says to stop."""
        count = 0 if self.stopped else min(self.width, len(self.lanes))
        async with asyncio.TaskGroup() as group:
            self._workers = [group.create_task(self._work()) for _ in range(count)]
        if self.throttled and not self.passes:
            self.failure = self.failure or self._last_bad

    def break_off(self) -> None:
        """Send nothing more, and do not wait for what is on its way."""
        self.stopped = True
        for worker in self._workers:
            worker.cancel()

    @property
    def delivered(self) -> int:
        """How many events have arrived."""
        good = (each for each in self.tries if each.answer.outcome is Outcome.DELIVERED)
        return sum(len(each.parcel.items) for each in good)

    @property
    def is_clean(self) -> bool:
        """Whether all of it has arrived, at the first try."""
        return self.passes == len(self.tries) and self.delivered == len(self.round.items)

    @property
    def goes_on(self) -> bool:
        over = self.stopped or self.gone or self.failure is not None
        return not over and time.monotonic() < self.ends and self.round.lease.has_time

    # -- Workers: as many as the endpoint takes requests at once ----------------------------------

    async def _work(self) -> None:
        self._at_work += 1
        try:
            while self.lanes and self.goes_on and self._at_work <= self.width:
                await self._carry(self.lanes.popleft())
        finally:
            self._at_work -= 1

    async def _carry(self, lane: Lane) -> None:
        while items := lane.next(batch=self.batch, without=self._aside):
            if not await self._deliver(items):
                return

    async def _deliver(self, items: Sequence[Item]) -> bool:
        """Send these in one request; False where their lane cannot go on."""
        if not await self._may_go():
            return False
        answer = await self._send(items)
        verdict = retries.verdict_on(answer)
        if verdict is Verdict.REFUSED and len(items) > 1:
            return await self._deliver_halves(items)
        self._note(verdict, answer, items)
        return verdict in {Verdict.PASSED, Verdict.REFUSED}

    async def _deliver_halves(self, items: Sequence[Item]) -> bool:
        """One event of a refused batch is bad: find it."""
        middle = len(items) // 2
        for half in (items[:middle], items[middle:]):
            left = [item for item in half if item.subject not in self._aside]
            if left and not await self._deliver(left):
                return False
        return True

    async def _may_go(self) -> bool:
        if self._turns:
            await self._turns.wait(until=self.ends)
        return self.goes_on

    async def _send(self, items: Sequence[Item]) -> Answer:
        answer = await self._try(parcel_of(items, batch=self.batch))
        if answer.outcome is Outcome.UNREACHABLE and self.goes_on:
            # A kept connection that the other side closes at this moment looks just like this.
            answer = await self._try(parcel_of(items, batch=self.batch))
        return answer

    async def _try(self, parcel: Parcel) -> Answer:
        started_at, began = timezone.now(), time.monotonic()
        headers = self.round.signer.headers(
            webhook_id=parcel.webhook_id, sent_at=started_at, body=parcel.body
        )
        url = self.round.lease.subscription.url
        try:
            answer = await outbound.post(self.session, url, body=parcel.body, headers=headers)
        except asyncio.CancelledError:
            latency = round((time.monotonic() - began) * 1_000)
            answer = Answer(Outcome.CANCELLED, None, "", latency)
            self.tries.append(Try(parcel, started_at, answer))
            raise
        self.tries.append(Try(parcel, started_at, answer))
        return answer

    # -- What an answer changes ------------------------------------------------------------------

    def _note(self, verdict: Verdict, answer: Answer, items: Sequence[Item]) -> None:
        if verdict is Verdict.PASSED:
            self.passes += 1
            self._bad_in_a_row = 0
            self.confirmed = len(self.refused)
            return
        self._bad_in_a_row += 1
        self._last_bad = answer
        if verdict is Verdict.REFUSED:
            self.refused.append((items[0], answer))
            self._aside.add(items[0].subject)
        else:
            self.width = max(1, self.width // 2)
        self.throttled = self.throttled or verdict is Verdict.THROTTLED
        self.gone = self.gone or verdict is Verdict.GONE
        if self._ends_round(verdict, answer):
            self.failure = self.failure or answer

    def _ends_round(self, verdict: Verdict, answer: Answer) -> bool:
        return (
            verdict in {Verdict.FAILED, Verdict.GONE}
            or retries.retry_after(answer) is not None
            or self._bad_in_a_row >= IN_A_ROW
        )


class _Turns:
    """When the next request may go, at so many a second. A new round begins without a burst."""

    def __init__(self, rate: int) -> None:
        self.gap = 1 / rate
        self.next = time.monotonic() + self.gap

    async def wait(self, *, until: float) -> None:
        """Wait for one's turn, or return at once where that would be after *until*."""
        mine = max(self.next, time.monotonic())
        self.next = mine + self.gap
        await asyncio.sleep(max(0.0, min(mine, until) - time.monotonic()))
