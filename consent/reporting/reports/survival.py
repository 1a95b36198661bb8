"""The consent survival report: how long consents last, by cohort, channel and source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Min, Sum

from consent.models import YesLife, YesSnapshot
from consent.reporting import kaplan_meier
from consent.reporting.kaplan_meier import SurvivalPoint
from consent.reporting.reports.figures import CODED, Column, Drawing, Figure, Report, Value
from consent.reporting.reports.query import BadQuery, ReportQuery

#: The dimensions by which the curves can be grouped.
SURVIVAL_GROUPS = ("cohort", "channel", "source")
MOST_CURVES = 8
LANDMARKS = (30, 90, 180, 365)  # days
NOTES = [
    "Kaplan–Meier: the share of yeses that no “no” has ended yet, with a 95 % band (Greenwood, "
    "log-log).",
    "A yes ends with a no to the same or to something wider, when it is taken back, or when the "
    "person ends the relationship. One that stands, or ran out by itself, was watched for so long.",
]


def build_report(asked: ReportQuery) -> Report:
    """Return one curve for all, and one for each group if *by* names one of `SURVIVAL_GROUPS`.

    Raises:
        BadQuery
    """
    if len(asked.by) > 1:
        raise BadQuery("by", "unknown_dimension", "Use one dimension at a time for this report.")
    by = asked.by[0] if asked.by else ""
    lives = _lives(asked, by)
    whole = kaplan_meier.estimate_survival(_all(lives))
    figures = [_whole(whole)]
    if by:
        figures += [_groups(by, lives)]
    figures.append(_landmarks(by, lives, whole))
    return Report("Consent survival", figures, as_of=_as_of(asked))


Lives = dict[str, list[tuple[int, bool, int]]]


def _lives(asked: ReportQuery, by: str) -> Lives:
    """Return the lives of consents given in the period's last month or before, by group."""
    rows = YesLife.objects.filter(cohort__lte=asked.period.last)
    for name in ("brand", "channel", "source"):
        if values := asked.filters.get(name):
            rows = rows.filter(**{f"{'brand__slug' if name == 'brand' else name}__in": values})
    named = [by] if by else []
    summed = rows.values_list(*named, "days", "ended").annotate(number=Sum("count")).order_by()
    found: Lives = defaultdict(list)
    for row in summed:
        days, ended, number = row[-3:]
        group = str(row[0]) if by else ""
        found[group[:7] if by == "cohort" else group or "any"].append((days, ended, number))
    return found


def _all(lives: Lives) -> list[tuple[int, bool, int]]:
    return [each for group in lives.values() for each in group]


def _as_of(asked: ReportQuery) -> datetime | None:
    rows = YesSnapshot.objects.all()
    if brands := asked.filters.get("brand"):
        rows = rows.filter(brand__slug__in=brands)
    oldest: datetime | None = rows.aggregate(oldest=Min("as_of"))["oldest"]
    return oldest


COLUMNS = [
    Column("days", "days", "count"),
    Column("share", "still a yes", "share"),
    Column("low", "at least", "share"),
    Column("high", "at most", "share"),
    Column("at_risk", "yeses watched", "count"),
]


def _whole(points: Sequence[SurvivalPoint]) -> Figure:
    return Figure(
        "curve",
        "How long a yes lasts",
        COLUMNS,
        [[p.days, p.share, p.low, p.high, p.at_risk] for p in points],
        notes=NOTES,
        drawing=Drawing("step", "days", ["share"], "share", band=("low", "high")),
        empty="Nobody has said yes yet, or nothing was worked out yet.",
    )


def _groups(by: str, lives: Lives) -> Figure:
    largest = sorted(lives, key=lambda group: -sum(n for *_, n in lives[group]))[:MOST_CURVES]
    rows: list[list[Value]] = [
        [group, p.days, p.share, p.low, p.high, p.at_risk]
        for group in sorted(largest)
        for p in kaplan_meier.estimate_survival(lives[group])
    ]
    left_out = len(lives) - len(largest)
    return Figure(
        "groups",
        f"By {by}",
        [Column(by, by), *COLUMNS],
        rows,
        notes=[f"The {MOST_CURVES} largest; {left_out} more."] if left_out else [],
        drawing=Drawing("step", "days", ["share"], "share", groups=by),
    )


def _landmarks(by: str, lives: Lives, whole: Sequence[SurvivalPoint]) -> Figure:
    groups = [("all", whole, _all(lives))]
    if by:
        groups += [
            (group, kaplan_meier.estimate_survival(each), each)
            for group, each in sorted(lives.items())
        ]
    return Figure(
        "landmarks",
        "What is left after …",
        [
            Column("group", by or "group", codes=by if by in CODED else ""),
            Column("yeses", "yeses", "count"),
            *(Column(f"after_{days}", f"{days} days", "share") for days in LANDMARKS),
            Column("median", "median (days)", "count"),
        ],
        [[name, *_marks(points, each)] for name, points, each in groups if points],
        notes=["A dash: none was watched for so long, or more than half still stand."],
    )


def _marks(points: Sequence[SurvivalPoint], lives: Sequence[tuple[int, bool, int]]) -> list[Value]:
    watched = max(days for days, *_ in lives)
    marks: list[Value] = []
    for days in LANDMARKS:
        share = [p.share for p in points if p.days <= days][-1]
        marks.append(share if days <= watched or share == 0 else None)
    return [points[0].at_risk, *marks, kaplan_meier.find_median(points)]
