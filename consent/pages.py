"""The admin's report as a plain page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required, user_passes_test
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from brands.wire import Problem
from consent import reports
from consent.api.reports import ReportQuery, period_of
from consent.metrics import COUNTERS
from consent.reports import Report


def _is_admin(user: object) -> bool:
    if not getattr(user, "is_staff", False):
        raise PermissionDenied
    return True


@require_safe
@login_required
@user_passes_test(_is_admin)
def opt_outs(request: HttpRequest) -> HttpResponse:
    """Opt-outs and opt-ins; a query that is wrong shows why, above the report for today."""
    query = ReportQuery(data={key: value for key, value in request.GET.items() if value})
    error = "" if query.is_valid() else "The dates must be days like 2026-11-22."
    asked = {} if error else dict(query.validated_data)
    by = [n.strip() for n in asked.get("by", ",".join(reports.DEFAULT_DIMENSIONS)).split(",") if n]
    try:
        period = period_of(asked)
        report = reports.opt_outs(period, by=by, brand=asked.get("brand", ""))
    except (Problem, reports.UnknownDimension) as wrong:
        today = timezone.now().date()
        error, by = str(wrong), list(reports.DEFAULT_DIMENSIONS)
        period = reports.Period(today, today)
        report = reports.opt_outs(period)
    context = {
        "period": period,
        "brand": asked.get("brand", ""),
        "by": ",".join(by),
        "error": error,
        "dimensions": report.dimensions,
        "totals": [(name.replace("_", "-"), report.totals[name]) for name in COUNTERS],
        "rows": _cells(report),
        "is_cut": report.is_cut,
    }
    return render(request, "consent/opt_outs.html", context, status=422 if error else 200)


def _cells(report: Report) -> list[dict[str, list[object]]]:
    return [
        {
            "kind": [row[name] for name in report.dimensions],
            "counts": [row[name] for name in COUNTERS],
        }
        for row in reports.plain_rows(report)
    ]
