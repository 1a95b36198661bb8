"""What recurs (`config.recurring`), and the outbox's wake-up, and its sweep, which needs none."""

import threading
from collections.abc import Callable

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from cmr import accounts, choices, messages, rate_limits, sign_in

#: One thread of a process sends at a time: a server that hangs must not hold up all of them.
_sending = threading.Lock()


def clear_sessions() -> None:
    """Forget sessions that ran out, accounts that nobody proved to be theirs, and used links."""
    call_command("clearsessions")
    sign_in.delete_expired_sessions()
    accounts.delete_unproved_accounts(now=timezone.now())
    choices.delete_used_links(now=timezone.now())


def forget_rate_limits() -> None:
    """Delete the counts of attempts whose window is over."""
    rate_limits.delete_expired_counts()


def forget_removed_addresses() -> None:
    """Delete removed addresses whose week is over: by the hour, so that none stays much longer."""
    accounts.delete_expired_removals(now=timezone.now())


@shared_task(name=messages.SEND_TASK)
def send_messages() -> None:
    """Send the messages that wait."""
    send_waiting()


def send_waiting(should_stop: Callable[[], bool] = lambda: False) -> None:
    """Send what is due, unless this process does so already."""
    if not _sending.acquire(blocking=False):
        return
    try:
        while not should_stop() and messages.send_next_message(now=timezone.now()):
            pass
    finally:
        _sending.release()
