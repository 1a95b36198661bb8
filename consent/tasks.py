"""Tasks: those that wake-ups call, recurring ones (`config.recurring`), and the fallback sweep."""

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
#: How long one import may run before others have their turn, in seconds.
TURN_SECONDS = 5.0
#: The lock number that keeps two verifications of the ledger from running at once.
VERIFYING = 20_261_130


@shared_task(name="consent.propagate")
def propagate(subject_id: str) -> None:
    propagation.propagate_choices(uuid.UUID(subject_id), now=timezone.now())


def verify_ledger() -> int:
    """Verify the whole record. Log each break and return the number of breaks.

    Does nothing while another run is under way.
    """
    breaks = 0
    with try_lock(VERIFYING) as is_held:
        for each in integrity.verify_ledger() if is_held else ():
            log.error("%s", each)
            breaks += 1
    return breaks


def refresh_reports() -> None:
    """Refresh the stale reports that cannot be kept as running counts."""
    now = timezone.now()
    reporting.refresh_due_honour_times(now=now)
    reporting.refresh_due_survival(now=now)
    reporting.refresh_due_anomalies(now=now)


@shared_task(name="consent.write_exports")
def write_exports() -> int:
    return reporting.write_waiting_exports(now=timezone.now())


@shared_task(name="consent.apply_imports")
def apply_imports() -> int:
    """Apply a part of every running import. A failing import does not hold up the others.

    Wake other workers for the shards that have none. Then publish the task again, so that this
    worker's other tasks do not wait for long.
    """
    done = 0
    for each in imports.list_running_imports():
        try:
            wake_shards(each)
            done += imports.run_import(each, now=timezone.now(), seconds=TURN_SECONDS)
        except Exception:
            log.exception("import %s stopped; it goes on the next time", each)
    if done:
        publish_task("consent.apply_imports")
    return done


def wake_shards(import_id: uuid.UUID) -> None:
    """Wake a worker for each shard that has none but the first, which is for the caller."""
    for shard in imports.list_idle_shards(import_id, now=timezone.now())[1:]:
        publish_task("consent.apply_import_shard", str(import_id), str(shard))


@shared_task(name="consent.apply_import_shard")
def apply_import_shard(import_id: str, shard: str) -> int:
    """Apply a part of one shard of an import, and publish the task again while rows are left."""
    now = timezone.now()
    done = imports.run_shard(uuid.UUID(import_id), int(shard), now=now, seconds=TURN_SECONDS)
    if done:
        publish_task("consent.apply_import_shard", import_id, shard)
    return done


def forget_import_files() -> int:
    return imports.delete_expired_files(now=timezone.now())


def mail_summary() -> bool:
    return reporting.send_due_summary(now=timezone.now())


def sweep() -> None:
    """Do everything that is due, without a wake-up.

    A failing part does not stop the later parts.
    """
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
