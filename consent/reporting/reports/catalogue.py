"""The catalogue of admin reports, by the name in the URL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from consent.reporting.rates import DIMENSIONS
from consent.reporting.reports import (
    breakdown,
    campaigns,
    contacts,
    honour,
    overview,
    power,
    reasons,
    survival,
)
from consent.reporting.reports.figures import Report
from consent.reporting.reports.query import (
    DEFAULT_REPORT_DAYS,
    REPORT_FILTERS,
    BadQuery,
    ReportQuery,
    check_values,
    known_dimensions,
    read_report_query,
)
from core.errors import DomainError


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A report: its title, the function that builds it, and the filters it uses."""

    title: str
    make: Callable[[ReportQuery], Report]
    filters: tuple[str, ...] = REPORT_FILTERS
    days: int = DEFAULT_REPORT_DAYS
    #: The dimensions for a breakdown, and whether it can be sorted.
    dimensions: Collection[str] = ()
    is_sorted: bool = False
    #: Whether it uses the first day of the period. Otherwise it looks back from the last.
    has_start: bool = True


REPORTS = {
    "overview": CatalogueEntry("Overview", overview.build_report, is_sorted=True),
    "opt-outs": CatalogueEntry(
        "Breakdown", breakdown.build_report, dimensions=DIMENSIONS, is_sorted=True
    ),
    "campaigns": CatalogueEntry(
        "Campaigns",
        campaigns.build_report,
        ("brand", "channel", "purpose", "topic", "campaign"),
        is_sorted=True,
    ),
    "reasons": CatalogueEntry("Reasons", reasons.build_report),
    "survival": CatalogueEntry(
        "Consent survival",
        survival.build_report,
        ("brand", "channel", "source"),
        dimensions=survival.SURVIVAL_GROUPS,
        has_start=False,
    ),
    "honour": CatalogueEntry("Time to honour", honour.build_report, ("brand",)),
    "contacts": CatalogueEntry(
        "After a no", contacts.build_report, ("brand", "channel", "purpose"), days=90
    ),
    "power": CatalogueEntry("Market power", power.build_report, ("brand",), has_start=False),
}


class NoSuchReport(DomainError):
    """There is no report of this name."""

    status = 404
    code = "not_found"


def build_named_report(
    name: str, query: Mapping[str, str], *, today: date
) -> tuple[ReportQuery, Report]:
    """Return the report query and the report.

    Raises:
        NoSuchReport, BadQuery
    """
    if not (entry := REPORTS.get(name)):
        raise NoSuchReport(f"there is no report {name!r}")
    asked = read_report_query(query, today=today, days=entry.days)
    _refuse_start(entry, query)
    _refuse_unheeded(entry, asked)
    check_values(asked.filters)
    return asked, entry.make(asked)


def _refuse_start(entry: CatalogueEntry, query: Mapping[str, str]) -> None:
    """Refuse the start of a period if the report looks back from the end.

    Raises:
        BadQuery
    """
    if not entry.has_start and (named := [n for n in ("first", "days") if query.get(n)]):
        message = "This report looks back from `last`, so it has no first day."
        raise BadQuery(named[0], "not_in_this_report", message)


def _refuse_unheeded(entry: CatalogueEntry, asked: ReportQuery) -> None:
    """Refuse parameters that the report would ignore, because readers would think it is filtered.

    Raises:
        BadQuery
    """
    known_dimensions(asked.by, entry.dimensions)
    named = [*asked.filters, *(["sort"] if asked.sort else [])]
    heeded = [*entry.filters, *(["sort"] if entry.is_sorted else [])]
    if unheeded := [name for name in named if name not in heeded]:
        message = f"This report cannot use {unheeded[0]}; it takes {', '.join(heeded)}."
        raise BadQuery(unheeded[0], "not_in_this_report", message)
