"""Send: post one round of requests to one endpoint, and stop early if it fails."""

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

from brands.models import Outcome
from brands.webhooks.delivery import retries
from brands.webhooks.delivery.batching import (
    Partition,
    PendingEvent,
    WebhookRequest,
    build_request,
    partition_events,
    take_events,
)
from brands.webhooks.delivery.prepare import Round
from brands.webhooks.delivery.retries import Verdict
from core import http
from core.http import Answer

#: After so many bad answers in a row the endpoint is at fault, and not the events.
MAX_BAD_ANSWERS = 3


class SentRequest(NamedTuple):
    """A request and how it ended."""

    request: WebhookRequest
    started_at: datetime
    answer: Answer


@dataclass(frozen=True, slots=True)
class SendResult:
    """How a round went."""

    round: Round
    requests: Sequence[SentRequest]
    #: The sequences of the events that arrived.
    delivered: frozenset[int]
    #: Whether the endpoint accepted any request.
    passed: bool
    #: Whether every event arrived, and every request at its first try.
    all_delivered: bool
    #: Refused events, with the answers: others were accepted, so these are at fault.
    rejected: Sequence[tuple[PendingEvent, Answer]]
    #: Refused events while nothing else was accepted: the endpoint may be at fault.
    suspects: Sequence[tuple[PendingEvent, Answer]]
    #: The answer that ended the round early, if one did.
    failure: Answer | None
    throttled: bool
    #: The endpoint answered 410.
    gone: bool
    #: The worker broke the round off.
    stopped: bool
    #: Requests in flight at once, at the start and at the end of the round.
    first_concurrency: int
    concurrency: int
    #: Whether there was work for all of them.
    used_all: bool

    @property
    def ends_delivery(self) -> bool:
        """Return whether the lease is to be released, though there may be more to send."""
        return self.stopped or self.throttled or self.failure is not None


