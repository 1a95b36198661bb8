"""The delivery worker of a process: one event loop that delivers to many endpoints at once.

An endpoint that hangs costs a coroutine and a connection, not a thread, so it holds up nobody else.
Database work runs in a few threads beside the loop.
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

from brands.webhooks import leases
from brands.webhooks.delivery import prepare, results
from brands.webhooks.delivery.prepare import Round
from brands.webhooks.delivery.send import RoundSender, SendResult
from brands.webhooks.leases import Lease
from core import http

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How many endpoints a process delivers to at once; the others wait for a slot.
MAX_ENDPOINTS = 200
DATABASE_THREADS = 4
DATABASE_IS_AWAY = (OperationalError, InterfaceError)
#: Seconds between two tries to save a result while the database is away.
RETRY_INTERVAL = 0.5
#: Seconds that a stopping process has to save what it knows.
GRACE = 4.0
#: Seconds that the event loop may take to start.
START_TIMEOUT = 30.0


class CannotStart(Exception):
    """The worker's event loop did not start. The next task tries again."""


class DeliveryWorker:
    """Delivers to the subscriptions that it is asked to, until it is closed."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.database = ThreadPoolExecutor(DATABASE_THREADS, "delivery-database")
        self.slots = asyncio.Semaphore(MAX_ENDPOINTS)
        self.active: set[uuid.UUID] = set()
        #: Subscriptions that were asked for again while they are active.
        self.requested_again: set[uuid.UUID] = set()
        self.senders: dict[uuid.UUID, RoundSender] = {}
        self.closing = asyncio.Event()
        self.session: aiohttp.ClientSession
        self.started: Future[None] = Future()
        self.thread = threading.Thread(target=self._run, name="delivery", daemon=True)
        self.thread.start()
        self._wait_for_start()

    def start_delivery(self, subscription_id: uuid.UUID) -> Future[int]:
        """Deliver what is due for the subscription. The future holds the number of events.

        If it is active already, it is looked at once more when done, and the future holds 0.
        """
        return asyncio.run_coroutine_threadsafe(self._deliver(subscription_id), self.loop)

    def close(self) -> None:
        """Break off, save what is known, and release the leases."""
        self.loop.call_soon_threadsafe(self.closing.set)
        self.thread.join(GRACE + 1)
        self._close_connections()
        self.database.shutdown(wait=False)

    def _wait_for_start(self) -> None:
        """Return once the loop runs.

        Raises:
            CannotStart: it failed, or did not start within `START_TIMEOUT` seconds.
        """
        try:
            self.started.result(START_TIMEOUT)
        except Exception as error:
            self.closing.set()  # a loop that starts late after all ends at once
            self.database.shutdown(wait=False)
            raise CannotStart("the event loop of deliveries did not begin") from error

    # -- One subscription: prepare, send, handle the result --------------------------------------

    async def _deliver(self, subscription_id: uuid.UUID) -> int:
        if subscription_id in self.active:
            self.requested_again.add(subscription_id)
            return 0
        self.active.add(subscription_id)
        try:
            async with self.slots:
                return await self._deliver_until_done(subscription_id)
        except Exception:  # logged, since nobody waits for it; the next sweep tries again
            log.exception("delivery to %s failed", subscription_id)
            return 0
        finally:
            self.active.discard(subscription_id)
            self.requested_again.discard(subscription_id)

    async def _deliver_until_done(self, subscription_id: uuid.UUID) -> int:
        """Deliver until nothing is due, or another worker has the lease.

        An event that is committed while the lease is being released finds the lease taken, so its
        wake-up is lost: look once more after each release, and after each request meanwhile.
        """
        delivered = 0
        while not self.closing.is_set():
            self.requested_again.discard(subscription_id)
            round_ = await self._run_in_thread(prepare.take_round, subscription_id)
            if round_ is not None:
                delivered += await self._deliver_rounds(round_)
            elif subscription_id not in self.requested_again:
                break
        return delivered

    async def _deliver_rounds(self, first: Round) -> int:
        """Deliver round after round; while one is saved, the following one is being sent."""
        delivered = 0
        saving: asyncio.Task[bool] | None = None
        round_: Round | None = first
        while round_ is not None:
            result, following = await self._send(round_)
            delivered += len(result.delivered)
            if saving is not None and not await saving:
                following = None
            if following is not None and result.all_delivered:
                saving = asyncio.create_task(self._save(result))
                round_ = following
            else:
                saving = None
                round_ = await self._save_and_prepare(result)
        return delivered

    async def _save_and_prepare(self, result: SendResult) -> Round | None:
        """Save a result, and return the next round; None if there is to be none."""
        if not await self._save(result):
            return None
        lease = result.round.lease
        return await self._run_patiently(lease, prepare.prepare_round, lease)

    async def _send(self, round_: Round) -> tuple[SendResult, Round | None]:
        """Send a round, and prepare the following one meanwhile."""
        sender = RoundSender(self.session, round_)
        subscription_id = round_.lease.subscription.pk
        self.senders[subscription_id] = sender
        try:
            if self.closing.is_set():
                sender.break_off()
            if not round_.is_full:
                return await sender.send(), None
            return await asyncio.gather(sender.send(), self._prepare_following(round_))
        finally:
            del self.senders[subscription_id]

    async def _prepare_following(self, round_: Round) -> Round | None:
        try:
            return await self._run_in_thread(prepare.prepare_following, round_)
        except DATABASE_IS_AWAY:
            return None  # the result is saved first, which waits for the database

    async def _save(self, result: SendResult) -> bool:
        """Save a result. Return whether another round may follow."""
        return await self._run_patiently(result.round.lease, results.handle_result, result)

    async def _run_patiently(self, lease: Lease, work: Callable[..., T], *args: object) -> T:
        """Run *work*; if the database is away, again until it is back or the lease runs out."""
        while True:
            try:
                return await self._run_in_thread(work, *args)
            except DATABASE_IS_AWAY:
                if not lease.has_time or self.closing.is_set():
                    raise
                await asyncio.sleep(RETRY_INTERVAL)

    async def _run_in_thread(self, work: Callable[..., T], *args: object) -> T:
        return await self.loop.run_in_executor(self.database, _run_on_fresh, work, *args)

    # -- The loop --------------------------------------------------------------------------------

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            try:
                runner.run(self._main())
            except Exception as error:
                if self.started.done():
                    raise
                self.started.set_exception(error)

    async def _main(self) -> None:
        self.session = http.open_session()
        self.started.set_result(None)
        async with self.session:
            while not self.closing.is_set():
                await self._watch_leases()
            await self._wind_down()

    async def _watch_leases(self) -> None:
        """Break off what lost its lease, was disabled or recalled."""
        try:
            await asyncio.wait_for(self.closing.wait(), leases.WATCH_INTERVAL)
        except TimeoutError:
            tokens = {each: s.round.lease.token for each, s in self.senders.items()}
            if tokens:
                await self._break_off_lost(tokens)

    async def _break_off_lost(self, tokens: dict[uuid.UUID, uuid.UUID]) -> None:
        try:
            lost = await self._run_in_thread(leases.find_lost_leases, tokens)
        except DATABASE_IS_AWAY:
            return  # nobody can tell; sending stops at the end of the lease all the same
        for subscription_id in lost:
            sender = self.senders.get(subscription_id)
            if sender and sender.round.lease.token == tokens[subscription_id]:
                sender.break_off()

    async def _wind_down(self) -> None:
        for sender in self.senders.values():
            sender.break_off()
        ends = self.loop.time() + GRACE
        while self.active and self.loop.time() < ends:
            await asyncio.sleep(leases.RELEASE_INTERVAL)

    def _close_connections(self) -> None:
        """Close the connection of every thread; the barrier makes each thread do it once."""
        all_here = threading.Barrier(DATABASE_THREADS)

        def close() -> None:
            all_here.wait(GRACE)
            connections.close_all()

        closed = [self.database.submit(close) for _ in range(DATABASE_THREADS)]
        if wait(closed, GRACE).not_done:
            log.warning("a thread of the database hangs, so its connection is not closed")


def _run_on_fresh(work: Callable[..., T], *args: object) -> T:
    """Run *work* on a connection that is new if the database went away meanwhile."""
    close_old_connections()
    return work(*args)


# -- The process's own ------------------------------------------------------------------------

_lock = threading.Lock()
_worker: DeliveryWorker | None = None


def get_worker() -> DeliveryWorker:
    """Return this process's worker; the first call starts it."""
    global _worker  # noqa: PLW0603
    with _lock:
        if _worker is None:
            _raise_file_limit()
            gc.freeze()  # what is loaded by now stays: looking through it again costs a tenth
            _worker = DeliveryWorker()
        return _worker


def close_worker() -> None:
    global _worker  # noqa: PLW0603
    with _lock:
        if _worker is not None:
            _worker.close()
            _worker = None


def _raise_file_limit() -> None:
    """Allow many endpoints at once: each is an open file, and the usual limit is low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
