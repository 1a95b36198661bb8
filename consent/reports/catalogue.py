"""Every report that admins read, by the name in its address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from consent.rates import DIMENSIONS
from consent.reports import (
    breakdown,
    campaigns,
    contacts,
    honour,
    overview,
    power,
    reasons,
    survival,
)
from consent.reports.asked import (
    DEFAULT_DAYS,
    FILTERS,
    Asked,
    BadQuery,
    check_values,
    known_dimensions,
    read,
)
from consent.reports.figures import Report


@dataclass(frozen=True, slots=True)
class Entry:
    """A report: its title, what makes it, and the filters that it heeds."""

    title: str
    make: Callable[[Asked], Report]
    filters: tuple[str, ...] = FILTERS
    days: int = DEFAULT_DAYS
    #: What it can be broken down by, and whether it can be sorted.
    dimensions: Collection[str] = ()
    is_sorted: bool = False
    #: Whether it heeds the first day of the period; else it looks back from the last.
    has_start: bool = True


CATALOGUE = {
    "overview": Entry("Overview", overview.of, is_sorted=True),
    "opt-outs": Entry("Breakdown", breakdown.of, dimensions=DIMENSIONS, is_sorted=True),
    "campaigns": Entry(
        "Campaigns",
        campaigns.of,
        ("brand", "channel", "purpose", "topic", "campaign"),
        is_sorted=True,
    ),
    "reasons": Entry("Reasons", reasons.of),
    "survival": Entry(
        "Consent survival",
        survival.of,
        ("brand", "channel", "source"),
        dimensions=survival.GROUPS,
        has_start=False,
    ),
    "honour": Entry("Time to honour", honour.of, ("brand",)),
    "contacts": Entry("After a no", contacts.of, ("brand", "channel", "purpose"), days=90),
    "power": Entry("Market power", power.of, ("brand",), has_start=False),
}


class NoSuchReport(LookupError):
    """There is none of this name."""


def of(name: str, query: Mapping[str, str], *, today: date) -> tuple[Asked, Report]:
    """Return what was asked, and the report on it.

    Raises:
        NoSuchReport, asked.BadQuery
    """
    if not (entry := CATALOGUE.get(name)):
        raise NoSuchReport(f"there is no report {name!r}")
    asked = read(query, today=today, days=entry.days)
    _refuse_start(entry, query)
    _refuse_unheeded(entry, asked)
    check_values(asked.filters)
    return asked, entry.make(asked)


def _refuse_start(entry: Entry, query: Mapping[str, str]) -> None:
    """Refuse the beginning of a period where the report looks back from its end.

    Raises:
        BadQuery
    """
    if not entry.has_start and (named := [n for n in ("first", "days") if query.get(n)]):
        message = "This report looks back from `last`; it has no first day."
        raise BadQuery(named[0], "not_in_this_report", message)


def _refuse_unheeded(entry: Entry, asked: Asked) -> None:
    """Refuse what would not change the report: its reader would take it for narrowed down.

    Raises:
        BadQuery
    """
    known_dimensions(asked.by, entry.dimensions)
    named = [*asked.filters, *(["sort"] if asked.sort else [])]
    heeded = [*entry.filters, *(["sort"] if entry.is_sorted else [])]
    if unheeded := [name for name in named if name not in heeded]:
        message = f"This report does not go by {unheeded[0]}; it takes {', '.join(heeded)}."
        raise BadQuery(unheeded[0], "not_in_this_report", message)
