"""The campaigns report: what each campaign brought, in responses and in people who left."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from brands.campaigns import OPEN_DAYS
from consent.reporting import rates
from consent.reporting.rates import RATES, Line
from consent.reporting.reports import breakdown
from consent.reporting.reports.figures import Column, Drawing, Figure, Report, Rows, Value
from consent.reporting.reports.query import BadQuery, ReportQuery

COUNTS = ("sends", "deliveries", "responses", "complaints", "unsubscribes", "opt_outs")
SHARES = ("response_rate", "unsubscribe_rate", "complaint_rate")
LEAVING = ("unsubscribe_rate", "complaint_rate")
DRAWN = 15  # a chart with more bars is hard to read


def build_report(asked: ReportQuery) -> Report:
    if asked.sort and asked.sort not in (*SHARES, *COUNTS):
        raise BadQuery("sort", "invalid", f"cannot sort by {asked.sort!r}")
    by = ("brand", "campaign")
    found = rates.read_lines(asked.period, by=by, filters=asked.filters, answering=True)
    lines = sorted(found, key=_order(asked.sort))
    return Report("Campaigns", [_table(asked, lines), _answered(lines), _left(lines)])


def _order(sort: str) -> Callable[[Line], tuple[float, str]]:
    def order(line: Line) -> tuple[float, str]:
        value = line.rate(sort) if sort in SHARES else line.counts.get(sort or "deliveries")
        return -(value or 0), str(line.key)

    return order


def _table(asked: ReportQuery, lines: list[Line]) -> Figure:
    return Figure(
        "campaigns",
        "Campaigns",
        [
            Column("brand", "brand"),
            Column("campaign", "campaign"),
            *(
                Column(n, n.replace("_", "-"), "count", is_minor=n in ("sends", "complaints"))
                for n in COUNTS
            ),
            *(Column(name, RATES[name].label, "share") for name in SHARES),
        ],
        Rows(lines, _row),
        notes=[
            *(f"{RATES[name].label}: {RATES[name].formula}" for name in SHARES),
            "What was sent is the brand's word, by the day of sending. Who left is counted here, "
            "on the day they did: sure where they used the campaign's link, else the last message "
            "within seven days.",
            "What was sent lately is not answered yet by all who will: a day's numbers stay open "
            f"for {OPEN_DAYS} days.",
        ],
        link=lambda row: asked.query(
            brand=lines[row].key[0], campaign=lines[row].key[1], by="reason"
        ),
        leads_to="opt-outs",
        is_few=breakdown.few(lines, 2 + len(COUNTS), SHARES),
        empty="No campaign was reported, and nobody answered one, in this time.",
    )


def _row(line: Line) -> list[Value]:
    counts: list[Value] = [line.counts.get(name) for name in COUNTS]
    return [*line.key, *counts, *(line.rate(name) for name in SHARES)]


def _answered(lines: list[Line]) -> Figure:
    """Return the chart of response rates, for campaigns with enough deliveries."""
    large = [line for line in lines if not RATES["response_rate"].is_of_few(line.counts)]
    return Figure(
        "answered",
        "The campaigns that people answer",
        _columns(("response_rate",)),
        _highest(large, ("response_rate",)),
        notes=[f"Up to {DRAWN}, of those with {rates.FEW} deliveries or more."],
        drawing=Drawing("bar", "campaign", ("response_rate",), "share", within="brand"),
        empty="Nobody answered a campaign with so many deliveries.",
    )


def _left(lines: list[Line]) -> Figure:
    return Figure(
        "leaving",
        "The campaigns that people leave by",
        _columns(LEAVING),
        _highest(lines, LEAVING),
        notes=[f"Up to {DRAWN}."],
        drawing=Drawing("bar", "campaign", LEAVING, "share", within="brand"),
        empty="Nobody left by a campaign of which deliveries are known.",
    )


def _columns(names: Sequence[str]) -> list[Column]:
    kinds = [Column("brand", "brand"), Column("campaign", "campaign")]
    return [*kinds, *(Column(n, RATES[n].label, "share") for n in names)]


def _highest(lines: list[Line], names: Sequence[str]) -> list[Sequence[Value]]:
    """Return the lines with the highest rate *names[0]*, without rates that are 0 or unknown."""
    known = [(rate, line) for line in lines if (rate := line.rate(names[0]))]
    highest = heapq.nlargest(DRAWN, known, key=lambda each: each[0])
    return [[*line.key, *map(line.rate, names)] for _, line in highest]
