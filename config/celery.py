"""The Celery app, and the sweep that lets each worker deliver without a broker."""

import logging
import os
import threading
from typing import Any

from celery import Celery, bootsteps
from celery.signals import task_prerun
from django.conf import settings
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

log = logging.getLogger(__name__)

app = Celery("cmr")
# By name, so that settings are read when Celery is used and not when this package is imported: the
# services launcher, which is in it, runs before there are any.
app.config_from_object("config.settings:CELERY")
app.autodiscover_tasks(["brands", "consent", "cmr"])


@task_prerun.connect
def drop_broken_connection(**kwargs: Any) -> None:
    """After a restart of the database, the next task of a thread finds a fresh connection."""
    close_old_connections()


class Sweep(bootsteps.StartStopStep):
    """A thread in every worker that does whatever is due, woken by nobody.

    It belongs to the worker and not to its consumer, so it runs while the broker is away. Leases
    and row locks keep the sweeps of several workers apart.
    """

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="sweep", daemon=True)

    def start(self, parent: Any) -> None:
        self.thread.start()

    def stop(self, parent: Any) -> None:
        from brands import dispatch

        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join(5)  # or it would begin to deliver what nobody will finish
        dispatch.close_own()

    terminate = stop

    def run(self) -> None:
        from consent.tasks import sweep

        while not self.stopping.wait(settings.SWEEP_SECONDS):
            try:
                close_old_connections()
                sweep()
            except Exception:  # the next round tries again: a sweep that died would be silent
                log.exception("sweep failed")


app.steps["worker"].add(Sweep)
