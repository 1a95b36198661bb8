"""What wake-ups call, what recurs (`config.recurring`), and the sweep that needs no wake-up."""

from __future__ import annotations

import logging
import uuid

from celery import shared_task
from django.utils import timezone

from brands.events import publish_task
from brands.tasks import deliver_due
from consent import imports, integrity, propagation, reporting
from core.db import try_lock

log = logging.getLogger(__name__)
#: An import is applied for so long before others have their turn.
TURN_SECONDS = 5.0
#: Keeps two verifications of the ledger apart.
VERIFYING = 20_261_130


@shared_task(name="consent.propagate")
def propagate(subject_id: str) -> None:
    propagation.propagate_choices(uuid.UUID(subject_id), now=timezone.now())


def verify_ledger() -> int:
    """Verify the whole record; log each break, and return how many there are.

    Does nothing while another run is under way.
    """
    breaks = 0
    with try_lock(VERIFYING) as is_held:
        for each in integrity.verify_ledger() if is_held else ():
            log.error("%s", each)
            breaks += 1
    return breaks


def refresh_reports() -> None:
    """Work out what no running count can hold, of the brands that are due."""
    now = timezone.now()
    reporting.refresh_due_honour_times(now=now)
    reporting.refresh_due_survival(now=now)
    reporting.refresh_due_anomalies(now=now)


@shared_task(name="consent.write_exports")
def write_exports() -> int:
    return reporting.write_waiting_exports(now=timezone.now())


@shared_task(name="consent.apply_imports")
def apply_imports() -> int:
    """Apply some of every import that was started; one that fails keeps none waiting.

    Then it is asked for again, so that what else this worker does is not kept waiting for long.
    """
    done = 0
    for each in imports.list_running_imports():
        try:
            done += imports.run_import(each, now=timezone.now(), seconds=TURN_SECONDS)
        except Exception:
            log.exception("import %s stopped; it goes on the next time", each)
    if done:
        publish_task("consent.apply_imports")
    return done


def forget_import_files() -> int:
    return imports.delete_expired_files(now=timezone.now())


def mail_summary() -> bool:
    return reporting.send_due_summary(now=timezone.now())


def sweep() -> None:
    """Do whatever is due, woken by nobody. Each part goes on where the one before failed."""
    for part in (propagate_waiting, end_due, deliver_due, reporting.count_new_events):
        try:
            part()
        except Exception:
            log.exception("sweep: %s failed", part.__name__)


def propagate_waiting() -> None:
    for subject_id in propagation.list_waiting_subjects():
        propagation.propagate_choices(subject_id, now=timezone.now())


def end_due() -> None:
    propagation.tell_due_endings(now=timezone.now())
