"""Recurring jobs: any worker runs a job that is due, but only one worker at a time.

Each job has a row that says when it is due. The worker that runs it holds an advisory lock. The
lock ends with the worker's connection, so another worker soon repeats the job of one that died.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F
from django.utils import timezone

from brands.models import RecurringJob
from core.db import try_lock

log = logging.getLogger(__name__)

#: Advisory lock space that prevents two runs of one job at the same time.
LOCK = 20_261_147
#: A failed or aborted run is repeated after this time, or after the job's period if it is shorter.
RETRY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Job:
    """A job and its period. It may run twice for one period, so `run` must be idempotent."""

    name: str
    period: timedelta
    run: Callable[[], object]


class Age(NamedTuple):
    name: str
    #: The time between two runs, in seconds.
    period: float
    #: Seconds since the end of the last successful run. Before the first one, seconds since one
    #: period before the job is due.
    seconds: float
    failures: int


def measure_job_ages(jobs: Iterable[Job], *, now: datetime) -> list[Age]:
    """Return the time since the last success of each of *jobs* that has a row."""
    periods = {job.name: job.period for job in jobs}
    rows = RecurringJob.objects.filter(name__in=periods).order_by("name")
    return [_read_age(row, periods[row.name], now=now) for row in rows]


def _read_age(row: RecurringJob, period: timedelta, *, now: datetime) -> Age:
    since = now - (row.ended_at or row.due_at - period)
    return Age(row.name, period.total_seconds(), max(0.0, since.total_seconds()), row.failures)


def record_run(job: Job, *, began_at: datetime) -> None:
    """Record that *job*, which every worker runs by itself, ended now."""
    row = RecurringJob(
        name=job.name,
        due_at=began_at + job.period,
        began_at=began_at,
        ended_at=timezone.now(),
    )
    names = ["due_at", "began_at", "ended_at"]
    RecurringJob.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=names
    )


def run_due_jobs(
    jobs: Sequence[Job], *, should_stop: Callable[[], bool] = lambda: False
) -> list[str]:
    """Run each of *jobs* that is due and that no other worker is running. Return their names."""
    _add_missing(jobs, now=timezone.now())
    return [job.name for job in jobs if not should_stop() and _run_if_due(job)]


def _add_missing(jobs: Sequence[Job], *, now: datetime) -> None:
    """Add rows for new jobs; each is due after its first period."""
    known = set(RecurringJob.objects.values_list("name", flat=True))
    rows = [RecurringJob(name=j.name, due_at=now + j.period) for j in jobs if j.name not in known]
    RecurringJob.objects.bulk_create(rows, ignore_conflicts=True)


def _run_if_due(job: Job) -> bool:
    now = timezone.now()
    due = RecurringJob.objects.filter(name=job.name, due_at__lte=now)
    if not due.exists():
        return False
    with try_lock(LOCK, zlib.crc32(job.name.encode()) >> 1) as is_held:
        # The update checks `due_at` again under the lock: another worker may have run it since.
        retry_at = now + min(job.period, RETRY)
        if not is_held or not due.update(began_at=now, due_at=retry_at, failures=F("failures") + 1):
            return False
        _run(job, began_at=now)
    return True


def _run(job: Job, *, began_at: datetime) -> None:
    """Run *job* and record its success. A failed job stays due at its retry."""
    try:
        job.run()
    except Exception:
        log.exception("job %s failed", job.name)
        return
    RecurringJob.objects.filter(name=job.name).update(
        ended_at=timezone.now(), due_at=began_at + job.period, failures=0
    )
