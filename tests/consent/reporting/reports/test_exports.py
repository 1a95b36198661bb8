"""Large report files, written by a worker and fetched by administrators."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from brands.models import Brand
from consent.models import BrandCount, DailyCount, ExportPart, ReportExport
from consent.reporting.reports import exports
from consent.reporting.reports.query import BadQuery, ReportQuery, read_report_query
from tests.conftest import Api

NOW = datetime(2026, 6, 3, 9, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def counts(acme: Brand, rival: Brand) -> None:
    """Thirty days of five opt-outs a day; on the last of them sixty, most by one campaign."""
    for ago in range(30):
        day = TODAY - timedelta(days=ago)
        for brand in (acme, rival):
            number = 60 if ago == 0 and brand == acme else 5
            BrandCount.objects.create(
                brand=brand, day=day, opt_outs=number, started=ago == 29 and 900
            )
            DailyCount.objects.create(brand=brand, day=day, opt_outs=number, campaign="spring")


def build_query(**query: str) -> ReportQuery:
    return read_report_query(query, today=TODAY, days=90)


def test_export_csv_is_written_by_worker_and_downloaded(
    counts: None, as_admin: Api, as_ana: Api
) -> None:
    ordered = exports.order_export("counts", build_query(brand="acme"), "csv", now=NOW)
    assert as_admin.client.get(f"/reports/files/{ordered.pk}").status_code == 404  # not yet
    assert exports.write_waiting_exports(now=NOW) == 1
    assert exports.write_waiting_exports(now=NOW) == 0
    answer: Any = as_admin.client.get(f"/reports/files/{ordered.pk}")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    kinds = ("brand", "channel", "purpose", "topic", "campaign", "reason", "source")
    named = ",".join(f"{kind},{kind}_name" for kind in kinds)
    assert lines[0].startswith(f"day,{named},opt_outs")
    assert len(lines) == 31 and all(",acme,Acme," in line for line in lines[1:])
    ordered.refresh_from_db()
    assert (ordered.state, ordered.rows) == ("done", 30)


def test_export_xlsx_has_same_rows(counts: None) -> None:
    ordered = exports.order_export("counts", build_query(), "xlsx", now=NOW)
    exports.write_waiting_exports(now=NOW)
    sheet = load_workbook(io.BytesIO(b"".join(exports.read_export_content(ordered)))).active
    assert sheet is not None and sheet.max_row == 61


def test_export_after_killed_worker_starts_anew(counts: None) -> None:
    ordered = exports.order_export("counts", build_query(), "csv", now=NOW)
    ExportPart.objects.create(export=ordered, number=0, data=b"half")
    exports.write_waiting_exports(now=NOW)
    assert b"half" not in b"".join(exports.read_export_content(ordered))


@pytest.mark.parametrize(
    ("table", "form", "query"),
    [("people", "csv", {}), ("counts", "pdf", {}), ("campaign-days", "csv", {"reason": "privacy"})],
)
def test_export_invalid_order_is_refused(
    table: str, form: str, query: dict[str, str], counts: None
) -> None:
    with pytest.raises(BadQuery):
        exports.order_export(table, build_query(**query), form, now=NOW)
    assert not ReportExport.objects.exists()


def test_export_too_many_waiting_is_refused_and_old_are_deleted(
    counts: None, as_admin: Api
) -> None:
    for _ in range(exports.MOST_WAITING):
        exports.order_export("counts", build_query(), "csv", now=NOW)
    full = as_admin.client.post("/reports/files", {"table": "counts", "form": "csv"})
    assert full.status_code == 422 and b"pending already" in full.content
    exports.write_waiting_exports(now=NOW + exports.KEPT + timedelta(days=1))
    assert not ReportExport.objects.exists()
