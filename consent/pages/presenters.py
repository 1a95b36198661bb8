"""Convert a report's figures for templates: every cell as text, with its link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from consent.reporting import (
    WITHHELD,
    Card,
    CodeNames,
    Column,
    Figure,
    Value,
    find_row_brand,
    read_row_names,
)

PAGE_SIZE = 50
#: The maximum number of bars in a chart, so that it stays readable. The table has all rows.
MOST_BARS = 15
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    #: The raw value for charts; empty if it is unknown or withheld.
    value: str = ""
    is_number: bool = False
    href: str = ""
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class PresentedReport:
    """A figure ready for a template. Of a long table it contains one page."""

    figure: Figure
    rows: Sequence[Sequence[Cell]]
    #: The numbers of the columns in the chart, named as in `Drawing`.
    along: str
    up: str
    band: str
    groups: int | None
    page: int
    pages: int
    before: str
    after: str
    files: Sequence[tuple[str, str]]
    #: The text in place of a chart that would show nothing.
    not_drawn: str = ""

    @property
    def has_minor(self) -> bool:
        """Return whether some columns are shown only on request."""
        return any(column.is_minor for column in self.figure.columns)

    @property
    def is_long(self) -> bool:
        """Return whether the table is collapsed below its chart."""
        return bool(self.figure.drawing and self.figure.drawing.kind != "bar")


def present_figure(
    one: Figure, query: Mapping[str, str], paths: Mapping[str, str]
) -> PresentedReport:
    """Return the figure for a template.

    *query* has the page's own parameters, *paths* the URLs of reports by their names.
    """
    drawing = one.drawing
    whole = drawing is not None and drawing.kind != "bar"
    pages = 1 if whole else max(1, -(-len(one.rows) // PAGE_SIZE))
    page = min(_number(query.get("page", "")), pages)
    first, last = (0, len(one.rows)) if whole else ((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    rows = list(one.rows[first:last])
    return PresentedReport(
        one,
        _rows(one, rows, first, paths),
        along=_places(one, filter(None, (drawing.within, drawing.along)) if drawing else ()),
        up=_places(one, drawing.up if drawing else ()),
        band=_places(one, (drawing.band or ()) if drawing else ()),
        groups=int(_places(one, [drawing.groups])) if drawing and drawing.groups else None,
        page=page,
        pages=pages,
        before=_at(query, page - 1) if page > 1 else "",
        after=_at(query, page + 1) if page < pages else "",
        files=[
            (form.upper(), f"?{urlencode({**query, 'format': form, 'figure': one.name})}")
            for form in ("csv", "xlsx")
        ],
        not_drawn=_why_not_drawn(one, rows) if drawing and rows else "",
    )


def _places(one: Figure, names: Iterable[str]) -> str:
    """Return the numbers of these columns, separated by commas."""
    places = {column.name: nth for nth, column in enumerate(one.columns)}
    return ",".join(str(places[name]) for name in names)


def _why_not_drawn(one: Figure, rows: Sequence[Sequence[Value]]) -> str:
    """Return the text in place of a chart; empty if there is something to draw.

    Shares of 0 are worth drawing, but counts of 0 make an empty chart.
    """
    assert one.drawing
    up = [int(place) for place in _places(one, one.drawing.up).split(",")]
    found = [row[place] for row in rows for place in up]
    known = [each for each in found if each is not None and each is not WITHHELD]
    if not known:
        return (
            "No chart: every number is withheld, being of too few people."
            if (WITHHELD in found)
            else "No chart: none of the numbers is known yet."
        )
    if one.drawing.unit != "share" and not any(known):
        if WITHHELD in found:
            return "No chart: every number that is not withheld is 0."
        return "No chart: every number is 0."
    return ""


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def _at(query: Mapping[str, str], page: int) -> str:
    return f"?{urlencode({**query, 'page': page})}"


def _rows(
    one: Figure, rows: Sequence[Sequence[Value]], first: int, paths: Mapping[str, str]
) -> list[list[Cell]]:
    """Return the cells of *rows*, of which the first has number *first* in the figure."""
    names = read_row_names(one.columns, rows, brand=one.brand)
    return [_row(one, first + nth, row, names, paths) for nth, row in enumerate(rows)]


def _row(
    one: Figure, nth: int, row: Sequence[Value], names: CodeNames, paths: Mapping[str, str]
) -> list[Cell]:
    link = one.link(nth) if one.link and one.leads_to in paths else None
    href = f"{paths[one.leads_to]}?{urlencode(link)}" if link else ""
    brand = find_row_brand(one.columns, row, one.brand)
    return [
        Cell(
            _written(value, column, names, brand)
            + ("*" if value is not None and one.is_few and one.is_few(nth, place) else ""),
            _raw(value),
            column.is_number,
            "" if place else href,
            column.is_minor,
        )
        for place, (value, column) in enumerate(zip(row, one.columns, strict=True))
    ]


def _written(value: Value, column: Column, names: CodeNames, brand: str) -> str:
    if column.codes and isinstance(value, str):
        return names.get(column.codes, value, brand)
    return format_text(value, column.sort)


def _raw(value: Value) -> str:
    if value is None or value is WITHHELD:
        return ""
    return repr(value) if isinstance(value, int | float) else str(value)


def format_text(value: Value, sort: str) -> str:
    """Return a value as text for people."""
    if value is None or value is WITHHELD:
        return UNKNOWN if value is None else str(value)
    if isinstance(value, date):
        return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value.isoformat()
    written = {"share": format_share, "seconds": format_duration, "text": _any}.get(
        sort, _number_text
    )
    return written(value)


def _any(value: Value) -> str:
    return str(value) or "any"


def _number_text(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def format_share(value: float) -> str:
    """Return a percentage. Small ones have more digits, so that they can be distinguished."""
    percent = 100 * value
    digits = 1 if percent >= 1 or percent == 0 else 2 if percent >= 0.1 else 3
    return f"{percent:.{digits}f} %"


UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def format_duration(seconds: float) -> str:
    for unit, size in UNITS:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{1000 * seconds:.3g} ms"


def present_cards(found: Sequence[Card]) -> list[dict[str, Any]]:
    return [
        {
            "label": each.label,
            "value": format_text(each.value, each.sort) + ("*" if each.few and each.value else ""),
            "before": format_text(each.before, each.sort),
            "change": _change(each),
            "formula": each.formula,
        }
        for each in found
    ]


def _change(card: Card) -> str:
    """Return the change as text: in percent, or in absolute terms if the base is small."""
    if card.difference is None:
        return ""
    if card.difference == 0:
        return "as before"
    if card.change is not None:
        percent = round(100 * card.change)
        return _up_or_down(percent, f"{abs(percent)} %")
    size = abs(card.difference)
    if card.sort == "share":
        points = 100 * size
        said = f"{points:.1f}" if points >= 0.1 else f"{points:.2g}"
        changed = _up_or_down(card.difference, f"{said} points")
    else:
        changed = _up_or_down(card.difference, f"{size:,.0f}")
    return f"{changed}; too few before for a percentage"


def _up_or_down(change: float, by: str) -> str:
    if not change:
        return "as before"
    return f"{'up' if change > 0 else 'down'} {by}"
