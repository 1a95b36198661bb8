"""Where work crosses into the worker. A task is a wake-up: losing one loses time, nothing else.

What recurs is no task: `config.recurring` has its table.
"""

from __future__ import annotations

import uuid
from concurrent.futures import Future

from celery import shared_task
from django.utils import timezone

from brands import dispatch, leases, repeats, troubles


@shared_task(name="brands.deliver")
def deliver(*subscription_ids: str) -> None:
    for each in subscription_ids:
        dispatch.own().knock(uuid.UUID(each))


def tell_of_trouble() -> None:
    """Mail brands about webhooks that fail."""
    now = timezone.now()
    troubles.notice(now)
    troubles.tell(now)


def forget_repeats() -> int:
    """Delete answers that no repeated call can ask for any more."""
    return repeats.forget(now=timezone.now())


def deliver_due() -> list[Future[int]]:
    """Start delivering to whatever is due, without a broker, and do not wait for it.

    The futures give the numbers of delivered events.
    """
    return [dispatch.own().knock(each) for each in leases.due()]
