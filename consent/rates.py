"""Counts and rates over days, brands and kinds: what every report is made of.

The formulas stand in `RATES`, once: pages, API, files and docs show them from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Count, DateField, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce

from brands import campaigns
from brands.models import Brand, CampaignDay
from consent.metrics import COUNTERS, Table
from consent.models import BrandCount, CampaignCount, DailyCount, MetricsCursor, TotalCount

#: What counts can be broken down by and filtered by, and the column each is.
DIMENSIONS = {
    "day": "day",
    "brand": "brand__slug",
    "channel": "channel",
    "purpose": "purpose",
    "topic": "topic",
    "campaign": "campaign",
    "reason": "reason",
    "source": "source",
}
#: The same of what brands report. A message has no reason and no door.
OF_CAMPAIGNS = {
    "day": "day",
    "brand": "brand__slug",
    "channel": "channel",
    "purpose": "campaign__purpose_id",
    "topic": "campaign__topic",
    "campaign": "campaign__code",
}
REPORTED = campaigns.COUNTS
#: A rate of fewer people or messages is marked: chance alone moves it a lot.
FEW = 100
MOST_ROWS = 10_000


class Rate(NamedTuple):
    """A share of something. `parts` and `whole` name counts, which are added."""

    label: str
    parts: tuple[str, ...]
    whole: tuple[str, ...]
    formula: str

    def of(self, counts: Mapping[str, int | None]) -> float | None:
        """None where one of the numbers is not known, or there is nothing to be a share of."""
        part, whole = self._sum(counts, self.parts), self._sum(counts, self.whole)
        return None if part is None or not whole else part / whole

    def is_of_few(self, counts: Mapping[str, int | None]) -> bool:
        whole = self._sum(counts, self.whole)
        return whole is not None and 0 < whole < FEW

    @staticmethod
    def _sum(counts: Mapping[str, int | None], names: Sequence[str]) -> int | None:
        if len(names) == 1:
            return counts.get(names[0])
        found = [counts.get(name) for name in names]
        return None if None in found else sum(each or 0 for each in found)


RATES = {
    "opt_out_rate": Rate(
        "opt-out rate",
        ("opt_outs",),
        ("people",),
        "opt-outs ÷ active relationships at the period's start",
    ),
    "unsubscribe_rate": Rate(
        "unsubscribe rate",
        ("unsubscribes",),
        ("deliveries",),
        "unique unsubscribes ÷ delivered messages",
    ),
    "response_rate": Rate(
        "response rate",
        ("responses",),
        ("deliveries",),
        "unique responders ÷ delivered messages",
    ),
    "complaint_rate": Rate(
        "complaint rate", ("complaints",), ("deliveries",), "complaints ÷ delivered messages"
    ),
    "opt_down_share": Rate(
        "opt-down share",
        ("pauses", "limits"),
        ("pauses", "limits", "opt_outs"),
        "(pauses + limits) ÷ (pauses + limits + opt-outs)",
    ),
    "re_opt_in_rate": Rate(
        "re-opt-in rate",
        ("re_opt_ins",),
        ("opt_outs",),
        "yeses by which people took back their own no or pause ÷ opt-outs",
    ),
}


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both counted, in UTC."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days, up to the one before."""
        last = self.first - timedelta(days=1)
        return Period(last - timedelta(days=self.days - 1), last)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __iter__(self) -> Any:
        return (self.first + timedelta(days=n) for n in range(self.days))


#: By dimension the values wanted, of which empty text is "any" or "not given".
Filters = Mapping[str, Sequence[str]]
Key = tuple[Any, ...]


@dataclass(slots=True)
class Line:
    """One row: the values of the dimensions, and every count. None is not known."""

    key: Key
    counts: dict[str, int | None] = field(default_factory=dict)

    def rate(self, name: str) -> float | None:
        return RATES[name].of(self.counts)


