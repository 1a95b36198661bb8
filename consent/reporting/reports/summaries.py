"""The weekly summary by mail. Its charts are table cells, which every mail program shows."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from consent.models import Anomaly, SummaryMail
from consent.reporting.rates import Period
from consent.reporting.reports import honour, overview
from consent.reporting.reports.figures import Figure
from consent.reporting.reports.names import read_row_names
from consent.reporting.reports.query import ReportQuery

BARS = 10


def send_due_summary(*, now: datetime) -> bool:
    """Send the summary of the last full week once. Return False if there is nothing to send."""
    if not settings.REPORT_MAIL_TO:
        return False
    monday = now.date() - timedelta(days=now.weekday() + 7)
    with transaction.atomic():  # if sending fails, the row is rolled back and we try again
        _, is_new = SummaryMail.objects.get_or_create(week=monday, defaults={"sent_at": now})
        if is_new:
            build_summary(monday).send()
    return is_new


def build_summary(monday: date) -> EmailMultiAlternatives:
    """Return the summary mail of the week that begins on *monday*."""
    asked = ReportQuery(Period(monday, monday + timedelta(days=6)))
    report = overview.build_report(asked)
    week = asked.period
    context = {
        "period": week,
        "cards": report.cards,
        "charts": [
            _bars(report.figure("days"), "opt_outs"),
            _bars(report.figure("brands"), "opt_outs"),
            _bars(honour.build_report(asked).figure("in_time"), "in_time"),
        ],
        "anomalies": Anomaly.objects.filter(day__gte=week.first, day__lte=week.last)
        .select_related("brand")
        .order_by("day", "-score"),
        "link": f"{settings.PUBLIC_URL}/reports/?first={week.first}&last={week.last}",
    }
    mail = EmailMultiAlternatives(
        f"CMR: the week from {week.first}",
        render_to_string("consent/summary.txt", context),
        to=settings.REPORT_MAIL_TO,
    )
    mail.attach_alternative(render_to_string("consent/summary.html", context), "text/html")
    return mail


def _bars(figure: Figure | None, count: str) -> dict[str, object]:
    """Return label, value and length of each bar. Lengths go from 0 to 100, starting at zero."""
    assert figure
    column = next(nth for nth, each in enumerate(figure.columns) if each.name == count)
    rows, codes = figure.rows[:BARS], figure.columns[0].codes
    values: list[float | None] = [row[column] for row in rows]
    highest = max((each for each in values if each), default=1)
    names = read_row_names(figure.columns, rows)
    return {
        "title": figure.title,
        "unit": figure.columns[column].label,
        "is_share": figure.columns[column].sort == "share",
        "bars": [
            (names.get(codes, row[0]) if codes else row[0], value, _length(value, highest))
            for row, value in zip(rows, values, strict=True)
        ],
    }


def _length(value: float | None, highest: float) -> int:
    return round(100 * (value or 0) / highest)
