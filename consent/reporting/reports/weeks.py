"""A brand's own numbers by week, with cell suppression."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from consent.reporting import cell_suppression, rates
from consent.reporting.rates import RATES, REPORTED, Line, Period
from consent.reporting.reports.figures import WITHHELD, Column, Drawing, Figure, Value

#: The numbers of whole weeks a brand may choose, up to the last full one.
WEEK_PRESETS = (1, 4, 13, 26)
#: The counts of people, which are suppressed if they are small.
OF_PEOPLE = ("opt_outs", "opt_ins", "pauses", "limits", "re_opt_ins", "unsubscribes")
BREAKDOWNS = ("channel", "purpose", "topic", "campaign", "reason", "source")
#: The breakdowns that also exist for messages.
OF_MESSAGES = ("channel", "purpose", "topic", "campaign")
NOTE = (
    f"Numbers of fewer than {cell_suppression.K} people are withheld, and others with them from"
    " which those could be worked out. A sum leaves out what its weeks withhold; + says that it"
    " does."
)


@dataclass(slots=True)
class Sum:
    """The sum of the visible counts of several weeks. `lacks` counts the suppressed weeks."""

    number: int = 0
    lacks: int = 0
    #: The brand's own numbers in the visible weeks, as denominators of its rates.
    whole: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, number: int | None, own: Mapping[str, int]) -> None:
        if number is None:
            self.lacks += 1
            return
        self.number += number
        for name, each in own.items():
            self.whole[name] += each

    def rate_of(self, name: str) -> float | None:
        whole = self.whole.get(name, 0)
        return self.number / whole if whole else None

    @property
    def value(self) -> Value:
        """Return the sum, or `WITHHELD` if weeks are suppressed and the visible ones sum to 0."""
        return WITHHELD if self.lacks and not self.number else self.number


def list_whole_weeks(count: int, *, today: date) -> list[Period]:
    """Return the last *count* full weeks, oldest first."""
    monday = _monday(today)
    starts = [monday - timedelta(weeks=n) for n in range(count, 0, -1)]
    return [Period(start, start + timedelta(days=6)) for start in starts]


def read_weeks(brand: str, weeks: Sequence[Period]) -> Figure:
    """Return the figure with a row for each week."""
    found = rates.read_period_totals(brand, weeks)
    rows = [[week.first, *_shown_row(line)] for week, line in zip(weeks, found, strict=True)]
    return Figure(
        "weeks",
        "Week by week",
        [
            Column("week", "week from", "day"),
            *(Column(name, name.replace("_", "-"), "count") for name in (*OF_PEOPLE, *REPORTED)),
            *(Column(name, RATES[name].label, "share") for name in _RATED),
        ],
        rows,
        notes=[*(f"{RATES[n].label}: {RATES[n].formula}" for n in _RATED), NOTE],
        drawing=Drawing("line", "week", ["opt_outs", "opt_ins", "unsubscribes"], "decisions"),
    )


_RATED = ("opt_out_rate", "unsubscribe_rate", "response_rate", "complaint_rate")


def _shown_row(line: Line) -> list[Value]:
    people = {name: cell_suppression.mask_small_total(line.counts[name] or 0) for name in OF_PEOPLE}
    own = [line.counts.get(name) for name in REPORTED]
    return [*(_or_withheld(each) for each in people.values()), *own, *_shares(line, people)]


def _shares(line: Line, people: Mapping[str, int | None]) -> list[Value]:
    """Return the rates of a week. A rate of a suppressed count is suppressed too."""
    needs = {"opt_out_rate": "opt_outs", "unsubscribe_rate": "unsubscribes"}
    hidden = {rate for rate, count in needs.items() if people[count] is None}
    if cell_suppression.mask_small_total(line.counts["opted_out"] or 0) is None:
        hidden.add("opt_out_rate")
    return [WITHHELD if name in hidden else line.rate(name) for name in _RATED]


def _or_withheld(number: int | None) -> Value:
    return WITHHELD if number is None else number


def read_weekly_sums(thing: str, brand: str, weeks: Sequence[Period]) -> Figure:
    """Return the figure with a row for each value of dimension *thing*, summed over the weeks."""
    sums: dict[str, dict[str, Sum]] = defaultdict(lambda: {name: Sum() for name in OF_PEOPLE})
    own: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    span = Period(weeks[0].first, weeks[-1].last)
    found: dict[date, list[Line]] = defaultdict(list)
    for line in rates.read_lines(span, by=["day", thing], filters={"brand": [brand]}):
        found[_monday(line.key[0])].append(line)
    for week in weeks:
        _add_week(found[week.first], sums, own)
    rows = [_summed_row(kind, each, own[kind], thing) for kind, each in sorted(sums.items())]
    if thing == "source":
        rows = [row for row in rows if _shows_anything(row)]
    rows.sort(key=lambda row: -(row[1] if isinstance(row[1], int) else 0))
    names = [*OF_PEOPLE, *(REPORTED if thing in OF_MESSAGES else ())]
    rated = ("unsubscribe_rate", "response_rate") if thing in OF_MESSAGES else ()
    return Figure(
        thing,
        f"By {thing}",
        [
            Column(thing, thing),
            *(Column(name, name.replace("_", "-"), "count") for name in names),
            *(Column(name, RATES[name].label, "share") for name in rated),
            Column("lacks", "weeks withheld", "count"),
        ],
        rows,
        notes=[*(f"{RATES[name].label}: {RATES[name].formula}" for name in rated), NOTE],
        drawing=Drawing("bar", thing, ["opt_outs", "opt_ins"], "decisions"),
        empty="Nothing to show: nobody decided in these weeks, or too few people did.",
        brand=brand,
    )


def _shows_anything(row: Sequence[Value]) -> bool:
    """Return whether a count of the row is visible.

    Brands must not learn by which source a single person came. With few people, the existence of
    the row alone would reveal it, for example that somebody has an account or was merged.
    """
    return any(isinstance(each, int) and each > 0 for each in row[1:-1])


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _add_week(
    days: Iterable[Line], sums: dict[str, dict[str, Sum]], own: dict[str, dict[str, int]]
) -> None:
    """Add one week. *days* are its lines by day and kind."""
    kinds: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in days:
        for name in (*OF_PEOPLE, *REPORTED):
            kinds[str(line.key[1])][name] += line.counts.get(name) or 0
    for kind, counts in kinds.items():
        for name in REPORTED:
            own[kind][name] += counts[name]
    for name in OF_PEOPLE:
        week = {kind: counts[name] for kind, counts in kinds.items()}
        for kind, number in cell_suppression.mask_small_counts(week).items():
            sums[kind][name].add(number, {each: kinds[kind][each] for each in REPORTED})


def _summed_row(
    kind: str, sums: Mapping[str, Sum], own: Mapping[str, int], thing: str
) -> list[Value]:
    counts: list[Value] = [sums[name].value for name in OF_PEOPLE]
    lacks = max(each.lacks for each in sums.values())
    if thing not in OF_MESSAGES:
        return [kind, *counts, lacks]
    left = sums["unsubscribes"]
    leaving = WITHHELD if left.value is WITHHELD else left.rate_of("deliveries")
    answered = own["responses"] / own["deliveries"] if own["deliveries"] else None
    return [kind, *counts, *(own[name] for name in REPORTED), leaving, answered, lacks]
