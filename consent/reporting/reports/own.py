"""A brand's report about itself. It contains nothing about other brands by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from brands.models import Brand
from consent.models import HonourSnapshot, HonourTime
from consent.reporting.cell_suppression import K
from consent.reporting.rates import Period
from consent.reporting.reports import benchmark, weeks
from consent.reporting.reports.figures import WITHHELD, Column, Figure, Report, Value
from consent.reporting.reports.honour import BrandHonour, compute_quantile
from consent.reporting.reports.query import BadQuery

DEFAULT_WEEKS = 4
INTRO = "Whole weeks, Monday to Sunday in UTC, up to the last one that is over."


def read_own_query(query: Mapping[str, str], *, today: date) -> list[Period]:
    """Return the weeks that a query asks for.

    There are no filters or dimensions: see Note [Withholding] in `cell_suppression`.

    Raises:
        BadQuery
    """
    if strange := sorted(set(query) - {"weeks", "format", "figure", "page"}):
        raise BadQuery(
            strange[0], "unknown_dimension", "This report takes no parameter but `weeks`."
        )
    wanted = query.get("weeks", str(DEFAULT_WEEKS))
    if wanted not in map(str, weeks.WEEK_PRESETS):
        raise BadQuery("weeks", "invalid", f"Use one of {', '.join(map(str, weeks.WEEK_PRESETS))}.")
    return weeks.list_whole_weeks(int(wanted), today=today)


def build_own_report(brand: Brand, span: list[Period]) -> Report:
    return Report(
        f"{brand.name}: your numbers",
        [
            weeks.read_weeks(brand.slug, span),
            *(weeks.read_weekly_sums(thing, brand.slug, span) for thing in weeks.BREAKDOWNS),
            _honour(brand, span),
            benchmark.build_report(brand, span),
        ],
        intro=INTRO,
        as_of=HonourSnapshot.objects.filter(brand=brand).values_list("as_of", flat=True).first(),
    )


def _honour(brand: Brand, span: list[Period]) -> Figure:
    """Return the figure of how fast the brand honours refusals.

    The number of refusals is in the other tables only, as far as it is not suppressed.
    """
    standing = BrandHonour()
    rows = HonourTime.objects.filter(brand=brand, day__gte=span[0].first, day__lte=span[-1].last)
    for row in rows:
        standing.add(row)
    return Figure(
        "honour",
        "How fast you honour a no",
        [
            Column("stage", "until"),
            Column("p50", "half within", "seconds"),
            Column("p95", "95 % within", "seconds"),
            Column("in_time", "in time", "share"),
        ],
        [
            ["delivered", *_times(standing.delivered), None],
            ["applied", *_times(standing.applied), _share(standing)],
        ],
        notes=[
            "delivered: the first 2xx of one of your endpoints, or your acknowledgement where that "
            "came first. applied: your acknowledgement. in time: by the honour-by date ÷ all that "
            "were applied or are overdue.",
            f"Of fewer than {2 * K} noes it is withheld.",
        ],
    )


def _times(times: list[tuple[float, int]]) -> list[Value]:
    if sum(number for _, number in times) < 2 * K:
        return [WITHHELD, WITHHELD]
    return [compute_quantile(times, 0.5), compute_quantile(times, 0.95)]


def _share(standing: BrandHonour) -> Value:
    """Return the share in time, rounded to whole percents. A finer one would reveal counts."""
    due = standing.in_time + standing.late
    if due < 2 * K:
        return WITHHELD
    return round(standing.in_time / due, 2)
