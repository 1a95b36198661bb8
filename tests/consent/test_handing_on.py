"""What is handed on: large files, the week's mail, and days that stand out."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from openpyxl import load_workbook
from pytest_django import Settings

from brands.models import Brand
from consent.models import Anomaly, BrandCount, DailyCount, ExportPart, ReportExport
from consent.reporting import anomalies
from consent.reporting.reports import exports, summaries
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


def asked(**query: str) -> ReportQuery:
    return read_report_query(query, today=TODAY, days=90)


# -- Files ----------------------------------------------------------------------------------------


def test_a_file_is_written_by_a_worker_and_fetched_by_admins(
    counts: None, as_admin: Api, as_ana: Api
) -> None:
    ordered = exports.order_export("counts", asked(brand="acme"), "csv", now=NOW)
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


def test_the_same_as_a_spreadsheet(counts: None) -> None:
    ordered = exports.order_export("counts", asked(), "xlsx", now=NOW)
    exports.write_waiting_exports(now=NOW)
    sheet = load_workbook(io.BytesIO(b"".join(exports.read_export_content(ordered)))).active
    assert sheet is not None and sheet.max_row == 61


def test_a_worker_that_was_killed_leaves_nothing_behind(counts: None) -> None:
    ordered = exports.order_export("counts", asked(), "csv", now=NOW)
    ExportPart.objects.create(export=ordered, number=0, data=b"half")
    exports.write_waiting_exports(now=NOW)
    assert b"half" not in b"".join(exports.read_export_content(ordered))


@pytest.mark.parametrize(
    ("table", "form", "query"),
    [("people", "csv", {}), ("counts", "pdf", {}), ("campaign-days", "csv", {"reason": "privacy"})],
)
def test_what_cannot_be_written_is_refused(
    table: str, form: str, query: dict[str, str], counts: None
) -> None:
    with pytest.raises(BadQuery):
        exports.order_export(table, asked(**query), form, now=NOW)
    assert not ReportExport.objects.exists()


def test_not_more_than_so_many_wait_and_old_ones_go(counts: None, as_admin: Api) -> None:
    for _ in range(exports.MOST_WAITING):
        exports.order_export("counts", asked(), "csv", now=NOW)
    full = as_admin.client.post("/reports/files", {"table": "counts", "form": "csv"})
    assert full.status_code == 422 and b"pending already" in full.content
    exports.write_waiting_exports(now=NOW + exports.KEPT + timedelta(days=1))
    assert not ReportExport.objects.exists()


# -- The week's mail ------------------------------------------------------------------------------


def test_the_summary_goes_out_once_a_week(counts: None, settings: Settings) -> None:
    assert not summaries.send_due_summary(now=NOW)
    settings.REPORT_MAIL_TO = ["boss@example.org"]
    assert summaries.send_due_summary(now=NOW)
    assert not summaries.send_due_summary(now=NOW)
    (sent,) = mail.outbox
    assert sent.subject == "CMR: the week from 2026-05-25"
    assert "opt-outs" in str(sent.body)
    assert isinstance(sent, mail.EmailMultiAlternatives)
    html = str(sent.alternatives[0][0])
    assert 'bgcolor="#1f5a4c"' in html and ">Acme<" in html


# -- Days that stand out --------------------------------------------------------------------------


def test_a_day_far_from_usual_is_noted_with_its_campaign(counts: None) -> None:
    for _ in anomalies.refresh_all_anomalies(now=NOW):
        pass
    note = Anomaly.objects.get()
    assert (note.brand.slug, note.day, note.opt_outs) == ("acme", TODAY, 60)
    assert (note.campaign, note.of_campaign, note.people) == ("spring", 60, 900)
    assert note.usual == 5 / 900


@pytest.mark.parametrize(
    ("today", "before", "stands_out"),
    [
        (60, [5] * 28, True),
        (14, [5] * 28, True),  # 0.6745 × 9 ÷ (0.6745 × √5) = 4.02
        (12, [5] * 28, False),  # 3.13
        (9, [0] * 28, False),  # too few
        (60, [5] * 10, False),  # too short a past
        (60, [40, 60, 20, 80] * 7, False),  # it is like that
        (60, [5] * 27 + [500], True),  # an earlier outlier hides nothing
    ],
)
def test_what_stands_out(today: int, before: list[int], stands_out: bool) -> None:
    assert (anomalies.judge_day(today, before, 900) is not None) == stands_out


def test_dates_of_the_far_past_are_refused() -> None:
    with pytest.raises(BadQuery):
        read_report_query({"last": str(date.min)}, today=TODAY)
