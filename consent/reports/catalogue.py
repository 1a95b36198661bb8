"""Every report that admins read, by the name in its address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

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
from consent.reports.asked import DEFAULT_DAYS, FILTERS, Asked, read
from consent.reports.figures import Report


@dataclass(frozen=True, slots=True)
class Entry:
    """A report: its title, what makes it, and the filters that it heeds."""

    title: str
    make: Callable[[Asked], Report]
    filters: tuple[str, ...] = FILTERS
    days: int = DEFAULT_DAYS


CATALOGUE = {
    "overview": Entry("Overview", overview.of),
    "opt-outs": Entry("Breakdown", breakdown.of),
    "campaigns": Entry(
        "Campaigns", campaigns.of, ("brand", "channel", "purpose", "topic", "campaign")
    ),
    "reasons": Entry("Reasons", reasons.of),
    "survival": Entry("Consent survival", survival.of, ("brand", "channel", "source")),
    "honour": Entry("Time to honour", honour.of, ("brand",)),
    "contacts": Entry("After a no", contacts.of, ("brand", "channel", "purpose"), days=90),
    "power": Entry("Market power", power.of, ("brand",)),
}


class NoSuchReport(LookupError):
    """There is none of this name."""


def of(name: str, query: Mapping[str, str], *, today: date) -> tuple[Asked, Report]:
    """What was asked, and the report on it.

    Raises:
        NoSuchReport, asked.BadQuery
    """
    if not (entry := CATALOGUE.get(name)):
        raise NoSuchReport(f"there is no report {name!r}")
    asked = read(query, today=today, days=entry.days)
    return asked, entry.make(asked)
