"""What beat calls."""

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from cmr import accounts, links, rate_limits, sessions


@shared_task(name="cmr.clear_sessions")
def clear_sessions() -> None:
    """Forget sessions that ran out, accounts that nobody proved to be theirs, and used links."""
    call_command("clearsessions")
    sessions.forget_expired()
    accounts.forget_unproved(now=timezone.now())
    links.forget_used(now=timezone.now())


@shared_task(name="cmr.forget_rate_limits")
def forget_rate_limits() -> None:
    """Delete the counts of attempts whose window is over."""
    rate_limits.forget_expired()


@shared_task(name="cmr.forget_removed_addresses")
def forget_removed_addresses() -> None:
    """Delete removed addresses whose week is over: by the hour, so that none stays much longer."""
    accounts.forget_removed(now=timezone.now())
