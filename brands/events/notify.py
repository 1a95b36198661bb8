"""Waking workers up. The database is the truth; a wake-up that is lost costs time, nothing else."""

from __future__ import annotations

import functools
import logging
import time
import uuid
from collections.abc import Iterable
from typing import Any

from celery import Celery, current_app
from django.db import transaction
from kombu import pools
from kombu.exceptions import OperationalError

from core.db import Statement

log = logging.getLogger(__name__)

#: Seconds without a try to publish after one failed, so that a dead broker slows nobody down.
BROKER_REST = 5.0
#: Seconds that the broker has to take a wake-up; somebody waits for the answer to what they said.
PATIENCE = 0.3
#: Seconds after which a wake-up is worth nothing: the sweep came by.
EXPIRES = 30

_broker_rests_until = 0.0

# Enabled subscriptions that do not wait.
ENABLED = Statement(
    "SELECT id FROM brands_subscription WHERE brand_id = %(brand)s AND disabled_at IS NULL"
    " AND next_try_at <= statement_timestamp()"
)


def wake_workers(brand_ids: Iterable[int]) -> None:
    """Have the subscriptions of these brands delivered to, soon. Call it after the commit."""
    for brand_id in brand_ids:
        if rows := ENABLED.ask({"brand": brand_id}):
            publish_task("brands.deliver", *(str(subscription_id) for (subscription_id,) in rows))


def wake_subscription(subscription_id: uuid.UUID) -> None:
    """Wake a worker for the subscription after the commit; before, it would find nothing."""
    wake = functools.partial(publish_task, "brands.deliver", str(subscription_id))
    transaction.on_commit(wake, robust=True)


def publish_task(task: str, *args: str) -> bool:
    """Publish a task by name. A failure is logged and not raised: the sweep does the work.

    A broker that is dead, or hangs, is found out by the first who tries, in `PATIENCE`, and then
    left alone. Accepted race: several threads may find it out at once, each for itself.
    """
    global _broker_rests_until  # noqa: PLW0603
    if time.monotonic() < _broker_rests_until:
        return False
    try:
        with _producers(current_app).acquire(block=True) as producer:
            current_app.send_task(task, args=args, expires=EXPIRES, retry=False, producer=producer)
    except (OperationalError, OSError) as error:
        _broker_rests_until = time.monotonic() + BROKER_REST
        log.warning("no broker, the sweep will do %s: %s", task, type(error).__name__)
        return False
    return True


def _producers(app: Any) -> Any:
    """Connections of their own: a worker waits for its tasks longer than anybody may for this."""
    return _find_producers(getattr(app, "_get_current_object", lambda: app)())


@functools.cache
def _find_producers(app: Celery) -> Any:
    hasty = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    return pools.producers[app.connection_for_write(transport_options=hasty)]
