"""Counts and rates by period, brand and other dimensions: the data of every report.

`RATES` is the only place that defines the formulas. Pages, API, files and docs show them from
there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeVar

from django.db.models import (
    Aggregate,
    BigIntegerField,
    Count,
    DateField,
    F,
    Max,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce

from brands import campaigns
from brands.models import Brand, CampaignDay
from consent.models import (
    BrandCount,
    CampaignCount,
    DailyCount,
    Decided,
    MetricsCursor,
    PeopleCount,
    TotalCount,
)
from consent.reporting.counters import COUNTERS, GRAINS, KINDS, Table

#: The dimensions for breakdowns and filters, and the column of each.
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
#: The same for what brands report. A message has no reason and no source.
OF_CAMPAIGNS = {
    "day": "day",
    "brand": "brand__slug",
    "channel": "channel",
    "purpose": "campaign__purpose_id",
    "topic": "campaign__topic",
    "campaign": "campaign__code",
}
REPORTED = campaigns.COUNTS
#: Rates over fewer people or messages are marked, because chance alone moves them a lot.
FEW = 100
MOST_ROWS = 10_000


class Rate(NamedTuple):
    """A share. `parts` and `whole` name the counts to sum for numerator and denominator."""

    label: str
    parts: tuple[str, ...]
    whole: tuple[str, ...]
    formula: str

    def compute_share(self, counts: Mapping[str, int | None]) -> float | None:
        """Return the share; None if a count is unknown or the whole is 0.

        Return None as well if the part exceeds the whole. This happens when people react to
        messages that were sent before the period.
        """
        part, whole = self._sum(counts, self.parts), self._sum(counts, self.whole)
        return None if part is None or not whole or part > whole else part / whole

    def part_of(self, counts: Mapping[str, int | None]) -> int | None:
        """Return the numerator; None if a count is unknown."""
        return self._sum(counts, self.parts)

    def is_of_few(self, counts: Mapping[str, int | None]) -> bool:
        whole = self._sum(counts, self.whole)
        return whole is not None and 0 < whole < FEW

    @staticmethod
    def _sum(counts: Mapping[str, int | None], names: Sequence[str]) -> int | None:
        if len(names) == 1:
            return counts.get(names[0])
        found = [counts.get(name) for name in names]
        return None if None in found else sum(each or 0 for each in found)


def _of_people(label: str, count: str, what: str) -> Rate:
    formula = f"people who {what} ÷ people in the relationship at any time of the period"
    return Rate(label, (count,), ("people",), formula)


RATES = {
    "opt_out_rate": _of_people("opt-out rate", "opted_out", "opted out"),
    "opt_in_rate": _of_people("opt-in rate", "opted_in", "opted in"),
    "pause_rate": _of_people("pause rate", "paused", "paused"),
    "limit_rate": _of_people("limit rate", "limited", "set a limit"),
    "re_opt_in_rate": _of_people(
        "re-opt-in rate", "re_opted_in", "took back their own no or pause"
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
}


@dataclass(frozen=True, slots=True)
class Period:
    """The days from first to last, both included, in UTC."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """Return the period of the same length that ends the day before this one."""
        last = self.first - timedelta(days=1)
        return Period(last - timedelta(days=self.days - 1), last)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __iter__(self) -> Any:
        return (self.first + timedelta(days=n) for n in range(self.days))


#: The wanted values by dimension. Empty text means "any" or "not given".
Filters = Mapping[str, Sequence[str]]
Key = tuple[Any, ...]


@dataclass(slots=True)
class Line:
    """One row: the values of the dimensions and all counts. None is an unknown count."""

    key: Key
    counts: dict[str, int | None] = field(default_factory=dict)

    def rate(self, name: str) -> float | None:
        return RATES[name].compute_share(self.counts)


def read_lines(
    period: Period,
    *,
    by: Sequence[str] = (),
    filters: Filters | None = None,
    answering: bool = False,
) -> list[Line]:
    """Return a line for each combination of *by* values that occurs, in no order.

    If *by* is empty, return a single line. A count that does not exist for a dimension is None (for
    example deliveries by reason). The numbers of people are missing until `add_people_counts`. With
    *answering*, count only decisions that answer a campaign.
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


def add_people_counts(
    found: Sequence[Line], period: Period, *, by: Sequence[str] = (), filters: Filters | None = None
) -> None:
    """Add to each line the people in the relationship in *period*, and how many decided what.

    A line by day is about that day, a line by brand about that brand, any other line about all. A
    person counts once for the whole period, and once for each brand that they deal with.
    """
    filters = filters or {}
    decided = _people_who_decided(period, by, filters)
    there = _people_there(period, days="day" in by, brands="brand" in by, filters=filters)
    for line in found:
        named = dict(zip(by, line.key, strict=True))
        line.counts["people"] = there.get((named.get("day"), named.get("brand")), 0)
        line.counts.update(dict.fromkeys(KINDS, 0) | decided.get(line.key, {}))


