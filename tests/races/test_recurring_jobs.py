"""Recurring jobs: each is done when it is due, by one worker at a time, with no beat anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from brands import recurring_jobs
from brands.models import Brand, RecurringJob, Repeat
from brands.recurring_jobs import Job
from cmr.models import RateLimitCount
from config.celery import Sweep
from config.recurring import JOBS, SWEEP
from consent.imports import jobs, receiving
from consent.models import Import, SummaryMail
from tests.conftest import ROOT
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def make_due(*names: str) -> None:
    """Each of the jobs is due now."""
    recurring_jobs.run_due_jobs(JOBS)
    rows = RecurringJob.objects.filter(name__in=names) if names else RecurringJob.objects.all()
    rows.update(due_at=timezone.now())


def clock_of(job: Job) -> RecurringJob:
    return RecurringJob.objects.get(name=job.name)


def count_job(ran: list[str], period: timedelta = HOUR) -> Job:
    job = Job("count", period, lambda: ran.append("ran"))
    RecurringJob.objects.create(name=job.name, due_at=timezone.now())
    return job


def test_new_job_is_due_after_its_period() -> None:
    before = timezone.now()
    assert recurring_jobs.run_due_jobs(JOBS) == []
    due = dict(RecurringJob.objects.values_list("name", "due_at"))
    assert due.keys() == {job.name for job in JOBS}
    assert all(before + job.period <= due[job.name] for job in JOBS)


def test_job_in_its_period_is_done_once() -> None:
    ran: list[str] = []
    job = count_job(ran)
    assert recurring_jobs.run_due_jobs([job]) == ["count"]
    assert recurring_jobs.run_due_jobs([job]) == []
    assert ran == ["ran"]
    clock = clock_of(job)
    assert clock.began_at and clock.due_at == clock.began_at + HOUR
    assert clock.ended_at and clock.failures == 0


def test_job_by_two_workers_is_done_once() -> None:
    ran: list[str] = []
    job = count_job(ran)
    together(*[lambda: recurring_jobs.run_due_jobs([job])] * 4)
    assert ran == ["ran"]


def test_running_job_that_is_due_is_not_started_again() -> None:
    """A verification that takes longer than its period keeps the next one waiting."""
    began, may_end, ran = threading.Event(), threading.Event(), list[str]()

    def run() -> None:
        ran.append("ran")
        began.set()
        assert may_end.wait(30)

    job = Job("slow", HOUR, run)
    RecurringJob.objects.create(name=job.name, due_at=timezone.now())
    worker = threading.Thread(target=_run_apart, args=[job])
    worker.start()
    assert began.wait(30)
    RecurringJob.objects.update(due_at=timezone.now())
    assert recurring_jobs.run_due_jobs([job]) == []
    may_end.set()
    worker.join()
    assert ran == ["ran"]


def _run_apart(job: Job) -> None:
    try:
        recurring_jobs.run_due_jobs([job])
    finally:
        connection.close()


def test_failing_job_is_retried_and_stops_no_other() -> None:
    ran: list[str] = []

    def fail() -> None:
        raise RuntimeError

    bad, good = Job("bad", HOUR, fail), count_job(ran)
    RecurringJob.objects.create(name="bad", due_at=timezone.now())
    assert recurring_jobs.run_due_jobs([bad, good]) == ["bad", "count"]
    assert ran == ["ran"]
    clock = clock_of(bad)
    assert (clock.failures, clock.ended_at) == (1, None)
    assert clock.began_at and clock.due_at == clock.began_at + recurring_jobs.RETRY


WORKER_THAT_DIES = """
import os
import re
from datetime import timedelta

import django

django.setup()
from brands.recurring_jobs import Job, run_due_jobs
run_due_jobs([Job("count", timedelta(hours=1), lambda: os._exit(9))])
"""


def test_job_of_dead_worker_is_restarted() -> None:
    ran: list[str] = []
    job = count_job(ran)
    command = [sys.executable, "-c", WORKER_THAT_DIES]
    assert subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode == 9
    clock = clock_of(job)
    assert clock.began_at and clock.due_at == clock.began_at + recurring_jobs.RETRY
    RecurringJob.objects.update(due_at=timezone.now())
    assert recurring_jobs.run_due_jobs([job]) == ["count"]
    assert clock_of(job).failures == 0


def environment() -> dict[str, str]:
    """For a process of its own on the test's database."""
    name = connection.settings_dict["NAME"]
    url = settings.DATABASE_URL.rpartition("/")[0] + f"/{name}"
    return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}