def lines(
    period: Period,
    *,
    by: Sequence[str] = (),
    filters: Filters | None = None,
    answering: bool = False,
) -> list[Line]:
    """A line per kind that occurs, or one for all where *by* is empty; in no order.

    What a dimension does not know (a reason has no deliveries) is None, and so is how many people
    there were until `add_people`. *answering*: only what answers a campaign.
    """
    filters = filters or {}
    named = set(by) | set(filters)
    found: dict[Key, dict[str, int | None]] = defaultdict(lambda: dict.fromkeys(COUNTERS, 0))
    for key, counts in _counted(period, by, filters, answering=answering):
        found[key].update(counts)
    if named <= OF_CAMPAIGNS.keys():
        for key, counts in _reported(period, by, filters):
            found[key].update(counts)
    if not by:
        found[()]
    return [Line(key, counts) for key, counts in found.items()]


def add_people(
    found: Sequence[Line], day: date, *, by: Sequence[str] = (), filters: Filters | None = None
) -> None:
    """Put in how many people there were when the day began: of the line's brand, else of all."""
    brands = (filters or {}).get("brand")
    if "brand" in by:
        place = by.index("brand")
        slugs = {line.key[place] for line in found}
        known = people(day, brands=list(slugs) if len(slugs) <= FEW_BRANDS else brands)
        for line in found:
            line.counts["people"] = known.get(line.key[place], 0)
        return
    every = people_of_all(day) if brands is None else sum(people(day, brands=brands).values())
    for line in found:
        line.counts["people"] = every


#: More brands at once are read with all others.
FEW_BRANDS = 50


def total(period: Period, *, filters: Filters | None = None) -> Line:
    """One line of all there is, and how many people there were."""
    found = lines(period, filters=filters)
    add_people(found, period.first, filters=filters)
    return found[0]


def totals(brand: str, periods: Sequence[Period]) -> list[Line]:
    """What `total` says of one brand in each of *periods*, by a fixed number of statements."""
    filters = {"brand": [brand]}
    whole = Period(min(each.first for each in periods), max(each.last for each in periods))
    people = _people_on([each.first for each in periods], brand)
    days = lines(whole, by=["day"], filters=filters)
    return [_add_up([d for d in days if d.key[0] in each], people[each.first]) for each in periods]


def _add_up(days: Sequence[Line], people: int) -> Line:
    """Return the sum of *days*; what no day knows is not known."""
    counts: dict[str, int | None] = dict.fromkeys(COUNTERS, 0)
    for day in days:
        for name, number in day.counts.items():
            if number is not None:
                counts[name] = (counts.get(name) or 0) + number
    return Line((), counts | {"people": people})


def _table(named: set[str], *, answering: bool = False) -> Table:
    """The smallest that has all the columns; the campaigns' has only what answers one."""
    if answering and named <= {"day", "brand", "campaign"}:
        return CampaignCount
    if named <= {"day", "brand"} and "brand" in named:
        return BrandCount
    if named <= {"day", "purpose", "channel", "reason", "source"}:
        return TotalCount
    return DailyCount


def _counted(
    period: Period, by: Sequence[str], filters: Filters, *, answering: bool
) -> Iterable[tuple[Key, dict[str, int | None]]]:
    answering = answering or ("campaign" in filters and all(filters["campaign"]))
    table = _table(set(by) | set(filters), answering=answering)
    rows: QuerySet[Any] = table.objects.filter(_within(period))
    if answering and table is DailyCount:
        rows = rows.exclude(campaign="")
    return _summed(rows, by, filters, DIMENSIONS, COUNTERS)


def _reported(
    period: Period, by: Sequence[str], filters: Filters
) -> Iterable[tuple[Key, dict[str, int | None]]]:
    rows = CampaignDay.objects.filter(_within(period))
    return _summed(rows, by, filters, OF_CAMPAIGNS, REPORTED)


def _within(period: Period) -> Q:
    return Q(day__gte=period.first, day__lte=period.last)


