"""The market-power grid: who decides, against how much technology is used on people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from brands.models import CampaignDay
from consent.models import BrandCount, DailyCount
from consent.reporting import rates
from consent.reporting.reports.figures import Column, Drawing, Figure, Report, Value
from consent.reporting.reports.query import ReportQuery

#: The purposes by which a company analyses or predicts people.
TECHNOLOGIES = ("profiling", "personalised_ads", "sale_or_sharing", "ai_training")
#: The number of monthly messages to each person that counts as full contact.
FULL_CONTACT = 30
#: The number of brands drawn by default. More points could not be distinguished.
BRANDS = 12
MONTHS = 12
NOTES = [
    "After Wind's grid of market power and technology. Up: the person's own decision. Of the yeses "
    "recorded for the brand in this month and the two before, the share that people gave "
    "themselves (portal, API, link, merge), against those the brand recorded for them.",
    "Across: technology, from 0 to 1. Half of it is how many of four uses of data the brand has a "
    "yes for in those months (profiling, personalised ads, sale or sharing, AI training); half is "
    f"how many messages a person got a month, {FULL_CONTACT} or more being all of it.",
    "A brand without a yes in three months has no point. What rests on a law's default alone, "
    "without a yes, is seen by neither axis.",
]


class Point(NamedTuple):
    brand: str
    month: date
    own: float
    technology: float
    uses: int
    contacts: float | None
    yeses: int


def build_report(asked: ReportQuery) -> Report:
    brands = list(asked.filters.get("brand", ())) or _biggest(asked.period.last)
    points = [point for slug in brands for point in _of_brand(slug, asked.period.last)]
    return Report("Market-power grid", [_figure(points)])


def _biggest(day: date) -> list[str]:
    """Return the slugs of the brands with the most active relationships."""
    sizes = rates.count_people(day + timedelta(days=1))
    return sorted(sizes, key=lambda slug: (-sizes[slug], slug))[:BRANDS]


def _of_brand(slug: str, last: date) -> list[Point]:
    """Return the brand's points, one a month, oldest first."""
    months = _months(last)
    given: dict[date, dict[tuple[str, str], int]] = defaultdict(dict)
    rows = DailyCount.objects.filter(
        brand__slug=slug, day__gte=_months(months[0])[-3], opt_ins__gt=0
    )
    by_kind = rows.values_list(TruncMonth("day"), "purpose", "source").annotate(n=Sum("opt_ins"))
    for month, purpose, source, number in by_kind.order_by():
        given[month][purpose, source] = number
    sent, people = _sent(slug, months[0]), _people(slug, months)
    found = (_point(slug, month, given, _contacts(month, sent, people)) for month in months)
    return [point for point in found if point]


def _months(last: date) -> list[date]:
    months = [last.replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months[::-1]


def _sent(slug: str, first: date) -> dict[date, int]:
    days = CampaignDay.objects.filter(brand__slug=slug, day__gte=first)
    rows = days.values_list(TruncMonth("day")).annotate(n=Sum("deliveries")).order_by()
    return dict(rows)


def _point(
    slug: str,
    month: date,
    given: dict[date, dict[tuple[str, str], int]],
    contacts: float | None,
) -> Point | None:
    quarter = [m for m in _months(month)[-3:] if m in given]
    yeses = [(kind, number) for m in quarter for kind, number in given[m].items()]
    if not (every := sum(number for _, number in yeses)):
        return None
    own = sum(number for (_, source), number in yeses if source != "brand_api")
    uses = len({purpose for (purpose, _), _ in yeses if purpose in TECHNOLOGIES})
    technology = uses / len(TECHNOLOGIES) / 2 + min(1.0, (contacts or 0) / FULL_CONTACT) / 2
    return Point(slug, month, own / every, technology, uses, contacts, every)


def _people(slug: str, months: Sequence[date]) -> dict[date, int]:
    """Return the number of active relationships at the start of each month."""
    rows = BrandCount.objects.filter(brand__slug=slug, day__lt=months[-1])
    by_month = rows.values_list(TruncMonth("day")).annotate(n=Sum("started") - Sum("ended"))
    changes = dict(by_month.order_by())
    return {month: sum(n for earlier, n in changes.items() if earlier < month) for month in months}


def _contacts(month: date, sent: dict[date, int], people: dict[date, int]) -> float | None:
    """Return the messages per person in this month; None if the brand reported none."""
    return sent[month] / people[month] if month in sent and people[month] else None


def _figure(points: Sequence[Point]) -> Figure:
    rows: list[list[Value]] = [
        [p.brand, p.month, p.technology, p.own, p.uses, p.contacts, p.yeses] for p in points
    ]
    return Figure(
        "grid",
        "Whose decision, and how much technology",
        [
            Column("brand", "brand"),
            Column("month", "month", "day"),
            Column("technology", "technology", "share"),
            Column("own", "own decision", "share"),
            Column("uses", "uses of data", "count"),
            Column("contacts", "messages a person", "number"),
            Column("yeses", "yeses", "count"),
        ],
        rows,
        notes=NOTES,
        drawing=Drawing("scatter", "technology", ["own"], "share", groups="brand"),
        empty="No brand has had a yes yet.",
    )
