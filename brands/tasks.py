"""Where work crosses into the worker. A task is a wake-up: losing one loses time, nothing else."""

from __future__ import annotations

import functools
import logging
import uuid
from concurrent.futures import Future, ThreadPoolExecutor

from celery import shared_task
from django.db import close_old_connections

from brands import delivery

log = logging.getLogger(__name__)

#: How many endpoints a worker's sweep delivers to at once.
SWEEP_THREADS = 8

#: What this process's sweep is delivering to, so that a slow endpoint is not queued twice.
_in_hand: set[uuid.UUID] = set()


@shared_task(name="brands.deliver")
def deliver(subscription_id: str) -> None:
    delivery.deliver(uuid.UUID(subscription_id))


def deliver_due() -> list[Future[int]]:
    """Start delivering to whatever is due, without a broker, and do not wait for it.

    An endpoint that hangs holds up one thread, and not the sweep. The futures give the numbers of
    delivered events.
    """
    fresh = [each for each in delivery.due() if each not in _in_hand]
    _in_hand.update(fresh)
    return [_pool().submit(_deliver_in_thread, each) for each in fresh]


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(SWEEP_THREADS, "sweep-delivery")


def _deliver_in_thread(subscription_id: uuid.UUID) -> int:
    close_old_connections()
    try:
        return delivery.deliver(subscription_id)
    except Exception:  # logged, since nobody waits for the future; the next sweep tries again
        log.exception("delivery to %s failed", subscription_id)
        return 0
    finally:
        _in_hand.discard(subscription_id)
