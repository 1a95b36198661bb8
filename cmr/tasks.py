"""What recurs (`config.recurring`), and the outbox's wake-up, and its sweep, which needs none."""

import threading
from collections.abc import Callable

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from cmr import accounts, links, outbox, rate_limits, sessions

#: One thread of a process sends at a time: a server that hangs must not hold up all of them.
_sending = threading.Lock()


def clear_sessions() -> None:
    """Forget sessions that ran out, accounts that nobody proved to be theirs, and used links."""
    call_command("clearsessions")
    sessions.forget_expired()
    accounts.forget_unproved(now=timezone.now())
    links.forget_used(now=timezone.now())


def forget_rate_limits() -> None:
    """Delete the counts of attempts whose window is over."""
    rate_limits.forget_expired()


def forget_removed_addresses() -> None:
    """Delete removed addresses whose week is over: by the hour, so that none stays much longer."""
    accounts.forget_removed(now=timezone.now())


@shared_task(name=outbox.TASK)
def send_messages() -> None:
    """Send the messages that wait."""
    send_waiting()


def send_waiting(should_stop: Callable[[], bool] = lambda: False) -> None:
    """Send what is due, unless this process does so already."""
    if not _sending.acquire(blocking=False):
        return
    try:
        while not should_stop() and outbox.send_next(now=timezone.now()):
            pass
    finally:
        _sending.release()
