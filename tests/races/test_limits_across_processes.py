"""Limits hold through several web processes, a restart of them, and a flushed broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
import redis

from cmr.models import Consumer
from tests.bench import limits, memory, misbehaving
from tests.chaos.fleet import Fleet, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WEBS = 4
#: A thread that is held until its body is whole is held for longer than the good caller waits.
LONG = {"BODY_SECONDS": "600"}
#: Beside them a check may take so many times as long as alone. Held threads would cost seconds.
MOST_TIMES = 50


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Four web processes, and no worker: mails that are not sent at once wait in the outbox."""
    mails = {"EMAIL_URL": f"filemail:///{tmp_path}/mails"}
    made = Fleet(tmp_path, webs=WEBS, more={**limits.ENVIRONMENT, **mails, **LONG})
    try:
        _start(made)
        yield made
    finally:
        made.stop()


def _start(fleet: Fleet) -> None:
    fleet.start("web")
    wait_until(fleet.is_ready, "web ready")
    wait_until(lambda: len(memory.workers(fleet.port)) == WEBS, "every process there")


def test_limits_hold_through_processes_restarts_and_a_flushed_broker(
    fleet: Fleet, ana: Consumer
) -> None:
    kinds = limits.build_kinds(ana)
    first = [limits.count_allowed(fleet.port, each) for each in kinds]
    redis.Redis.from_url(fleet.redis_url).flushall()
    fleet.kill("web")
    _start(fleet)
    then = [limits.count_allowed(fleet.port, each) for each in kinds]
    assert first == [each.limit for each in kinds]
    assert then == [0 for _ in kinds]


def test_a_good_caller_is_served_beside_sixteen_that_misbehave(fleet: Fleet, acme_key: str) -> None:
    alone = [misbehaving.check(fleet.port, acme_key) for _ in range(20)]
    with misbehaving.misbehaving(fleet.port):
        beside = [misbehaving.check(fleet.port, acme_key) for _ in range(20)]
    assert median(beside) < MOST_TIMES * median(alone)
