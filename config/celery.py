"""The Celery app, and the sweep by which each worker delivers even without a broker."""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import Celery, bootsteps
from celery.signals import task_prerun
from django.conf import settings
from django.db import close_old_connections, connections
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

log = logging.getLogger(__name__)

#: The number of recurring jobs that one worker runs at once.
JOB_THREADS = 3
#: How long a stopping worker waits for its threads, in seconds. A job that is cut off runs again.
STOP_SECONDS = 5.0

app = Celery("cmr")
# By name, so that the settings are read when Celery is used and not when this package is imported.
# The services launcher is in this package, and runs before there are any settings.
app.config_from_object("config.settings:CELERY")
app.autodiscover_tasks(["brands", "consent", "cmr"])


@task_prerun.connect
def drop_broken_connection(**kwargs: Any) -> None:
    """Close a broken connection before a task; after a database restart it opens a new one."""
    close_old_connections()


class Sweep(bootsteps.StartStopStep):
    """Threads in every worker that do all due work periodically, without being triggered.

    They belong to the worker and not to its consumer, so they also run while the broker is down.
    Leases and locks keep the sweeps of several workers from doing the same work. Mail has its own
    thread, so that a hanging mail server delays nothing else. Recurring jobs have several threads,
    so that a job of an hour, such as the ledger's verification, delays no other.
    """

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self.stopping = threading.Event()
        self.threads = [
            threading.Thread(target=self.run, args=[each], name=each.__name__, daemon=True)
            for each in (self.sweep, self.send_messages, *[self.run_jobs] * JOB_THREADS)
        ]

    def start(self, parent: Any) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self, parent: Any) -> None:
        from brands import webhooks

        self.stopping.set()
        until = time.monotonic() + STOP_SECONDS
        for thread in self.threads:
            if thread.is_alive():  # else it could begin a delivery that nobody finishes
                thread.join(max(0.0, until - time.monotonic()))
        webhooks.close_worker()

    terminate = stop

    def sweep(self) -> None:
        from brands import recurring_jobs
        from config.recurring import SWEEP

        began_at = timezone.now()
        SWEEP.run()
        settings.HEARTBEAT_FILE.touch()
        recurring_jobs.record_run(SWEEP, began_at=began_at)

    def send_messages(self) -> None:
        from cmr.tasks import send_waiting

        send_waiting(self.stopping.is_set)

    def run_jobs(self) -> None:
        from brands import recurring_jobs
        from config.recurring import JOBS

        recurring_jobs.run_due_jobs(JOBS, should_stop=self.stopping.is_set)

    def run(self, act: Callable[[], None]) -> None:
        while not self.stopping.wait(settings.SWEEP_SECONDS):
            try:
                close_old_connections()
                act()
            except Exception:  # the next round tries again; a dead sweep would go unnoticed
                log.exception("%s failed", act.__name__)
        connections.close_all()


app.steps["worker"].add(Sweep)
