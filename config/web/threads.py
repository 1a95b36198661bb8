"""Threads that run requests. Each keeps its connection to the database.

Requests that may run for minutes have threads of their own, so that they occupy none of the others.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from config.web import counts

#: Seconds after which the gauges are set again. Setting them for each request takes longer than
#: handing it to a thread.
SHOW = 0.1
Work = tuple[Callable[[], Any], asyncio.Future[Any]]


class Threads:
    """Runs functions in *number* threads, in the order of submission.

    A call costs half as much as with the executors of the standard library, which wake the loop
    under two locks.
    """

    def __init__(self, number: int, name: str) -> None:
        self._queue: SimpleQueue[Work] = SimpleQueue()
        self._number = number
        #: Calls that are running or waiting; used by the event loop only.
        self._open = 0
        #: Whether the gauges will be set soon.
        self._will_show = False
        counts.THREADS.set(number)
        self._set_gauges()
        for count in range(number):
            threading.Thread(target=self._run, name=f"{name}-{count}", daemon=True).start()

    def submit(self, function: Callable[[], Any]) -> asyncio.Future[Any]:
        """Return a future of the result of *function*. Call it from the event loop."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._queue.put((function, future))
        self._open += 1
        self._plan_gauges(loop)
        return future

    def _run(self) -> None:
        while True:
            function, future = self._queue.get()
            try:
                result, error = function(), None
            except BaseException as raised:
                result, error = None, raised
            future.get_loop().call_soon_threadsafe(self._settle, future, result, error)
            del function, future, result, error  # else the answer would live until the next request

    def _settle(
        self, future: asyncio.Future[Any], result: Any, error: BaseException | None
    ) -> None:
        self._open -= 1
        self._plan_gauges(future.get_loop())
        if future.done():  # the client disconnected, which cancelled the request's task
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def _plan_gauges(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the gauges in a moment, however many requests begin and end until then."""
        if not self._will_show:
            self._will_show = True
            loop.call_later(SHOW, self._set_gauges)

    def _set_gauges(self) -> None:
        self._will_show = False
        busy = min(self._open, self._number)
        counts.BUSY.set(busy)
        counts.WAITING.set(self._open - busy)


class LongThreads:
    """Runs up to *number* functions at once, each in a thread, and refuses more."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, "long-request")
        self._places = threading.Semaphore(number)

    def try_submit(self, function: Callable[[], Any]) -> asyncio.Future[Any] | None:
        """Return a future of the result of *function*; None if all threads are in use.

        Call it from the event loop.
        """
        if not self._places.acquire(blocking=False):
            return None
        running = asyncio.get_running_loop().run_in_executor(self._pool, self._run, function)
        # Cancelling it before a thread has begun would never give its place back.
        return asyncio.shield(running)

    def _run(self, function: Callable[[], Any]) -> Any:
        try:
            return function()
        finally:
            self._places.release()
