"""A report's figures in the form that a template shows: every cell as text, with where it leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from consent.reports.figures import WITHHELD, Card, Column, Figure, Value

PAGE_SIZE = 50
#: A bar chart of more would not be read; the table has all.
MOST_BARS = 15
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    #: For the chart and for sorting by eye; empty where there is no number.
    value: str = ""
    is_number: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure ready to be shown. Of a long table one page."""

    figure: Figure
    rows: Sequence[Sequence[Cell]]
    #: Numbers of the columns that are drawn, as Drawing names them.
    along: int
    up: str
    band: str
    groups: int | None
    page: int
    pages: int
    before: str
    after: str
    files: Sequence[tuple[str, str]]

    @property
    def is_long(self) -> bool:
        """Whether the table is folded away under its chart."""
        return bool(self.figure.drawing and self.figure.drawing.kind != "bar")


def figure(one: Figure, query: Mapping[str, str], paths: Mapping[str, str]) -> Shown:
    """*query* is the page's own, *paths* the addresses of reports by their names."""
    drawing = one.drawing
    whole = drawing is not None and drawing.kind != "bar"
    pages = 1 if whole else max(1, -(-len(one.rows) // PAGE_SIZE))
    page = min(_number(query.get("page", "")), pages)
    first, last = (0, len(one.rows)) if whole else ((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    places = {column.name: nth for nth, column in enumerate(one.columns)}
    return Shown(
        one,
        [_row(one, nth, paths) for nth in range(first, min(last, len(one.rows)))],
        along=places[drawing.along] if drawing else 0,
        up=",".join(str(places[name]) for name in drawing.up) if drawing else "",
        band=",".join(str(places[name]) for name in (drawing.band or ())) if drawing else "",
        groups=places[drawing.groups] if drawing and drawing.groups else None,
        page=page,
        pages=pages,
        before=_at(query, page - 1) if page > 1 else "",
        after=_at(query, page + 1) if page < pages else "",
        files=[
            (form.upper(), f"?{urlencode({**query, 'format': form, 'figure': one.name})}")
            for form in ("csv", "xlsx")
        ],
    )


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def _at(query: Mapping[str, str], page: int) -> str:
    return f"?{urlencode({**query, 'page': page})}"


def _row(one: Figure, nth: int, paths: Mapping[str, str]) -> list[Cell]:
    link = one.link(nth) if one.link and one.leads_to in paths else None
    href = f"{paths[one.leads_to]}?{urlencode(link)}" if link else ""
    return [
        _cell(
            value,
            column,
            few=bool(one.is_few and one.is_few(nth, place)),
            href="" if place else href,
        )
        for place, (value, column) in enumerate(zip(one.rows[nth], one.columns, strict=True))
    ]


def _cell(value: Value, column: Column, *, few: bool, href: str) -> Cell:
    shown = text(value, column.sort) + ("*" if few and value is not None else "")
    return Cell(shown, _raw(value), column.is_number, href)


def _raw(value: Value) -> str:
    if value is None or value is WITHHELD:
        return ""
    return repr(value) if isinstance(value, int | float) else str(value)


def text(value: Value, sort: str) -> str:
    """A value as people read it."""
    if value is None or value is WITHHELD:
        return UNKNOWN if value is None else str(value)
    if isinstance(value, date):
        return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value.isoformat()
    written = {"share": share, "seconds": duration, "text": _any}.get(sort, _number_text)
    return written(value)


def _any(value: Value) -> str:
    return str(value) or "any"


def _number_text(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def share(value: float) -> str:
    """Percent; small ones with the digits that tell them apart."""
    percent = 100 * value
    digits = 1 if percent >= 1 or percent == 0 else 2 if percent >= 0.1 else 3
    return f"{percent:.{digits}f} %"


UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def duration(seconds: float) -> str:
    for unit, size in UNITS:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{1000 * seconds:.3g} ms"


def cards(found: Sequence[Card]) -> list[dict[str, Any]]:
    return [
        {
            "label": each.label,
            "value": text(each.value, each.sort) + ("*" if each.few and each.value else ""),
            "before": text(each.before, each.sort),
            "change": _change(each),
            "formula": each.formula,
        }
        for each in found
    ]


def _change(card: Card) -> str:
    if card.change is None:
        return ""
    percent = round(100 * card.change)
    return "as before" if percent == 0 else f"{'up' if percent > 0 else 'down'} {abs(percent)} %"
