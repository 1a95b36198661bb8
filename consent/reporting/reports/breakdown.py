"""The breakdown report: counts and rates by any dimensions. Other reports link to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from consent.reporting import rates
from consent.reporting.counters import COUNTERS, KINDS
from consent.reporting.rates import DIMENSIONS, MOST_ROWS, RATES, REPORTED, Line
from consent.reporting.reports.figures import Column, Drawing, Figure, Report, Rows, Value
from consent.reporting.reports.query import EMPTY, BadQuery, ReportQuery

DEFAULT_BY = ("brand",)
LABELS = {
    "people": "people",
    "opted_out": "people who opted out",
    "opted_in": "people who opted in",
    "paused": "people who paused",
    "limited": "people who set a limit",
    "re_opted_in": "people who came back",
    "opt_outs": "opt-outs",
    "opt_ins": "opt-ins",
    "re_opt_ins": "re-opt-ins",
    "explained": "reasons given later",
    "started": "began",
    "ended": "ended",
}
PEOPLE = ("people", *KINDS)
COUNTS = (*PEOPLE, *COUNTERS, *REPORTED)
#: The columns by which a table can be sorted only after the numbers of people were added.
BY_PEOPLE = (*PEOPLE, *(name for name, each in RATES.items() if each.whole == ("people",)))
#: The columns that a page shows by default; the others appear on request.
AT_ONCE = (
    "opt_out_rate", "opt_in_rate", "unsubscribe_rate", "people", "opted_out", "opt_outs",
    "opt_ins", "deliveries",
)  # fmt: skip
FORMULAS = [f"{each.label}: {each.formula}" for each in RATES.values()]
NOTES = [
    "Days are UTC. “any” means that the person did not narrow it down, or gave none.",
    f"* of fewer than {rates.FEW}: chance alone moves it a lot.",
]
#: The dimension by which the link of each row breaks it down further.
CLOSER = {
    "brand": "campaign",
    "channel": "brand",
    "purpose": "channel",
    "topic": "campaign",
    "campaign": "reason",
    "reason": "brand",
    "source": "brand",
    "day": "brand",
}


def list_columns(by: Sequence[str]) -> list[Column]:
    """Return the columns of a table by these dimensions."""
    return [
        *(Column(name, name, "day" if name == "day" else "text") for name in by),
        *(
            Column(name, each.label, "share", is_minor=name not in AT_ONCE)
            for name, each in RATES.items()
        ),
        *(
            Column(n, LABELS.get(n, n.replace("_", " ")), "count", is_minor=n not in AT_ONCE)
            for n in COUNTS
        ),
    ]


def list_values(line: Line) -> list[Value]:
    """Return the values of one row of such a table."""
    counts: list[Value] = [line.counts.get(name) for name in COUNTS]
    return [*line.key, *(line.rate(name) for name in RATES), *counts]


def few(
    lines: Sequence[Line], offset: int, names: Iterable[str] = RATES
) -> Callable[[int, int], bool]:
    """Return a function that tells whether a cell is a rate over few people or messages.

    The rates *names* are in the columns from *offset* on.
    """
    at = dict(enumerate(names, start=offset))
    return lambda row, column: column in at and RATES[at[column]].is_of_few(lines[row].counts)


def ordered(lines: Sequence[Line], by: Sequence[str], sort: str) -> list[Line]:
    """Return the lines sorted by *sort*: a count, a rate or a dimension.

    Without *sort*, the newest day comes first if there are days, else the highest count of
    opt-outs.

    Raises:
        BadQuery
    """
    named = sorted(lines, key=lambda line: tuple(map(str, line.key)))
    if sort in by:
        return sorted(named, key=lambda line: str(line.key[by.index(sort)]))
    if sort in RATES:
        return sorted(named, key=lambda line: line.rate(sort) or -1.0, reverse=True)
    if sort and sort not in COUNTS:
        raise BadQuery("sort", "invalid", f"cannot sort by {sort!r}")
    highest = sorted(named, key=lambda line: line.counts.get(sort or "opt_outs") or 0, reverse=True)
    if "day" in by and not sort:
        return sorted(highest, key=lambda line: line.key[by.index("day")], reverse=True)
    return highest


def table(
    name: str,
    title: str,
    asked: ReportQuery,
    by: Sequence[str],
    *,
    most: int = MOST_ROWS,
    formulas: Sequence[str] = FORMULAS,
    **words: object,
) -> Figure:
    """Return the figure of a breakdown, highest rows first, with at most *most* rows."""
    found = rates.read_lines(asked.period, by=by, filters=asked.filters)
    if by_people := asked.sort in BY_PEOPLE:
        rates.add_people_counts(found, asked.period, by=by, filters=asked.filters)
    shown = (found := ordered(found, by, asked.sort))[:most]
    if not by_people:  # add them to the visible rows only, which is faster
        rates.add_people_counts(shown, asked.period, by=by, filters=asked.filters)
    cut = [f"The first {most:,} of {len(found):,} rows."] if found[most:] else []
    return Figure(
        name,
        title,
        list_columns(by),
        Rows(shown, list_values),
        notes=[*cut, *formulas, *NOTES],
        link=lambda row: _closer(asked, by, shown[row]),
        leads_to="opt-outs",
        is_few=few(shown, len(by)),
        **words,  # type: ignore[arg-type]
    )


def _closer(asked: ReportQuery, by: Sequence[str], line: Line) -> dict[str, str]:
    said = {name: str(value) or EMPTY for name, value in zip(by, line.key, strict=True)}
    if day := said.pop("day", ""):
        said |= {"first": day, "last": day, "days": ""}
    taken = {*by, *asked.filters}
    further = CLOSER[by[0]]
    if further in taken:
        further = next((each for each in DIMENSIONS if each not in taken), by[0])
    return asked.query(**said, by=further, sort="")


def build_report(asked: ReportQuery) -> Report:
    """Return a report with one table, and a chart if there is a single dimension."""
    by = asked.by or DEFAULT_BY
    drawn = _drawing(by)
    figure = table("breakdown", f"Counts and rates by {', '.join(by)}", asked, by, drawing=drawn)
    return Report("Breakdown", [figure])


def _drawing(by: Sequence[str]) -> Drawing | None:
    if len(by) > 1:
        return None
    kind: Literal["line", "bar"] = "line" if by[0] == "day" else "bar"
    return Drawing(kind, by[0], ["opt_outs", "opt_ins"], "decisions")
