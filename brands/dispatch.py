"""The part of a worker process that delivers: one event loop, and who is being delivered to.

A wake-up knocks and goes away. An endpoint that hangs costs a coroutine and a connection, not a
thread, so it holds up nobody else. What asks the database runs in a few threads beside the loop.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

import aiohttp
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from brands import delivery, leases, outbound
from brands.sending import Round, Sending

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How many endpoints one process delivers to at once; the others wait for a place.
AT_ONCE = 200
DATABASE_THREADS = 4
DATABASE_IS_AWAY = (OperationalError, InterfaceError)
#: Seconds between two tries to write down what was sent, while the database is away.
PATIENCE = 0.5
#: Seconds that a stopping process gives itself to write down what it knows.
GRACE = 4.0
#: Seconds that the event loop may take to begin.
START = 30.0


class CannotStart(Exception):
    """The dispatcher's event loop did not begin; the next task tries again."""


class Dispatcher:
    """Delivers to whatever it is knocked for, until it is closed."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.database = ThreadPoolExecutor(DATABASE_THREADS, "delivery-database")
        self.places = asyncio.Semaphore(AT_ONCE)
        self.in_hand: set[uuid.UUID] = set()
        self.knocked_again: set[uuid.UUID] = set()
        self.sendings: dict[uuid.UUID, Sending] = {}
        self.closing = asyncio.Event()
        self.session: aiohttp.ClientSession
        self.started: Future[None] = Future()
        self.thread = threading.Thread(target=self._run, name="delivery", daemon=True)
        self.thread.start()
        self._wait_for_start()

    def knock(self, subscription_id: uuid.UUID) -> Future[int]:
        """Deliver what is due for the subscription, soon; the future tells how many events.

        Where it is in hand already, whoever has it looks once more, and the future says 0.
        """
        return asyncio.run_coroutine_threadsafe(self._deliver(subscription_id), self.loop)

    def close(self) -> None:
        """Break off, write down what is known, let go of the leases."""
        self.loop.call_soon_threadsafe(self.closing.set)
        self.thread.join(GRACE + 1)
        self._close_connections()
        self.database.shutdown(wait=False)

    def _wait_for_start(self) -> None:
        """Return once the loop runs.

        Raises:
            CannotStart: it broke, or did not begin within `START` seconds.
        """
        try:
            self.started.result(START)
        except Exception as error:
            self.closing.set()  # a loop that begins late after all ends at once
            self.database.shutdown(wait=False)
            raise CannotStart("the event loop of deliveries did not begin") from error

    # -- In the loop -----------------------------------------------------------------------------

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            try:
                runner.run(self._main())
            except Exception as error:
                if self.started.done():
                    raise
                self.started.set_exception(error)

    async def _main(self) -> None:
        self.session = outbound.client()
        self.started.set_result(None)
        async with self.session:
            while not self.closing.is_set():
                await self._watch()
            await self._wind_up()

    async def _watch(self) -> None:
        """Break off what lost its lease, was disabled or recalled."""
        try:
            await asyncio.wait_for(self.closing.wait(), leases.WATCH)
        except TimeoutError:
            tokens = {each: s.round.lease.token for each, s in self.sendings.items()}
            if tokens:
                await self._break_off_lost(tokens)

    async def _break_off_lost(self, tokens: dict[uuid.UUID, uuid.UUID]) -> None:
        try:
            lost = await self._ask(leases.lost, tokens)
        except DATABASE_IS_AWAY:
            return  # nobody can tell; the end of the lease stops the sending all the same
        for subscription_id in lost:
            sending = self.sendings.get(subscription_id)
            if sending and sending.round.lease.token == tokens[subscription_id]:
                sending.break_off()

    async def _wind_up(self) -> None:
        for sending in self.sendings.values():
            sending.break_off()
        ends = self.loop.time() + GRACE
        while self.in_hand and self.loop.time() < ends:
            await asyncio.sleep(leases.LOOK)

    async def _deliver(self, subscription_id: uuid.UUID) -> int:
        if subscription_id in self.in_hand:
            self.knocked_again.add(subscription_id)
            return 0
        self.in_hand.add(subscription_id)
        try:
            async with self.places:
                return await self._until_nobody_knocks(subscription_id)
        except Exception:  # logged, since nobody waits for it; the next sweep tries again
            log.exception("delivery to %s failed", subscription_id)
            return 0
        finally:
            self.in_hand.discard(subscription_id)
            self.knocked_again.discard(subscription_id)

    async def _until_nobody_knocks(self, subscription_id: uuid.UUID) -> int:
        delivered = await self._carry(subscription_id)
        while subscription_id in self.knocked_again:
            self.knocked_again.discard(subscription_id)
            delivered += await self._carry(subscription_id)
        return delivered

    async def _carry(self, subscription_id: uuid.UUID) -> int:
        """Deliver until nothing is due, or another worker has the lease.

        An event committed while the lease was being let go had its own wake-up sent away by that
        lease; so it is looked for once more.
        """
        delivered = 0
        while not self.closing.is_set():
            round_ = await self._ask(delivery.begin, subscription_id)
            if round_ is None:
                break
            delivered += await self._send_on(round_)
        return delivered

    async def _send_on(self, round_: Round) -> int:
        """Send round after round. While one is written down the next is on its way already."""
        delivered = 0
        written: asyncio.Task[bool] | None = None
        following: Round | None = round_
        while following is not None:
            sending, ahead = await self._send(following)
            delivered += sending.delivered
            if written is not None and not await written:
                ahead = None
            written = None
            if ahead is not None and sending.is_clean:
                written = asyncio.create_task(self._write(delivery.record, sending))
                following = ahead
            else:
                following = await self._write(delivery.settle, sending)
        return delivered

    async def _send(self, round_: Round) -> tuple[Sending, Round | None]:
        """Send a round, and read the next one meanwhile."""
        sending = Sending(self.session, round_)
        subscription_id = round_.lease.subscription.pk
        self.sendings[subscription_id] = sending
        try:
            if self.closing.is_set():
                sending.break_off()
            if not round_.is_full:
                await sending.run()
                return sending, None
            ahead, _ = await asyncio.gather(self._ask(delivery.read_ahead, round_), sending.run())
            return sending, ahead
        finally:
            del self.sendings[subscription_id]

    async def _write(self, how: Callable[[Sending], T], sending: Sending) -> T:
        """Write down what came of it, if need be when the database is back."""
        while True:
            try:
                return await self._ask(how, sending)
            except DATABASE_IS_AWAY:
                if not sending.round.lease.has_time or self.closing.is_set():
                    raise
                await asyncio.sleep(PATIENCE)

    # -- Beside the loop -------------------------------------------------------------------------

    async def _ask(self, question: Callable[..., T], *args: object) -> T:
        return await self.loop.run_in_executor(self.database, _fresh, question, *args)

    def _close_connections(self) -> None:
        """Each thread closes its own: they meet, so that none does it for two."""
        all_here = threading.Barrier(DATABASE_THREADS)

        def close() -> None:
            all_here.wait(GRACE)
            connections.close_all()

        closed = [self.database.submit(close) for _ in range(DATABASE_THREADS)]
        if wait(closed, GRACE).not_done:
            log.warning("a thread of the database hangs, so its connection is not closed")


def _fresh(question: Callable[..., T], *args: object) -> T:
    """Ask on a connection that, if the database went away meanwhile, is a new one."""
    close_old_connections()
    return question(*args)


# -- The process's own ------------------------------------------------------------------------

_lock = threading.Lock()
_own: Dispatcher | None = None


def own() -> Dispatcher:
    """This process's dispatcher, started when it is first asked for."""
    global _own  # noqa: PLW0603
    with _lock:
        if _own is None:
            _allow_many_connections()
            gc.freeze()  # what is loaded by now stays: looking through it again costs a tenth
            _own = Dispatcher()
        return _own


def close_own() -> None:
    global _own  # noqa: PLW0603
    with _lock:
        if _own is not None:
            _own.close()
            _own = None


def _allow_many_connections() -> None:
    """Many endpoints at once need more open files than the usual limit, which anyone may raise."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