def _summed(
    rows: QuerySet[Any],
    by: Sequence[str],
    filters: Filters,
    columns: Mapping[str, str],
    counts: Sequence[str],
) -> Iterable[tuple[Key, dict[str, int | None]]]:
    wanted = Q(*(Q(**{f"{columns[name]}__in": values}) for name, values in filters.items()))
    sums = {f"sum_{name}": Cast(Sum(name), BigIntegerField()) for name in counts}
    if not by:
        one = rows.filter(wanted).aggregate(**sums, rows=Count("pk"))
        return [((), {name: one[f"sum_{name}"] for name in counts})] if one["rows"] else []
    grouped = rows.filter(wanted).values_list(*(GROUPED.get(n, columns[n]) for n in by))
    found = (
        (row[: len(by)], dict(zip(counts, row[len(by) :], strict=True)))
        for row in grouped.annotate(**sums).order_by()
    )
    return _with_slugs(found, by.index("brand")) if "brand" in by else found


#: Brands are grouped by their number, which is faster, and named afterwards.
GROUPED = {"brand": "brand_id"}


def _with_slugs(
    found: Iterable[tuple[Key, dict[str, int | None]]], place: int
) -> Iterable[tuple[Key, dict[str, int | None]]]:
    every = list(found)  # before the names, so that a new brand has its own
    slugs = _slugs({key[place] for key, _counts in every})
    return (((*key[:place], slugs[key[place]], *key[place + 1 :]), c) for key, c in every)


def _slugs(brand_ids: Collection[int]) -> dict[int, str]:
    """Return the slugs of these brands at least: many are read with all others."""
    few = Q(pk__in=brand_ids) if len(brand_ids) <= FEW_BRANDS else Q()
    return dict(Brand.objects.filter(few).values_list("pk", "slug"))


def people(day: date, *, brands: Sequence[str] | None = None) -> dict[str, int]:
    """Active relationships when the day began, by brand's slug: today's, without what came since.

    *brands* are those wanted; None is all.
    """
    which = Q() if brands is None else Q(brand__slug__in=brands)
    now = MetricsCursor.objects.filter(which).values_list("brand_id", "people")
    since = BrandCount.objects.filter(which, day__gte=day).values_list("brand_id")
    found = _balance(now.union(since.annotate(change=CHANGE).order_by(), all=True))
    slugs = _slugs(found)
    return {slugs[brand_id]: number for brand_id, number in found.items()}


def _people_on(days: Sequence[date], brand: str) -> dict[date, int]:
    """What `people` says of one brand on each of *days*, by one statement."""
    which = Q(brand__slug=brand)
    today = Value(None, output_field=DateField())
    now = MetricsCursor.objects.filter(which).values_list(today, "people")
    since = BrandCount.objects.filter(which, day__gte=min(days)).values_list("day")
    rows = list(now.union(since.annotate(change=CHANGE).order_by(), all=True))
    return {day: sum(n for of, n in rows if of is None or of >= day) for day in days}


def people_of_all(day: date) -> int:
    """The same of all brands together."""
    now = MetricsCursor.objects.values_list(Value(0), "people")
    since = TotalCount.objects.filter(day__gte=day).values_list(Value(0)).annotate(change=CHANGE)
    return _balance(now.union(since.order_by(), all=True)).get(0, 0)


#: What is taken off to come from now to the day before.
CHANGE = Cast(Coalesce(Sum("ended") - Sum("started"), 0), BigIntegerField())


def _balance(rows: Iterable[tuple[int, int]]) -> dict[int, int]:
    """One statement reads both sides, so no batch is counted between them."""
    found: dict[int, int] = defaultdict(int)
    for brand_id, number in rows:
        found[brand_id] += number
    return found


def counted_through() -> date | None:
    """The last day of which anything was counted; None for none."""
    newest: date | None = TotalCount.objects.aggregate(day=Max("day"))["day"]
    return newest