@pytest.fixture
def worker(settings: Settings) -> Iterator[Sweep]:
    """The threads of a worker, without Celery's part of it: there is no broker and no beat."""
    settings.SWEEP_SECONDS = 0.05
    step = Sweep(None)
    yield step
    step.stop(None)


def wait_until_all_ran() -> None:
    ended = threading.Event()
    for _ in range(600):
        if not RecurringJob.objects.filter(ended_at=None).exists():
            return
        ended.wait(0.1)
    waiting = RecurringJob.objects.filter(ended_at=None).values_list("name", flat=True)
    pytest.fail(f"did not run: {list(waiting)}")


def test_worker_alone_does_every_job(acme: Brand, worker: Sweep, settings: Settings) -> None:
    """An import goes on, the summary is mailed, and what is old is deleted: woken by nobody."""
    settings.REPORT_MAIL_TO = ["boss@example.org"]
    old = timezone.now() - timedelta(days=400)
    Repeat.objects.create(brand=acme, key="k", asked=b"", made_at=old)
    RateLimitCount.objects.create(key="k", count=1, expires_at=old)
    started = start_import(acme)
    make_due()
    worker.start(None)
    wait_until_all_ran()
    started.refresh_from_db()
    assert (started.state, started.applied) == ("done", 2)
    assert SummaryMail.objects.count() == 1 and mail.outbox[0].to == ["boss@example.org"]
    assert not Repeat.objects.exists() and not RateLimitCount.objects.exists()


def start_import(brand: Brand) -> Import:
    now = timezone.now()
    job = jobs.begin_import(brand, note="", tells=False, now=now)
    lines = "email,ref,purpose,channel,decision,made_at,evidence\n" + "".join(
        f"person{n}@example.org,{n},marketing,email,grant,2024-05-01T10:00:00Z,form\n"
        for n in range(2)
    )
    receiving.receive_part(job, 1, BytesIO(lines.encode()), form="csv", now=now)
    jobs.start_import(job, now=now)
    return job


def test_operations_page_lists_every_job() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    listed = dict(re.findall(r"^\| `([a-z_]+)` \| (\d+ (?:s|min|h|d)) \|", text, re.MULTILINE))
    units = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}
    periods = {
        name: timedelta(**{units[unit]: int(number)})
        for name, (number, unit) in ((n, every.split()) for n, every in listed.items())
    }
    assert periods == {job.name: job.period for job in JOBS}


def test_worker_reports_its_sweep(
    acme: Brand, worker: Sweep, settings: Settings, tmp_path: Path
) -> None:
    settings.HEARTBEAT_FILE = tmp_path / "heartbeat"
    worker.sweep()
    assert settings.HEARTBEAT_FILE.exists()
    (age,) = recurring_jobs.measure_job_ages([SWEEP], now=timezone.now())
    assert (age.failures, age.seconds < 60) == (0, True)
    worker.sweep()
    assert RecurringJob.objects.filter(name="sweep", ended_at__gt=F("began_at")).count() == 1


def test_job_age_counts_from_last_success(db: None) -> None:
    """Before the first, since a worker knew of it."""
    now = timezone.now()
    job = Job("some", timedelta(minutes=1), lambda: None)
    assert recurring_jobs.measure_job_ages([job], now=now) == []
    RecurringJob.objects.create(name="some", due_at=now - timedelta(minutes=4), failures=2)
    assert recurring_jobs.measure_job_ages([job], now=now) == [("some", 60.0, 300.0, 2)]
    RecurringJob.objects.update(ended_at=now - timedelta(seconds=7))
    assert recurring_jobs.measure_job_ages([job], now=now) == [("some", 60.0, 7.0, 2)]
