"""The life of an import: begin, start, run and cancel."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from math import inf
from time import monotonic

from django.db import DataError, IntegrityError, transaction

from brands.models import Brand
from consent.imports import applying, shards
from consent.ledger import MergedMeanwhile
from consent.models import Import, ImportFile
from core.errors import DomainError

log = logging.getLogger(__name__)
#: The most imports of one brand that may be open or applying at once.
MOST = 10


class TooManyImports(DomainError):
    """The brand already has the maximum number of imports under way."""

    status = 409
    code = "too_many_imports"


class ImportNotOpen(DomainError):
    """The import was started, cancelled or is done."""

    status = 409
    code = "import_is_over"


def begin_import(brand: Brand, *, note: str, tells: bool, now: datetime) -> Import:
    """Create an import that accepts parts.

    Raises:
        TooManyImports
    """
    with transaction.atomic():
        Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
        under_way = Import.objects.filter(brand=brand, state__in=["open", "applying"])
        if under_way.count() >= MOST:
            raise TooManyImports(f"{MOST} imports are open or running already")
        return Import.objects.create(brand=brand, note=note, tells=tells, created_at=now)


def start_import(job: Import, *, now: datetime) -> Import:
    """Start applying the import. Starting it twice is not an error.

    Raises:
        ImportNotOpen: it was cancelled.
    """
    mine = Import.objects.filter(pk=job.pk)
    mine.filter(state="open").update(state="applying", started_at=now)
    held = mine.get()
    if held.state == Import.State.CANCELLED:
        raise ImportNotOpen("this import was cancelled")
    return held


def cancel_import(job: Import, *, now: datetime) -> Import:
    """Stop the import. Rows that were already applied stay applied.

    Raises:
        ImportNotOpen: it is done.
    """
    with transaction.atomic():
        shards.wait_for_batches(job.pk)
        held = Import.objects.select_for_update().get(pk=job.pk)
        if held.state == Import.State.DONE:
            raise ImportNotOpen("this import has ended")
        if held.state != Import.State.CANCELLED:
            held.state, held.ended_at = Import.State.CANCELLED, now
            held.save(update_fields=["state", "ended_at"])
            shards.delete_rows(held.pk)
            ImportFile.objects.filter(job=held).delete()
    return held


def run_import(import_id: uuid.UUID, *, now: datetime, seconds: float = inf) -> int:
    """Apply the remaining rows of all free shards, for at most *seconds*. Return their number."""
    done, until = 0, monotonic() + seconds
    shards.prepare_shards(import_id)
    for shard in shards.list_shards(import_id):
        done += run_shard(import_id, shard, now=now, seconds=until - monotonic())
    # A worker may have been killed after its shard, the last one, had ended.
    applying.finish_import(import_id, now=now)
    return done


def run_shard(import_id: uuid.UUID, shard: int, *, now: datetime, seconds: float = inf) -> int:
    """Apply the remaining rows of a shard for at most *seconds*. Return the number of rows applied.

    If the database rejects a batch, its rows are applied one by one. The row at fault is skipped
    and listed as a problem. This happens when two imports race for a reference, and with mistakes
    that the checks do not foresee.
    """
    done, singly, until = 0, 0, monotonic() + seconds
    while monotonic() < until:
        size = 1 if singly else applying.ROWS
        try:
            rows = applying.apply_batch(import_id, shard=shard, now=now, size=size)
        except (IntegrityError, DataError, MergedMeanwhile):
            log.exception("import %s: rows were refused", import_id)
            if singly:
                applying.skip_row(import_id, shard=shard, now=now)
            singly = singly or applying.ROWS
            continue
        if not rows:
            return done
        done, singly = done + rows, max(0, singly - 1)
    return done


def list_idle_shards(import_id: uuid.UUID, *, now: datetime) -> list[int]:
    """Return the shards of a running import that seem to have no worker, the longest idle first."""
    shards.prepare_shards(import_id)
    return shards.list_idle_shards(import_id, now=now)
