"""Waking workers up. The database is the truth; a wake-up that is lost costs time, nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from celery import current_app
from kombu.exceptions import OperationalError

from brands.prepared import Statement

log = logging.getLogger(__name__)

#: Seconds without a try to publish after one failed, so that a dead broker slows nobody down.
BROKER_REST = 5.0
#: Seconds after which a wake-up is worth nothing: the sweep came by.
EXPIRES = 30

_broker_rests_until = 0.0

# Those that somebody would deliver to.
ENABLED = Statement(
    "SELECT id FROM brands_subscription WHERE brand_id = %(brand)s AND disabled_at IS NULL"
    " AND next_try_at <= statement_timestamp()"
)


def wake_up(brand_ids: Iterable[int]) -> None:
    """Have the subscriptions of these brands delivered to, soon. Call it after the commit."""
    for brand_id in brand_ids:
        if rows := ENABLED.ask({"brand": brand_id}):
            publish("brands.deliver", *(str(subscription_id) for (subscription_id,) in rows))


def publish(task: str, *args: str) -> bool:
    """Publish a task by name. A failure is logged and not raised: the sweep does the work.

    Accepted race: two threads may both find the broker dead, and each wait for it once.
    """
    global _broker_rests_until  # noqa: PLW0603
    if time.monotonic() < _broker_rests_until:
        return False
    try:
        current_app.send_task(task, args=args, expires=EXPIRES, retry=False)
    except (OperationalError, OSError) as error:
        _broker_rests_until = time.monotonic() + BROKER_REST
        log.warning("no broker, the sweep will do %s: %s", task, type(error).__name__)
        return False
    return True
