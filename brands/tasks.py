"""Where work crosses into the worker. A task is a wake-up: losing one loses time, nothing else.

What recurs is no task: `config.recurring` has its table.
"""

from __future__ import annotations

import uuid
from concurrent.futures import Future

from celery import shared_task
from django.utils import timezone

from brands import idempotency, webhooks


@shared_task(name="brands.deliver")
def deliver(*subscription_ids: str) -> None:
    for each in subscription_ids:
        webhooks.get_worker().start_delivery(uuid.UUID(each))


def send_webhook_alerts() -> None:
    """Mail brands about webhooks that fail."""
    now = timezone.now()
    webhooks.update_alerts(now)
    webhooks.mail_alerts(now)


def forget_repeats() -> int:
    """Delete answers that no repeated call can ask for any more."""
    return idempotency.delete_expired_calls(now=timezone.now())


def deliver_due() -> list[Future[int]]:
    """Start to deliver to every subscription that is due, and do not wait for it.

    The futures hold the numbers of delivered events. No broker is needed.
    """
    due = webhooks.find_due_subscriptions()
    return [webhooks.get_worker().start_delivery(each) for each in due]
