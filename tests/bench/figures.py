"""Ours beside its limit: rounds that alternate, medians, and how they are shown and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from tests.bench.load import Refused


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one side. Latencies are in seconds."""

    figure: float
    latencies: Sequence[float] = ()


Side = Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; the figures of one that was skipped are None, and `note` says why."""

    name: str
    unit: str
    ours: float | None = None
    limit: float | None = None
    ratio: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    rounds: int = 0
    note: str = ""


def compare(
    name: str, ours: Side, limit: Side, *, unit: str, rounds: int, note: str = "", warm: bool = True
) -> Row:
    """Ours, the limit, ours, the limit …; the first pair only warms up.

    The ratio is the median of the rounds' ratios, so that a slow minute of the machine, which
    slows both sides, does not count.
    """
    try:
        if warm:
            ours(), limit()
        pairs = [(ours(), limit()) for _ in range(rounds)]
    except Refused as refused:
        if refused.status != 404:
            raise
        return Row(name, unit, note="skipped: this server has no such endpoint (404)")
    latencies = sorted(seconds for mine, _ in pairs for seconds in mine.latencies)
    return Row(
        name,
        unit,
        ours=rounded(median(mine.figure for mine, _ in pairs)),
        limit=rounded(median(bound.figure for _, bound in pairs)),
        ratio=rounded(median(mine.figure / bound.figure for mine, bound in pairs)),
        p50_ms=quantile_ms(latencies, 0.50),
        p99_ms=quantile_ms(latencies, 0.99),
        rounds=rounds,
        note=note,
    )


def quantile_ms(ordered: Sequence[float], share: float) -> float | None:
    if not ordered:
        return None
    return rounded(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))])


def rounded(figure: float) -> float:
    """Four digits say all that a noisy machine can."""
    return float(f"{figure:.4g}")


HEADINGS = ("", "ours", "limit", "ratio", "unit", "p50 ms", "p99 ms", "rounds")


def table(rows: Sequence[Row]) -> str:
    lines = [HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join(shown + [f"{row.name}: {row.note}" for row in rows if row.note])


def _cells(row: Row) -> tuple[str, ...]:
    figures = (row.ours, row.limit, row.ratio)
    ends = (row.p50_ms, row.p99_ms)
    return (row.name, *map(_shown, figures), row.unit, *map(_shown, ends), str(row.rounds))


def _shown(figure: float | None) -> str:
    if figure is None:
        return "–"
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:g}"


def write(rows: Sequence[Row], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = [{k: v for k, v in asdict(row).items() if k != "note" or v} for row in rows]
    file.write_text(json.dumps(kept, indent=1) + "\n")
