"""Jobs that recur by the clock: any worker runs one that is due, and one worker at a time.

Each job is a row that says when it is due. A worker that begins it holds an advisory lock, which
falls with the worker's connection, so the job of a worker that died is soon begun anew by another.
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

#: Keeps two runs of one job apart.
LOCK = 20_261_147
#: A run that failed or died is repeated after so long, or after its period where that is shorter.
RETRY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Job:
    """What is done, and how often. A run may come twice: it must do no harm."""

    name: str
    period: timedelta
    run: Callable[[], object]


class Age(NamedTuple):
    name: str
    #: How often it is due, in seconds.
    period: float
    #: Since its last run that did not fail; before the first, since it was due by less its period.
    seconds: float
    failures: int


def measure_job_ages(jobs: Iterable[Job], *, now: datetime) -> list[Age]:
    """Return how long ago each of *jobs* was done; none that no worker has seen yet."""
    periods = {job.name: job.period for job in jobs}
    rows = RecurringJob.objects.filter(name__in=periods).order_by("name")
    return [_read_age(row, periods[row.name], now=now) for row in rows]


def _read_age(row: RecurringJob, period: timedelta, *, now: datetime) -> Age:
    since = now - (row.ended_at or row.due_at - period)
    return Age(row.name, period.total_seconds(), max(0.0, since.total_seconds()), row.failures)


def record_run(job: Job, *, began_at: datetime) -> None:
    """Note that *job*, which every worker does by itself, ended now."""
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
    """Run each of *jobs* that is due and that no other worker runs. Return the names of those."""
    _add_missing(jobs, now=timezone.now())
    return [job.name for job in jobs if not should_stop() and _run_if_due(job)]


def _add_missing(jobs: Sequence[Job], *, now: datetime) -> None:
    """Add the jobs that are new; each is due after its first period."""
    known = set(RecurringJob.objects.values_list("name", flat=True))
    rows = [RecurringJob(name=j.name, due_at=now + j.period) for j in jobs if j.name not in known]
    RecurringJob.objects.bulk_create(rows, ignore_conflicts=True)


def _run_if_due(job: Job) -> bool:
    now = timezone.now()
    due = RecurringJob.objects.filter(name=job.name, due_at__lte=now)
    if not due.exists():
        return False
    with try_lock(LOCK, zlib.crc32(job.name.encode()) >> 1) as is_held:
        # Asked again under the lock: another worker may have run it since.
        retry_at = now + min(job.period, RETRY)
        if not is_held or not due.update(began_at=now, due_at=retry_at, failures=F("failures") + 1):
            return False
        _run(job, began_at=now)
    return True


def _run(job: Job, *, began_at: datetime) -> None:
    """Run *job*, and note its success. One that fails stays due at its retry."""
    try:
        job.run()
    except Exception:
        log.exception("job %s failed", job.name)
        return
    RecurringJob.objects.filter(name=job.name).update(
        ended_at=timezone.now(), due_at=began_at + job.period, failures=0
    )
