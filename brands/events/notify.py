"""Wake-ups of workers. All state is in the database, so a lost wake-up only delays delivery."""

from __future__ import annotations

import functools
import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from celery import Celery, current_app
from django.db import transaction
from kombu import pools
from kombu.exceptions import OperationalError

from core.db import Statement

log = logging.getLogger(__name__)

#: Seconds without another attempt after publishing failed, so that a dead broker slows no request.
BROKER_REST = 5.0
#: Timeout in seconds for publishing a wake-up. It is short because a user waits for the response.
PATIENCE = 0.3
#: Seconds after which a wake-up is useless, because the periodic sweep has done its work.
EXPIRES = 30

_broker_rests_until = 0.0

#: Enabled subscriptions of %(brand)s that are not waiting for a retry.
ENABLED_SQL = (
    "SELECT id FROM brands_subscription WHERE brand_id = %(brand)s AND disabled_at IS NULL"
    " AND next_try_at <= statement_timestamp()"
)
ENABLED = Statement(ENABLED_SQL)


def wake_workers(brand_ids: Iterable[int]) -> None:
    """Wake workers to deliver to these brands' subscriptions. Call it after the commit."""
    for brand_id in brand_ids:
        rows = ENABLED.ask({"brand": brand_id})
        wake_subscriptions([subscription_id for (subscription_id,) in rows])


def wake_subscriptions(subscription_ids: Sequence[uuid.UUID]) -> None:
    """Wake workers to deliver to these subscriptions. Call it after the commit."""
    if subscription_ids:
        publish_task("brands.deliver", *map(str, subscription_ids))


def wake_subscription(subscription_id: uuid.UUID) -> None:
    """Wake a worker for the subscription after the commit.

    Before the commit, the worker would find nothing to deliver.
    """
    wake = functools.partial(publish_task, "brands.deliver", str(subscription_id))
    transaction.on_commit(wake, robust=True)


def publish_task(task: str, *args: str) -> bool:
    """Publish a task by name. Return whether it was published.

    A failure is logged and not raised, because the periodic sweep will do the work. The first call
    to a broker that is down or hangs fails after `PATIENCE` seconds. For `BROKER_REST` seconds
    after it, other calls return at once. Accepted race: several threads may fail at the same time.
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
    """Return a pool of connections with short timeouts.

    The app's own connections have longer ones, because a worker may wait longer for its tasks.
    """
    return _find_producers(getattr(app, "_get_current_object", lambda: app)())


@functools.cache
def _find_producers(app: Celery) -> Any:
    hasty = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    return pools.producers[app.connection_for_write(transport_options=hasty)]