#: The dimensions that exist for people in a relationship.
PRESENCE = ("day", "brand")


def _people_who_decided(
    period: Period, by: Sequence[str], filters: Filters
) -> dict[Key, dict[str, int]]:
    """Return the number of people of each kind by the key of their line.

    See Note [People] in `counters`.
    """
    others = (set(by) | set(filters)) - set(PRESENCE)
    grain = others.pop() if len(others) == 1 else ""
    if others or grain not in GRAINS or (grain not in by and len(filters.get(grain, "1")) > 1):
        return _one_by_one(period, by, filters)
    columns = PEOPLE_COLUMNS | {grain: "value"}
    rows = PeopleCount.objects.filter(_within(period), grain=grain, kind__in=KINDS)
    if "day" not in by:
        rows = rows.filter(before__lt=period.first)
    return _by_kind(rows, by, filters, columns, Sum("people"))


PEOPLE_COLUMNS = {"day": "day", "brand": "brand__slug"}


def _one_by_one(period: Period, by: Sequence[str], filters: Filters) -> dict[Key, dict[str, int]]:
    """Count people in `Decided`, for queries that no sum of `PeopleCount` answers."""
    rows = Decided.objects.filter(_within(period), kind__in=KINDS)
    several = [*by, *(["brand"] if "brand" not in by else [])]  # a person counts once per brand
    people = Count("subject", distinct=True)
    found: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for key, kinds in _by_kind(rows, several, filters, DIMENSIONS, people).items():
        for kind, number in kinds.items():
            found[key[: len(by)]][kind] += number
    return found


def _by_kind(
    rows: QuerySet[Any],
    by: Sequence[str],
    filters: Filters,
    columns: Mapping[str, str],
    people: Aggregate,
) -> dict[Key, dict[str, int]]:
    rows = rows.filter(_wanted(filters, columns))
    grouped = rows.values_list("kind", *(GROUPED.get(n, columns[n]) for n in by))
    lines = [(row[1:-1], {row[0]: row[-1]}) for row in grouped.annotate(n=people).order_by()]
    named = _with_slugs(lines, by.index("brand")) if "brand" in by else lines
    found: dict[Key, dict[str, int]] = defaultdict(dict)
    for key, kind in named:
        found[key].update(kind)
    return found


def _people_there(
    period: Period, *, days: bool, brands: bool, filters: Filters
) -> dict[tuple[date | None, str | None], int]:
    """Return the number of people in a relationship: by day, by brand, by both, or in all."""
    only = {name: values for name, values in filters.items() if name == "brand"}
    by = [*(["day"] if days else []), *(["brand"] if brands else [])]
    rows = PeopleCount.objects.filter(_within(period), kind="arrived", grain="")
    rows = rows.filter(before__lt=F("day") if days else period.first)
    arrived = {
        key: kinds["arrived"]
        for key, kinds in _by_kind(rows, by, only, PEOPLE_COLUMNS, Sum("people")).items()
    }
    start = _people_at_start(period.first, only.get("brand"), brands=brands)
    if not days:
        return {
            (None, slug): start.get(slug, 0) + arrived.get((slug,) if brands else (), 0)
            for slug in {*start, *(key[0] if brands else None for key in arrived)}
        }
    changes = dict(_counted(period, by, only, answering=False))
    there: dict[tuple[date | None, str | None], int] = {}
    for slug in {*start, *(key[1] if brands else None for key in changes)}:
        number = start.get(slug, 0)
        for day in period:
            key = (day, slug) if brands else (day,)
            there[day, slug] = number + arrived.get(key, 0)
            change = changes.get(key, {})
            number += (change.get("started") or 0) - (change.get("ended") or 0)
    return there


def _people_at_start(
    day: date, wanted: Sequence[str] | None, *, brands: bool
) -> dict[str | None, int]:
    if brands:
        return dict(count_people(day, brands=wanted).items())
    every = (
        count_people_of_all(day)
        if wanted is None
        else sum(count_people(day, brands=wanted).values())
    )
    return {None: every}


#: For more brands than this, the slugs of all brands are read at once.
FEW_BRANDS = 50


def read_total(period: Period, *, filters: Filters | None = None) -> Line:
    """Return a single line with all counts and the numbers of people."""
    found = read_lines(period, filters=filters)
    add_people_counts(found, period, filters=filters)
    return found[0]


def read_period_totals(brand: str, periods: Sequence[Period]) -> list[Line]:
    """Return what `read_total` returns for one brand in each of *periods*.

    The number of statements does not depend on the number of periods.
    """
    filters = {"brand": [brand]}
    whole = Period(min(each.first for each in periods), max(each.last for each in periods))
    people = _people_in(whole, periods, brand)
    days = read_lines(whole, by=["day"], filters=filters)
    return [
        _add_up([day for day in days if day.key[0] in each], counts)
        for each, counts in zip(periods, people, strict=True)
    ]