class RoundSender:
    """Sends a round, once, by as many asyncio tasks as the endpoint takes requests at once."""

    def __init__(self, session: aiohttp.ClientSession, round_: Round) -> None:
        subscription = round_.lease.subscription
        self.session = session
        self.round = round_
        self.batch = subscription.batch
        #: Requests in flight at once; halved when the endpoint complains.
        self.concurrency = 1 if subscription.failures else subscription.concurrency
        self.first_concurrency = self.concurrency
        self.partitions = partition_events(
            round_.events, batch=self.batch, concurrency=self.concurrency
        )
        self.used_all = len(self.partitions) >= self.concurrency
        self.ends = time.monotonic() + settings.DELIVERY_BUDGET_SECONDS
        self.requests: list[SentRequest] = []
        self.passes = 0
        #: Refused events in order of arrival. A pass clears the endpoint: those before it count.
        self.refused: list[tuple[PendingEvent, Answer]] = []
        self.rejected = 0
        self.throttled = False
        self.failure: Answer | None = None
        self.gone = False
        self.stopped = False
        self._bad_in_a_row = round_.suspects if subscription.failures else 0
        self._last_bad: Answer | None = None
        self._pacer = _Pacer(subscription.rate_limit) if subscription.rate_limit else None
        self._skipped = {event.subject for event in round_.held_back}
        self._running = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def send(self) -> SendResult:
        """Send until nothing is left, time is up, or an answer says to stop."""
        count = 0 if self.stopped else min(self.concurrency, len(self.partitions))
        async with asyncio.TaskGroup() as group:
            self._tasks = [group.create_task(self._send_partitions()) for _ in range(count)]
        if self.throttled and not self.passes:
            self.failure = self.failure or self._last_bad
        return self._build_result()

    def break_off(self) -> None:
        """Send nothing more, and do not wait for the requests in flight."""
        self.stopped = True
        for task in self._tasks:
            task.cancel()

    def _build_result(self) -> SendResult:
        delivered = self._find_delivered()
        first_tries = self.passes == len(self.requests)
        # After a failure the last refusals say something about the endpoint, not the events.
        suspects = [] if self.failure else self.refused[self.rejected :]
        return SendResult(
            round=self.round,
            requests=self.requests,
            delivered=delivered,
            passed=self.passes > 0,
            all_delivered=first_tries and len(delivered) == len(self.round.events),
            rejected=self.refused[: self.rejected],
            suspects=suspects,
            failure=self.failure,
            throttled=self.throttled,
            gone=self.gone,
            stopped=self.stopped,
            first_concurrency=self.first_concurrency,
            concurrency=self.concurrency,
            used_all=self.used_all,
        )

    def _find_delivered(self) -> frozenset[int]:
        return frozenset(
            event.sequence
            for each in self.requests
            if each.answer.outcome is Outcome.DELIVERED
            for event in each.request.events
        )

    @property
    def _may_continue(self) -> bool:
        over = self.stopped or self.gone or self.failure is not None
        return not over and time.monotonic() < self.ends and self.round.lease.has_time

    # -- Requests --------------------------------------------------------------------------------

    async def _send_partitions(self) -> None:
        """Send partition after partition, until there are fewer of them than tasks."""
        self._running += 1
        try:
            while self.partitions and self._may_continue and self._running <= self.concurrency:
                await self._send_partition(self.partitions.popleft())
        finally:
            self._running -= 1

    async def _send_partition(self, partition: Partition) -> None:
        while events := take_events(partition, batch=self.batch, skipped=self._skipped):
            if not await self._send_events(events):
                return

    async def _send_events(self, events: Sequence[PendingEvent]) -> bool:
        """Send *events* in one request. Return whether their partition may continue."""
        if self._pacer:
            await self._pacer.wait(until=self.ends)
        if not self._may_continue:
            return False
        answer = await self._post_twice(events)
        verdict = retries.classify_answer(answer)
        if verdict is Verdict.REFUSED and len(events) > 1:
            return await self._send_halves(events)
        self._note_answer(verdict, answer, events)
        return verdict in {Verdict.PASSED, Verdict.REFUSED}

    async def _send_halves(self, events: Sequence[PendingEvent]) -> bool:
        """Find the bad event of a refused batch by halving it."""
        middle = len(events) // 2
        for half in (events[:middle], events[middle:]):
            left = [event for event in half if event.subject not in self._skipped]
            if left and not await self._send_events(left):
                return False
        return True

    async def _post_twice(self, events: Sequence[PendingEvent]) -> Answer:
        """Post, and once more if there was no connection: the endpoint may just have closed it."""
        answer = await self._post(build_request(events, batch=self.batch))
        if answer.outcome is Outcome.UNREACHABLE and self._may_continue:
            answer = await self._post(build_request(events, batch=self.batch))
        return answer

    async def _post(self, request: WebhookRequest) -> Answer:
        started_at, began = timezone.now(), time.monotonic()
        headers = self.round.signer.build_headers(
            webhook_id=request.webhook_id, sent_at=started_at, body=request.body
        )
        url = self.round.lease.subscription.url
        try:
            answer = await http.post(self.session, url, body=request.body, headers=headers)
        except asyncio.CancelledError:
            latency = round((time.monotonic() - began) * 1_000)
            answer = Answer(Outcome.CANCELLED, None, "", latency)
            self.requests.append(SentRequest(request, started_at, answer))
            raise
        self.requests.append(SentRequest(request, started_at, answer))
        return answer

    # -- What an answer changes ------------------------------------------------------------------

    def _note_answer(
        self, verdict: Verdict, answer: Answer, events: Sequence[PendingEvent]
    ) -> None:
        if verdict is Verdict.PASSED:
            self._note_pass()
        else:
            self._note_complaint(verdict, answer, events)

    def _note_pass(self) -> None:
        self.passes += 1
        self._bad_in_a_row = 0
        self.rejected = len(self.refused)

    def _note_complaint(
        self, verdict: Verdict, answer: Answer, events: Sequence[PendingEvent]
    ) -> None:
        self._bad_in_a_row += 1
        self._last_bad = answer
        if verdict is Verdict.REFUSED:
            self.refused.append((events[0], answer))
            self._skipped.add(events[0].subject)
        else:
            self.concurrency = max(1, self.concurrency // 2)
        self.throttled = self.throttled or verdict is Verdict.THROTTLED
        self.gone = self.gone or verdict is Verdict.GONE
        if self._ends_round(verdict, answer):
            self.failure = self.failure or answer

    def _ends_round(self, verdict: Verdict, answer: Answer) -> bool:
        return (
            verdict in {Verdict.FAILED, Verdict.GONE}
            or retries.parse_retry_after(answer) is not None
            or self._bad_in_a_row >= MAX_BAD_ANSWERS
        )


class _Pacer:
    """Spaces requests to a rate a second. A new round begins without a burst."""

    def __init__(self, rate: int) -> None:
        self.gap = 1 / rate
        self.next = time.monotonic() + self.gap

    async def wait(self, *, until: float) -> None:
        """Wait for the next turn, but not beyond *until* (on time.monotonic(), seconds)."""
        turn = max(self.next, time.monotonic())
        self.next = turn + self.gap
        await asyncio.sleep(max(0.0, min(turn, until) - time.monotonic()))
