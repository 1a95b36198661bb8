"""Recurring tasks (`config.recurring`), and sending the outbox's messages."""

import threading
from collections.abc import Callable

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from cmr import accounts, choices, messages, rate_limits, sign_in

#: One thread of a process sends at a time, so that a hanging server blocks only one thread.
_sending = threading.Lock()


def clear_sessions() -> None:
    """Delete expired sessions, accounts without a verified address, and expired used links."""
    call_command("clearsessions")
    sign_in.delete_expired_sessions()
    accounts.delete_unproved_accounts(now=timezone.now())
    choices.delete_used_links(now=timezone.now())


def forget_rate_limits() -> None:
    """Delete the counts of attempts whose window has ended."""
    rate_limits.delete_expired_counts()


def forget_removed_addresses() -> None:
    """Delete removed addresses after their week. Runs hourly, so that none stays much longer."""
    accounts.delete_expired_removals(now=timezone.now())


@shared_task(name=messages.SEND_TASK)
def send_messages() -> None:
    """Send the messages that are due."""
    send_waiting()


def send_waiting(should_stop: Callable[[], bool] = lambda: False) -> None:
    """Send the messages that are due, unless this process is already sending."""
    if not _sending.acquire(blocking=False):
        return
    try:
        while not should_stop() and messages.send_next_message(now=timezone.now()):
            pass
    finally:
        _sending.release()