def _people_in(whole: Period, periods: Sequence[Period], brand: str) -> list[Counter[str]]:
    """Return what `add_people_counts` adds for one brand in each of *periods*."""
    start = _people_on([each.first for each in periods], brand)
    of_brand = PeopleCount.objects.filter(_within(whole), brand__slug=brand, grain="")
    rows = list(of_brand.values_list("kind", "day", "before", "people"))
    found = []
    for each in periods:
        counts = Counter({**dict.fromkeys(KINDS, 0), "arrived": 0})
        for kind, day, before, number in rows:
            counts[kind] += number if day in each and before < each.first else 0
        counts["people"] = start[each.first] + counts.pop("arrived")
        found.append(counts)
    return found


def _add_up(days: Sequence[Line], people: Mapping[str, int]) -> Line:
    """Return the sum of *days*. A count that is unknown on every day stays unknown."""
    counts: dict[str, int | None] = dict.fromkeys(COUNTERS, 0)
    for day in days:
        for name, number in day.counts.items():
            if number is not None:
                counts[name] = (counts.get(name) or 0) + number
    return Line((), counts | {**people})


def _table(named: set[str], *, answering: bool = False) -> Table:
    """Return the smallest table that has all *named* columns.

    The table of campaigns only holds decisions that answer a campaign.
    """
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
    rows = CampaignDay.objects.filter(_within(period), brand__test=False)
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
    wanted = _wanted(filters, columns)
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


def _wanted(filters: Filters, columns: Mapping[str, str]) -> Q:
    return Q(*(Q(**{f"{columns[name]}__in": values}) for name, values in filters.items()))


#: Brands are grouped by id, which is faster, and replaced by their slugs afterwards.
GROUPED = {"brand": "brand_id"}


Counted = TypeVar("Counted")


def _with_slugs(found: Iterable[tuple[Key, Counted]], place: int) -> Iterable[tuple[Key, Counted]]:
    every = list(found)  # read the rows before the slugs, so that no new brand lacks one
    slugs = _slugs({key[place] for key, _counts in every})
    return (((*key[:place], slugs[key[place]], *key[place + 1 :]), c) for key, c in every)


def _slugs(brand_ids: Collection[int]) -> dict[int, str]:
    """Return the slugs of these brands by id. For many ids, return those of all brands."""
    few = Q(pk__in=brand_ids) if len(brand_ids) <= FEW_BRANDS else Q()
    return dict(Brand.objects.filter(few).values_list("pk", "slug"))


def count_people(day: date, *, brands: Sequence[str] | None = None) -> dict[str, int]:
    """Return the active relationships at the start of *day*, by the brand's slug.

    This is the current number minus the changes since. *brands* lists the wanted slugs; None is
    all.
    """
    which = Q() if brands is None else Q(brand__slug__in=brands)
    now = MetricsCursor.objects.filter(which).values_list("brand_id", "people")
    since = BrandCount.objects.filter(which, day__gte=day).values_list("brand_id")
    found = _balance(now.union(since.annotate(change=CHANGE).order_by(), all=True))
    slugs = _slugs(found)
    return {slugs[brand_id]: number for brand_id, number in found.items()}


def _people_on(days: Sequence[date], brand: str) -> dict[date, int]:
    """Return what `count_people` returns for one brand on each of *days*, in one statement."""
    which = Q(brand__slug=brand)
    today = Value(None, output_field=DateField())
    now = MetricsCursor.objects.filter(which).values_list(today, "people")
    since = BrandCount.objects.filter(which, day__gte=min(days)).values_list("day")
    rows = list(now.union(since.annotate(change=CHANGE).order_by(), all=True))
    return {day: sum(n for of, n in rows if of is None or of >= day) for day in days}


def count_people_of_all(day: date) -> int:
    """Return the active relationships of all brands at the start of *day*."""
    now = MetricsCursor.objects.values_list(Value(0), "people")
    since = TotalCount.objects.filter(day__gte=day).values_list(Value(0)).annotate(change=CHANGE)
    return _balance(now.union(since.order_by(), all=True)).get(0, 0)


#: Subtract a day's change to get from the current number back to the day's start.
CHANGE = Cast(Coalesce(Sum("ended") - Sum("started"), 0), BigIntegerField())


def _balance(rows: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the sums by brand.

    *rows* must come from one statement, or a batch counted in between would be missing from one of
    them.
    """
    found: dict[int, int] = defaultdict(int)
    for brand_id, number in rows:
        found[brand_id] += number
    return found


def read_counted_through() -> date | None:
    """Return the last day with a count; None if nothing was counted."""
    newest: date | None = TotalCount.objects.aggregate(day=Max("day"))["day"]
    return newest
