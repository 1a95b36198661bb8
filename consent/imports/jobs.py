"""Beginning an import, having it applied, and calling it off."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from math import inf
from time import monotonic

from django.db import DataError, IntegrityError, transaction

from brands.models import Brand
from consent.imports import applying
from consent.models import Import, ImportFile, ImportRow

log = logging.getLogger(__name__)
#: So many of one brand are open or being applied at once.
MOST = 10


class TooManyImports(Exception):
    """The brand has as many under way as there may be."""


class ImportNotOpen(Exception):
    """The import was started, or is over."""


def begin_import(brand: Brand, *, note: str, tells: bool, now: datetime) -> Import:
    """An import that takes parts.

    Raises:
        TooManyImports
    """
    with transaction.atomic():
        Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
        under_way = Import.objects.filter(brand=brand, state__in=["open", "applying"])
        if under_way.count() >= MOST:
            raise TooManyImports(f"{MOST} imports are under way already")
        return Import.objects.create(brand=brand, note=note, tells=tells, created_at=now)


def start_import(job: Import, *, now: datetime) -> Import:
    """Have it applied; again is no mistake.

    Raises:
        NotOpen: it is over.
    """
    mine = Import.objects.filter(pk=job.pk)
    mine.filter(state="open").update(state="applying", started_at=now)
    held = mine.get()
    if held.state == Import.State.CANCELLED:
        raise ImportNotOpen("this import was cancelled")
    return held


def cancel_import(job: Import, *, now: datetime) -> Import:
    """Apply no more of it; what was applied stays.

    Raises:
        NotOpen: it is done.
    """
    with transaction.atomic():
        held = Import.objects.select_for_update().get(pk=job.pk)  # waits for a batch under way
        if held.state == Import.State.DONE:
            raise ImportNotOpen("this import is done")
        if held.state != Import.State.CANCELLED:
            held.state, held.ended_at = Import.State.CANCELLED, now
            held.save(update_fields=["state", "ended_at"])
            ImportRow.objects.filter(job=held).delete()
            ImportFile.objects.filter(job=held).delete()
    return held


def run_import(import_id: uuid.UUID, *, now: datetime, seconds: float = inf) -> int:
    """Apply all that is left, or what can be in so many seconds; how many rows.

    Where the database refuses a batch, its rows are applied one by one, and the one that is at
    fault is left out and listed: a race for a reference, or what nobody has thought of.
    """
    done, singly, until = 0, 0, monotonic() + seconds
    while monotonic() < until:
        try:
            rows = applying.apply_batch(import_id, now=now, size=1 if singly else applying.ROWS)
        except (IntegrityError, DataError, applying.Moved):
            log.exception("import %s: rows were refused", import_id)
            if singly:
                applying.skip(import_id)
            singly = singly or applying.ROWS
            continue
        if not rows:
            return done
        done, singly = done + rows, max(0, singly - 1)
    return done
