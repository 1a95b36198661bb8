"""What admins read: sums over the daily counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F, QuerySet, Sum

from consent.metrics import COUNTERS
from consent.models import DailyCount

#: What a report can be broken down by, and the column each is.
DIMENSIONS = {
    "day": "day",
    "brand": "brand__slug",
    "purpose": "purpose",
    "channel": "channel",
    "topic": "topic",
    "reason": "reason",
    "source": "source",
}
DEFAULT_DIMENSIONS = ("day", "brand", "purpose", "channel")
MAX_ROWS = 10_000


class UnknownDimension(ValueError):
    """A report was asked for by something that it cannot be broken down by."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both counted, in UTC."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Report:
    rows: list[dict[str, Any]]
    totals: dict[str, int]
    dimensions: Sequence[str]
    #: There were more than `MAX_ROWS`; the totals count them all the same.
    is_cut: bool = field(default=False)


def opt_outs(period: Period, *, by: Sequence[str] = DEFAULT_DIMENSIONS, brand: str = "") -> Report:
    """Opt-outs, opt-ins, pauses and limits in *period*, newest day and highest count first.

    Raises:
        UnknownDimension
    """
    if unknown := [name for name in by if name not in DIMENSIONS]:
        raise UnknownDimension(f"cannot report by {unknown[0]!r}")
    if not by:
        raise UnknownDimension("name at least one dimension to report by")
    counts = DailyCount.objects.filter(day__gte=period.first, day__lte=period.last)
    counts = counts.filter(brand__slug=brand) if brand else counts
    rows = list(_grouped(counts, by)[: MAX_ROWS + 1])
    return Report(rows[:MAX_ROWS], _totals(counts), by, is_cut=len(rows) > MAX_ROWS)


def _grouped(counts: QuerySet[DailyCount], by: Sequence[str]) -> QuerySet[Any, dict[str, Any]]:
    named = {f"by_{name}": F(DIMENSIONS[name]) for name in by}
    sums = {f"sum_{name}": Sum(name) for name in COUNTERS}
    newest_first = ["-by_day"] if "day" in by else []
    order = [*newest_first, "-sum_opt_outs", *(f"by_{name}" for name in by)]
    return counts.values(**named).annotate(**sums).order_by(*order)


def _totals(counts: QuerySet[DailyCount]) -> dict[str, int]:
    sums = counts.aggregate(**{f"sum_{name}": Sum(name) for name in COUNTERS})
    return {name: sums[f"sum_{name}"] or 0 for name in COUNTERS}


def plain_rows(report: Report) -> list[dict[str, Any]]:
    """The rows under the names that the API and the page use."""
    names = [(name, f"by_{name}") for name in report.dimensions]
    names += [(name, f"sum_{name}") for name in COUNTERS]
    return [{name: row[column] for name, column in names} for row in report.rows]
