"""Pages and files of the admins' reports and of a brand's own report."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brands.events import publish_task
from brands.models import Brand
from consent import reporting
from consent.models import ReportExport
from consent.pages import presenters
from consent.pages.access import close, for_admins, for_brands, open_with
from consent.reporting import (
    REPORT_FILTERS,
    REPORT_PRESETS,
    REPORTS,
    SURVIVAL_GROUPS,
    BadQuery,
    Report,
    build_named_report,
    read_report_query,
)

TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": reporting.XLSX}


def read_filters(request: HttpRequest) -> dict[str, str]:
    """Return each parameter's values as text, several values separated by commas."""
    found = {name: ",".join(filter(None, values)) for name, values in request.GET.lists()}
    return {name: text for name, text in found.items() if text}


@require_safe
@for_admins
def report(request: HttpRequest, name: str = "overview") -> HttpResponseBase:
    """Show one report. If the query is wrong, show the error above the default report."""
    if name not in REPORTS:
        raise Http404
    query, today, error = read_filters(request), timezone.now().date(), ""
    try:
        _check_page_query(query)
        asked, made = build_named_report(name, query, today=today)
    except BadQuery as wrong:
        query, error = {}, str(wrong)
        asked, made = build_named_report(name, {}, today=today)
    if not error and (file := _file(made, query)):
        return file
    filters = reporting.build_filters(REPORTS[name].filters, asked.filters)
    context = {
        "name": name,
        "asked": asked,
        "error": error,
        "presets": [
            (days, asked.encoded(days=str(days), first="", last="")) for days in REPORT_PRESETS
        ],
        "has_start": REPORTS[name].has_start,
        "filters": filters,
        "not_heeded": not all(each.is_heeded for each in filters),
        "active": list(reporting.name_values(asked.filters).items()),
        "dimensions": _dimensions(name),
        **_context(made, query),
    }
    return render(request, "consent/report.html", context, status=422 if error else 200)


#: The parameters of a page's URL beside those of the report's query.
OF_PAGE = ("format", "figure", "page")
OF_QUESTION = (*REPORT_FILTERS, "first", "last", "days", "by", "sort")


def _check_page_query(query: Mapping[str, str]) -> None:
    """Refuse parameters that the page would ignore, because readers would think it used them.

    Raises:
        BadQuery
    """
    if unknown := [name for name in query if name not in (*OF_QUESTION, *OF_PAGE)]:
        raise BadQuery(unknown[0], "unknown_field", f"A report has no {unknown[0]!r}.")
    if query.get("format", "csv") not in TYPES:
        raise BadQuery("format", "invalid_choice", f"Use one of {', '.join(TYPES)}.")


def _context(made: Report, query: Mapping[str, str]) -> dict[str, Any]:
    paths = {each: _path(each) for each in REPORTS}
    return {
        "report": made,
        "reports": [(name, each.title, paths[name]) for name, each in REPORTS.items()],
        "cards": presenters.present_cards(made.cards),
        "shown": [presenters.present_figure(each, query, paths) for each in made.figures],
        "remarks": [
            (label, said, f"{paths[page]}?{urlencode(where)}")
            for label, said, where, page in made.remarks
        ],
        "most_bars": presenters.MOST_BARS,
    }


def _path(name: str) -> str:
    return reverse("reports-overview") if name == "overview" else reverse("report", args=[name])


def _file(made: Report, query: Mapping[str, str]) -> HttpResponse | None:
    """Return one figure's table as a file, if the query asks for one."""
    form = query.get("format", "")
    if form not in TYPES:
        return None
    if not (figure := made.figure(query.get("figure", ""))):
        raise Http404
    content = (
        reporting.write_figure_csv(figure) if form == "csv" else reporting.write_figure_xlsx(figure)
    )
    name = f'attachment; filename="cmr-{figure.name}.{form}"'
    return HttpResponse(content, content_type=TYPES[form], headers={"Content-Disposition": name})


def _dimensions(name: str) -> tuple[str, ...]:
    """Return the dimensions that the page's form offers."""
    if name == "survival":
        return SURVIVAL_GROUPS
    return ("day", *REPORTS[name].filters) if name == "opt-outs" else ()


# -- Large files ----------------------------------------------------------------------------------


@for_admins
@require_http_methods(["GET", "HEAD", "POST"])
def order_export(request: HttpRequest) -> HttpResponseBase:
    """Show the ordered exports with their progress, and a form for another."""
    error = ""
    if request.method == "POST":
        try:
            given = {name: request.POST.get(name, "") for name in ("first", "last", "brand")}
            asked = read_report_query(given, today=timezone.now().date(), days=90)
            wanted = request.POST.get("table", ""), request.POST.get("form", "")
            reporting.order_export(wanted[0], asked, wanted[1], now=timezone.now())
        except (BadQuery, reporting.TooManyExports) as wrong:
            error = str(wrong)
        else:
            publish_task("consent.write_exports")
            return redirect("reports-exports")
    context = {
        "name": "exports",
        "error": error,
        "exports": ReportExport.objects.order_by("-asked_at")[:50],
        "tables": reporting.EXPORT_TABLES,
        "brands": reporting.ReportFilter("brand", options=tuple(reporting.list_brands())),
        "reports": [(name, each.title, _path(name)) for name, each in REPORTS.items()],
    }
    return render(request, "consent/exports.html", context, status=422 if error else 200)


@require_safe
@for_admins
def download(request: HttpRequest, export_id: uuid.UUID) -> HttpResponseBase:
    export = get_object_or_404(ReportExport, pk=export_id, state="done")
    name = f'attachment; filename="cmr-{export.table}.{export.form}"'
    return StreamingHttpResponse(
        reporting.read_export_content(export),
        content_type=TYPES[export.form],
        headers={"Content-Disposition": name},
    )


# -- A brand's own --------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def key(request: HttpRequest) -> HttpResponseBase:
    """Show and handle the form in which a brand opens its reports with a key."""
    if request.method != "POST":
        return render(request, "consent/key.html")
    if open_with(request, request.POST.get("key", "").strip()):
        return redirect("reports-own")
    error = "This key is unknown, expired or revoked, or may not read reports."
    return render(request, "consent/key.html", {"error": error}, status=422)


@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    return close(request)


@never_cache
@require_safe
@for_brands
def own_report(request: HttpRequest, brand: Brand) -> HttpResponseBase:
    return own_page(request, brand, "consent/own.html")


def own_page(request: HttpRequest, brand: Brand, template: str, **more: object) -> HttpResponseBase:
    """Return the brand's own report as a page or a file.

    The page uses *template*, which also receives *more*.
    """
    query, today, error = read_filters(request), timezone.now().date(), ""
    try:
        span = reporting.read_own_query(query, today=today)
    except BadQuery as wrong:
        query, error = {}, str(wrong)
        span = reporting.read_own_query({}, today=today)
    made = reporting.build_own_report(brand, span)
    if not error and (file := _file(made, query)):
        return file
    context = {
        "error": error,
        "weeks": [(each, f"?weeks={each}") for each in reporting.WEEK_PRESETS],
        "chosen": len(span),
        "span": (span[0].first, span[-1].last),
        **_context(made, query),
        **more,
    }
    return render(request, template, context, status=422 if error else 200)
