"""Export large tables as files, which a worker writes: all counts, or all campaigns' days.

Note [Exports]. The file is stored in parts in the database, where every web process finds it. It is
complete when its state says so. A worker holds an advisory lock while it writes. If the worker is
killed, the lock is released and the next worker starts the file from the beginning. Files are kept
for `KEPT`.
"""

from __future__ import annotations

import logging
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Model, QuerySet

from brands.models import CampaignDay
from consent.models import DailyCount, ExportPart, ReportExport
from consent.reporting import counters, rates
from consent.reporting.reports import files
from consent.reporting.reports.figures import Column
from consent.reporting.reports.names import add_columns, add_names
from consent.reporting.reports.query import BadQuery, ReportQuery, check_values
from core.db import try_lock, wait_for_lock

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
PART = 1 << 20  # bytes
#: The number of rows between two updates of the progress.
SAY_EVERY = 5_000
#: The maximum number of exports that may wait; further orders are refused.
MOST_WAITING = 20

#: The exportable tables: model, dimensions and counts of each.
EXPORT_TABLES: dict[str, tuple[type[Model], Mapping[str, str], Sequence[str]]] = {
    "counts": (DailyCount, rates.DIMENSIONS, counters.COUNTERS),
    "campaign-days": (CampaignDay, rates.OF_CAMPAIGNS, rates.REPORTED),
}
#: The advisory lock for writing one export. The number separates these locks from others.
LOCK = 20_261_125
#: The advisory lock for ordering, so that concurrent orders cannot exceed `MOST_WAITING`.
ORDERING = 20_261_131


class TooManyExports(Exception):
    """`MOST_WAITING` exports are waiting already."""


def order_export(table: str, asked: ReportQuery, form: str, *, now: datetime) -> ReportExport:
    """Order a file, which a worker writes later.

    Raises:
        BadQuery, TooManyExports
    """
    if table not in EXPORT_TABLES:
        raise BadQuery("table", "unknown_table", f"there is no table {table!r}")
    if form not in ReportExport.Form.values:
        raise BadQuery("form", "invalid", "Use csv or xlsx.")
    if unknown := [name for name in asked.filters if name not in EXPORT_TABLES[table][1]]:
        raise BadQuery(unknown[0], "unknown_dimension", f"this table has no {unknown[0]}")
    check_values(asked.filters)
    with transaction.atomic():
        wait_for_lock(ORDERING)
        if ReportExport.objects.filter(state="waiting").count() >= MOST_WAITING:
            raise TooManyExports(f"{MOST_WAITING} files are pending already; try again later")
        query: dict[str, Any] = {"first": str(asked.period.first), "last": str(asked.period.last)}
        query |= {name: list(values) for name, values in asked.filters.items()}
        rows = _rows(table, query)
        return ReportExport.objects.create(
            table=table, query=query, form=form, rows_expected=rows.count(), asked_at=now
        )


def write_waiting_exports(*, now: datetime) -> int:
    """Write the waiting exports, oldest first, and delete expired ones.

    Return the number of exports written.
    """
    ReportExport.objects.filter(asked_at__lt=now - KEPT).delete()
    waiting = ReportExport.objects.filter(state="waiting").order_by("asked_at")
    return sum(_write_locked(each, now) for each in list(waiting.values_list("pk", flat=True)))


def _write_locked(export_id: uuid.UUID, now: datetime) -> bool:
    with try_lock(LOCK, export_id.int % (1 << 31)) as is_held:
        if not is_held:
            return False
        export = ReportExport.objects.filter(pk=export_id, state="waiting").first()
        if export:
            _write(export, now)
        return export is not None


def _write(export: ReportExport, now: datetime) -> None:
    mine = ReportExport.objects.filter(pk=export.pk)
    ExportPart.objects.filter(export=export).delete()
    try:
        for number in _pieces(export):
            mine.update(rows=number)
    except files.TooManyTableRows as error:
        mine.update(state="failed", error=str(error), finished_at=now)
    except Exception:
        log.exception("export %s failed", export.pk)
        mine.update(state="failed", error="It could not be written; try again.", finished_at=now)
    else:
        mine.update(state="done", rows=F("rows_expected"), finished_at=now)


def _pieces(export: ReportExport) -> Iterator[int]:
    """Write the file. Yield the number of rows from time to time."""
    columns, rows = _columns(export.table), _rows(export.table, export.query)
    values = rows.values_list(*(_name(export.table, c.name) for c in columns))
    named = add_names(columns, values.iterator(SAY_EVERY))
    with tempfile.TemporaryFile() as file:
        write = files.write_xlsx if export.form == "xlsx" else _write_csv
        written: Iterator[int] = write(file, add_columns(columns), named)
        for number in written:
            if number % SAY_EVERY == 0:
                yield number
        file.seek(0)
        _keep(export, file)


def _write_csv(file: Any, columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[int]:
    for nth, piece in enumerate(files.csv_lines(columns, rows), start=1):
        file.write(piece)
        yield nth * files.PIECE


def _keep(export: ReportExport, file: Any) -> None:
    with transaction.atomic():
        for number, data in enumerate(iter(lambda: file.read(PART), b"")):
            ExportPart.objects.create(export=export, number=number, data=data)


def _columns(table: str) -> list[Column]:
    _, kinds, counts = EXPORT_TABLES[table]
    kind = [Column(name, name, "day" if name == "day" else "text") for name in kinds]
    return [*kind, *(Column(name, name.replace("_", "-"), "count") for name in counts)]


def _name(table: str, column: str) -> str:
    return EXPORT_TABLES[table][1].get(column, column)


def _rows(table: str, query: Mapping[str, Any]) -> QuerySet[Any]:
    model, kinds, _ = EXPORT_TABLES[table]
    filters = {f"{kinds[n]}__in": v for n, v in query.items() if n in kinds and n != "day"}
    rows: QuerySet[Any] = model._default_manager.filter(
        day__gte=query["first"], day__lte=query["last"], brand__test=False, **filters
    )
    return rows.order_by("day", "pk")


def read_export_content(export: ReportExport) -> Iterator[bytes]:
    """Yield the bytes of a finished file."""
    parts = ExportPart.objects.filter(export=export).order_by("number")
    return (bytes(data) for data in parts.values_list("data", flat=True).iterator(1))
