"""The time-to-honour report: how fast brands receive and apply refusals, and what is overdue."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Min, Sum

from brands import workspaces
from brands.models import Brand
from consent.models import HonourSnapshot, HonourTime, Refusal
from consent.reporting.reports.figures import Column, Drawing, Figure, Report, Value
from consent.reporting.reports.query import ReportQuery

Times = list[tuple[float, int]]
COLUMNS = [
    Column("brand", "brand"),
    Column("noes", "noes told", "count"),
    Column("delivered_p50", "delivered p50", "seconds"),
    Column("delivered_p95", "delivered p95", "seconds"),
    Column("applied_p50", "applied p50", "seconds"),
    Column("applied_p95", "applied p95", "seconds"),
    Column("in_time", "applied in time", "share"),
    Column("open", "not applied yet", "count"),
    Column("overdue", "overdue now", "count"),
    Column("refused", "refused tries", "count"),
]
NOTES = [
    "delivered: from the choice to the first 2xx of one of the brand's endpoints, or to its "
    "“applied” where that came first. applied: to the brand's acknowledgement.",
    "applied in time: noes applied by their honour-by date ÷ noes applied, or overdue.",
    "p50, p95: half, and 95 %, of those that arrived took no longer; what has not arrived has no "
    "time yet. Times have three significant digits.",
    "overdue now: of all time, when this was worked out.",
    "refused tries: to say yes over a person's no, or to ask somebody who had to be left alone.",
    "Brands that are only listed are left out: nobody there could hear of a no.",
]
DRAWN = 15


@dataclass(slots=True)
class BrandHonour:
    """One brand's refusals of the period, by stage."""

    delivered: Times = field(default_factory=list)
    applied: Times = field(default_factory=list)
    in_time: int = 0
    late: int = 0
    open: int = 0

    @property
    def share_in_time(self) -> float | None:
        due = self.in_time + self.late
        return self.in_time / due if due else None

    def add(self, row: HonourTime) -> None:
        if row.stage == "delivered":
            self.delivered.append((row.seconds or 0.0, row.count))
            return
        if row.stage == "open":
            self.open += row.count
            self.late += 0 if row.in_time else row.count
            return
        self.applied.append((row.seconds or 0.0, row.count))
        self.in_time += row.count if row.in_time else 0
        self.late += 0 if row.in_time else row.count


def compute_quantile(times: Times, share: float) -> float | None:
    """Return the shortest time within which at least *share* of them came; None for none.

    Example: for times [(1.0, 8), (60.0, 2)], share 0.5 is 1.0 second and share 0.95 is 60.0
    seconds.
    """
    every, passed = sum(number for _, number in times), 0
    for seconds, number in sorted(times):
        passed += number
        if passed >= share * every:
            return seconds
    return None


def build_report(asked: ReportQuery) -> Report:
    standings = _standings(asked)
    snapshots = HonourSnapshot.objects.filter(brand__in=standings)
    overdue = dict(snapshots.values_list("brand_id", "overdue"))
    brands = Brand.objects.in_bulk(standings)
    refused = _refused(asked)
    rows = [
        [*_row(brands[pk].slug, each, overdue.get(pk, 0)), refused.get(pk, 0)]
        for pk, each in standings.items()
    ]
    rows.sort(key=_first_who_keep_it)
    oldest = snapshots.aggregate(oldest=Min("as_of"))["oldest"]
    return Report("Time to honour", [_league(asked, rows), _chart(rows)], as_of=oldest)


def _standings(asked: ReportQuery) -> dict[int, BrandHonour]:
    period = asked.period
    rows = HonourTime.objects.filter(day__gte=period.first, day__lte=period.last)
    if wanted := asked.filters.get("brand"):
        rows = rows.filter(brand__slug__in=wanted)
    found: dict[int, BrandHonour] = defaultdict(BrandHonour)
    for row in rows.iterator():
        found[row.brand_id].add(row)
    joined = workspaces.find_ever_connected_brands(found)
    return {brand_id: each for brand_id, each in found.items() if brand_id in joined}


def _refused(asked: ReportQuery) -> dict[int, int]:
    period = asked.period
    rows = Refusal.objects.filter(day__gte=period.first, day__lte=period.last)
    return dict(rows.values_list("brand").annotate(tries=Sum("count")))


def _row(slug: str, standing: BrandHonour, overdue: int) -> list[Value]:
    return [
        slug,
        standing.open + sum(number for _, number in standing.applied),
        compute_quantile(standing.delivered, 0.5),
        compute_quantile(standing.delivered, 0.95),
        compute_quantile(standing.applied, 0.5),
        compute_quantile(standing.applied, 0.95),
        standing.share_in_time,
        standing.open,
        overdue,
    ]


def _first_who_keep_it(row: list[Value]) -> tuple[bool, float, float, str]:
    """Return a sort key: by share in time, then by speed. Brands with nothing due come last."""
    share, applied = row[6], row[4]
    return share is None, -(share or 0), applied if applied is not None else float("inf"), row[0]


def _league(asked: ReportQuery, rows: list[list[Value]]) -> Figure:
    return Figure(
        "league",
        "Who keeps their word",
        COLUMNS,
        rows,
        notes=NOTES,
        link=lambda row: asked.query(brand=rows[row][0], by="day"),
        leads_to="opt-outs",
        empty="No brand was told of a no in this time, or nothing was worked out yet.",
    )


def _chart(rows: list[list[Value]]) -> Figure:
    due = [[row[0], row[6]] for row in rows if row[6] is not None]
    worst = sorted(due, key=lambda row: row[1])[:DRAWN]
    return Figure(
        "in_time",
        "Applied in time",
        [COLUMNS[0], COLUMNS[6]],
        worst,
        notes=[NOTES[1], *([f"The {DRAWN} lowest."] if len(due) > DRAWN else [])],
        drawing=Drawing("bar", "brand", ["in_time"], "share"),
        empty="Nothing was due in this time.",
    )
