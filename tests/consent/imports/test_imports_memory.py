"""The memory of an import does not grow with its file."""

from __future__ import annotations

import io
import tracemalloc
from collections import deque
from dataclasses import replace

import pytest
from django.utils import timezone

from brands.models import Brand
from consent.imports import files, problems, receiving
from consent.models import Import

ROWS = 200
HEADINGS = "Email Address,LEID,EUID,STATUS,SOURCE,NOTES"


def write_export(rows: int) -> io.BytesIO:
    """Return an export in which two of three rows are bad: nobody's address."""
    notes = "x" * 3_000
    lines = (
        f"person{n}{' ' if n % 3 else ''}@example.org,{n},{n},subscribed,form,{notes}\n"
        for n in range(rows)
    )
    return io.BytesIO(f"{HEADINGS}\n{''.join(lines)}".encode())


def import_export(brand: Brand, export: io.BytesIO) -> Import:
    """Do what the five pages of an import do, up to its start."""
    now = timezone.now()
    kept = files.find_file(
        files.store_file(brand, export, name="people.csv", form="csv", now=now), now=now
    )
    assert kept is not None and files.read_first_row(kept)
    chosen = replace(files.read_mapping(kept), purpose="marketing", channel="email")
    files.choose_mapping(kept, chosen)
    files.stage_file(kept, note="Our newsletter", tells=False, now=now)
    assert len(files.preview_rows(kept, now=now)) == files.FORESEEN
    assert len(problems.group_problems(kept.job)) == 1
    deque(files.write_bad_rows(kept), maxlen=0)
    deque(problems.write_problems_csv(kept.job), maxlen=0)
    return Import.objects.get(pk=kept.job_id)


def measure_peak(brand: Brand, rows: int) -> int:
    export = write_export(rows)
    tracemalloc.start()
    try:
        job = import_export(brand, export)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (job.rows, job.bad) == (rows, rows - len(range(0, rows, 3)))
    return peak


def test_import_large_file_uses_constant_memory(
    acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "SPOOLED", 50_000)
    monkeypatch.setattr(receiving, "BATCH", 50)
    monkeypatch.setattr(files, "PIECE", 1 << 16)
    monkeypatch.setattr(problems, "PIECE", 25)
    import_export(acme, write_export(ROWS))  # what is made once and kept is not counted
    assert measure_peak(acme, 10 * ROWS) < 1.5 * measure_peak(acme, ROWS)
