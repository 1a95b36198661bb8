"""Waking workers up. The database is the truth; a wake-up that is lost costs time, nothing else."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
from collections.abc import Iterable

from celery import current_app
from kombu.exceptions import OperationalError

from brands.prepared import Statement

log = logging.getLogger(__name__)

#: Seconds without a try to publish after one failed.
BROKER_REST = 5.0
#: Seconds after which a wake-up is worth nothing: the sweep came by.
EXPIRES = 30
#: Wake-ups that wait for the broker; above that they are dropped, and the sweep does the work.
MOST_WAITING = 1_000
#: Seconds that an ending process gives the last ones.
GRACE = 0.5

# Those that somebody would deliver to.
ENABLED = Statement(
    "SELECT id FROM brands_subscription WHERE brand_id = %(brand)s AND disabled_at IS NULL"
    " AND next_try_at <= statement_timestamp()"
)

#: A task's name and its arguments.
Wake = tuple[str, ...]


def wake_up(brand_ids: Iterable[int]) -> None:
    """Have the subscriptions of these brands delivered to, soon. Call it after the commit."""
    for brand_id in brand_ids:
        if rows := ENABLED.ask({"brand": brand_id}):
            publish("brands.deliver", *(str(subscription_id) for (subscription_id,) in rows))


def publish(task: str, *args: str) -> None:
    """Have a task published by name, and do not wait for it: a broker may be slow to be dead."""
    _own().put((task, *args))


class Outbox:
    """A thread that publishes; whoever puts something in goes on at once."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[Wake] = queue.Queue(MOST_WAITING)
        self.rests_until = 0.0
        threading.Thread(target=self._run, name="wake-ups", daemon=True).start()

    def put(self, wake: Wake) -> None:
        try:
            self.waiting.put_nowait(wake)
        except queue.Full:
            log.warning("too many wake-ups wait for the broker; the sweep will do %s", wake[0])

    def drained(self, *, within: float) -> bool:
        """Whether nothing is left to publish, after at most so many seconds."""
        until = time.monotonic() + within
        while self.waiting.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)
        return not self.waiting.unfinished_tasks

    def _run(self) -> None:
        while True:
            wake = self.waiting.get()
            if time.monotonic() >= self.rests_until:
                self._send(wake)
            self.waiting.task_done()

    def _send(self, wake: Wake) -> None:
        task, *args = wake
        try:
            current_app.send_task(task, args=args, expires=EXPIRES, retry=False)
        except (OperationalError, OSError) as error:
            self.rests_until = time.monotonic() + BROKER_REST
            log.warning("no broker, the sweep will do %s: %s", task, type(error).__name__)
        except Exception:  # the thread has to live: without it nobody would be woken any more
            log.exception("cannot publish %s", task)


_lock = threading.Lock()
_outboxes: dict[int, Outbox] = {}


def _own() -> Outbox:
    """This process's: a thread does not come along into a forked one."""
    with _lock:
        if (own := _outboxes.get(os.getpid())) is None:
            own = _outboxes[os.getpid()] = Outbox()
        return own


@atexit.register
def _flush() -> None:
    if own := _outboxes.get(os.getpid()):
        own.drained(within=GRACE)
