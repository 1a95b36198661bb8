"""What a brand reads about itself, and nothing about another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from brands.models import Brand
from consent.models import HonourSnapshot, HonourTime
from consent.rates import Period
from consent.reports import benchmark, weeks
from consent.reports.asked import BadQuery
from consent.reports.figures import WITHHELD, Column, Figure, Report, Value
from consent.reports.honour import Standing, quantile
from consent.withholding import K

DEFAULT_WEEKS = 4
INTRO = "Whole weeks, Monday to Sunday in UTC, up to the last one that is over."


def read(query: Mapping[str, str], *, today: date) -> list[Period]:
    """The weeks that a query asks for. There is nothing else to ask: see Note [Withholding].

    Raises:
        BadQuery
    """
    if strange := sorted(set(query) - {"weeks", "format", "figure", "page"}):
        raise BadQuery(strange[0], "unknown_dimension", "A brand's report goes by weeks alone.")
    wanted = query.get("weeks", str(DEFAULT_WEEKS))
    if wanted not in map(str, weeks.PRESETS):
        raise BadQuery("weeks", "invalid", f"One of {', '.join(map(str, weeks.PRESETS))}.")
    return weeks.whole_weeks(int(wanted), today=today)


def of(brand: Brand, span: list[Period]) -> Report:
    return Report(
        f"{brand.name}: your numbers",
        [
            weeks.by_week(brand.slug, span),
            *(weeks.by(thing, brand.slug, span) for thing in weeks.BREAKDOWNS),
            _honour(brand, span),
            benchmark.of(brand, span),
        ],
        intro=INTRO,
        as_of=HonourSnapshot.objects.filter(brand=brand).values_list("as_of", flat=True).first(),
    )


def _honour(brand: Brand, span: list[Period]) -> Figure:
    """How fast it is; how many noes there were is in the other tables, as far as it is shown."""
    standing = Standing()
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
    return [quantile(times, 0.5), quantile(times, 0.95)]


def _share(standing: Standing) -> Value:
    """To the whole percent: a finer one would count."""
    due = standing.in_time + standing.late
    if due < 2 * K:
        return WITHHELD
    return round(standing.in_time / due, 2)
