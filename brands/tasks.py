"""Celery tasks and recurring jobs of `brands`. A task is a wake-up: a lost one only costs time.

Recurring jobs are no Celery tasks: they are listed in `config.recurring`.
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
    """Update the alerts about webhooks, and mail brands about failing ones."""
    now = timezone.now()
    webhooks.update_alerts(now)
    webhooks.mail_alerts(now)


def forget_repeats() -> int:
    """Delete the responses that repeated calls can no longer ask for. Return how many."""
    return idempotency.delete_expired_calls(now=timezone.now())


def deliver_due() -> list[Future[int]]:
    """Start delivery to every subscription that is due, without waiting for it.

    Return one future per subscription, whose result is the number of delivered events. No broker
    is needed.
    """
    due = webhooks.find_due_subscriptions()
    return [webhooks.get_worker().start_delivery(each) for each in due]
