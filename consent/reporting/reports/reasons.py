"""The reasons report: why people refuse, including reasons given after the refusal."""

from __future__ import annotations

from collections import Counter

from consent.models.ledger import Reason
from consent.reporting import rates
from consent.reporting.reports.figures import Column, Drawing, Figure, Report
from consent.reporting.reports.query import EMPTY, ReportQuery


def build_report(asked: ReportQuery) -> Report:
    found = rates.read_lines(asked.period, by=["reason"], filters=asked.filters)
    said = Counter({line.key[0]: line.counts["opt_outs"] or 0 for line in found})
    later = Counter({line.key[0]: line.counts["explained"] or 0 for line in found})
    every = sum(said.values())
    unsaid = max(0, said[""] - sum(later.values()))
    counts = {code: said[code] + later[code] for code in Reason.values}
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    rows = [*ranked, ("", unsaid)]
    return Report("Reasons", [_figure(asked, rows, every, later)])


def _figure(
    asked: ReportQuery, rows: list[tuple[str, int]], every: int, later: Counter[str]
) -> Figure:
    return Figure(
        "reasons",
        "Why people say no",
        [
            Column("reason", "reason"),
            Column("opt_outs", "opt-outs", "count"),
            Column("later", "of them explained later", "count"),
            Column("share", "share", "share"),
        ],
        [
            [code, count, later[code] if code else None, count / every if every else None]
            for code, count in rows
        ],
        notes=[
            "share: opt-outs with this reason ÷ all opt-outs.",
            "A reason that came after the no counts on the day it came; “not given” is the rest.",
        ],
        drawing=Drawing("bar", "reason", ["opt_outs"], "opt-outs"),
        link=lambda row: asked.query(reason=rows[row][0] or EMPTY, by="brand"),
        leads_to="opt-outs",
    )
