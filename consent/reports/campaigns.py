"""What each campaign brought: responses, and people who left by it."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from consent import rates
from consent.rates import RATES, Line
from consent.reports import breakdown
from consent.reports.asked import Asked
from consent.reports.figures import Column, Drawing, Figure, Report, Rows, Value

COUNTS = ("sends", "deliveries", "responses", "complaints", "unsubscribes", "opt_outs")
SHARES = ("response_rate", "unsubscribe_rate", "complaint_rate")
LEAVING = ("unsubscribe_rate", "complaint_rate")
DRAWN = 15  # more would not be read


def of(asked: Asked) -> Report:
    by = ("brand", "campaign")
    found = rates.lines(asked.period, by=by, filters=asked.filters, answering=True)
    lines = sorted(found, key=_order(asked.sort))
    return Report("Campaigns", [_table(asked, lines), _worst(lines)])


def _order(sort: str) -> Callable[[Line], tuple[float, str]]:
    def order(line: Line) -> tuple[float, str]:
        value = line.rate(sort) if sort in SHARES else line.counts.get(sort or "deliveries")
        return -(value or 0), str(line.key)

    return order


def _table(asked: Asked, lines: list[Line]) -> Figure:
    return Figure(
        "campaigns",
        "Campaigns",
        [
            Column("brand", "brand"),
            Column("campaign", "campaign"),
            *(Column(name, name.replace("_", "-"), "count") for name in COUNTS),
            *(Column(name, RATES[name].label, "share") for name in SHARES),
        ],
        Rows(lines, _row),
        notes=[
            *(f"{RATES[name].label}: {RATES[name].formula}" for name in SHARES),
            "What was sent is the brand's word, by the day of sending. Who left is counted here, "
            "on the day they did: sure where they used the campaign's link, else the last message "
            "within seven days.",
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


def _worst(lines: list[Line]) -> Figure:
    known = [(rate, line) for line in lines if (rate := line.rate("unsubscribe_rate")) is not None]
    worst = heapq.nlargest(DRAWN, known, key=lambda each: each[0])
    return Figure(
        "leaving",
        "The campaigns that people leave by",
        [
            Column("campaign", "campaign"),
            *(Column(name, RATES[name].label, "share") for name in LEAVING),
        ],
        [[" ".join(line.key), *map(line.rate, LEAVING)] for _, line in worst],
        notes=[f"The {DRAWN} highest." if len(known) > DRAWN else "All of them."],
        drawing=Drawing("bar", "campaign", LEAVING, "share"),
        empty="Of no campaign both deliveries and unsubscribes are known.",
    )
