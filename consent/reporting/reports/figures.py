"""The parts of a report: tables, cards and charts, the same for page, API and file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

#: `share` is from 0 to 1, `seconds` a duration, `count` a whole number, `number` any number. The
#: others are text and dates.
Sort = Literal["text", "day", "count", "share", "seconds", "number", "moment"]
NUMBERS = ("count", "share", "seconds", "number")
#: Columns of these names hold codes.
CODED = ("brand", "channel", "purpose", "topic", "campaign", "reason", "source", "state", "rule")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    label: str
    sort: Sort = "text"
    #: The kind of its codes, by which their names are found. The default is the column's own name
    #: if that is in `CODED`.
    codes: str = ""
    #: Whether a page shows it only together with all columns.
    is_minor: bool = False

    def __post_init__(self) -> None:
        if not self.codes and self.name in CODED:
            object.__setattr__(self, "codes", self.name)

    @property
    def is_number(self) -> bool:
        return self.sort in NUMBERS


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart of a table: the columns of the x and y axes, and the unit of the y axis."""

    kind: Literal["line", "bar", "step", "scatter"]
    along: str
    up: Sequence[str]
    unit: str = ""
    #: The columns with the lower and upper ends of a band around the first line.
    band: tuple[str, str] | None = None
    #: The column whose values group the points.
    groups: str = ""
    #: The column that identifies a bar together with *along*, if *along* alone is ambiguous.
    within: str = ""


class Withheld:
    """A placeholder for a number that is hidden because it is of too few people."""

    def __str__(self) -> str:
        return "withheld"


WITHHELD = Withheld()
#: The value of a cell. None is an unknown value.
Value = Any


class Rows(Sequence[Sequence[Value]]):
    """Rows that are computed on access, because most rows of a long table are never read."""

    def __init__(self, things: Sequence[Any], row: Callable[[Any], Sequence[Value]]) -> None:
        self.things, self.row = things, row

    def __len__(self) -> int:
        return len(self.things)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Rows(self.things[place], self.row)
        return self.row(self.things[place])


@dataclass(frozen=True, slots=True)
class Figure:
    """A table with its title and notes. Each row has one value per column."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    notes: Sequence[str] = ()
    drawing: Drawing | None = None
    #: The report that each row links to, and a function from row number to that link's query.
    leads_to: str = ""
    link: Callable[[int], Mapping[str, str]] | None = None
    #: A function from row and column number to whether the cell is a share of few people.
    is_few: Callable[[int, int], bool] | None = None
    #: The text of an empty table.
    empty: str = "Nothing happened in this time."
    #: The brand whose own report this is; only its names of topics and campaigns are used.
    brand: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the figure as JSON data, with rows by column names.

        A withheld value is null and listed in `withheld`.
        """
        names = [column.name for column in self.columns]
        return {
            "name": self.name,
            "title": self.title,
            "notes": list(self.notes),
            "columns": [
                {"name": each.name, "label": each.label, "kind": each.sort} for each in self.columns
            ],
            "data": [
                {name: _plain(value) for name, value in zip(names, row, strict=True)}
                for row in self.rows
            ],
            "withheld": [
                {"row": nth, "column": name}
                for nth, row in enumerate(self.rows)
                for name, value in zip(names, row, strict=True)
                if value is WITHHELD
            ],
        }


def _plain(value: Value) -> Any:
    return None if value is WITHHELD else value


#: The smallest base for which a change is shown as a percentage.
LEAST_BASE = 30


@dataclass(frozen=True, slots=True)
class Card:
    """A key figure, with its value in the period before."""

    label: str
    value: Value
    sort: Sort
    before: Value = None
    formula: str = ""
    few: bool = False
    #: The number of decisions or people behind *before*.
    base: int | None = None

    @property
    def difference(self) -> float | None:
        """Return the absolute change; None if one of the values is unknown."""
        if not isinstance(self.value, int | float) or not isinstance(self.before, int | float):
            return None
        return self.value - self.before

    @property
    def change(self) -> float | None:
        """Return the relative change; None if it is unknown or the base is too small.

        With a small base, a few more would be several hundred percent.
        """
        if self.difference is None or not self.before or (self.base or 0) < LEAST_BASE:
            return None
        return self.difference / float(self.before)


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    figures: Sequence[Figure]
    cards: Sequence[Card] = ()
    intro: str = ""
    #: The time of the oldest snapshot; None if all numbers are counted continuously.
    as_of: datetime | None = None
    #: Short remarks above the figures: label, text, and query and name of the linked report.
    remarks: Sequence[tuple[str, str, Mapping[str, str], str]] = field(default_factory=tuple)

    def figure(self, name: str) -> Figure | None:
        return next((each for each in self.figures if each.name == name), None)
