"""A report's parts, the same for page, API and file: tables, some of which are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

#: `share` is 0…1, `seconds` a time, `count` a whole number, the others text.
Sort = Literal["text", "day", "count", "share", "seconds", "number", "moment"]
NUMBERS = ("count", "share", "seconds", "number")
#: Columns of these names hold codes.
CODED = ("brand", "channel", "purpose", "topic", "campaign", "reason", "source", "state", "rule")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    label: str
    sort: Sort = "text"
    #: What its codes are of, for a name to stand beside each; by its own name where that says it.
    codes: str = ""
    #: Whether a page shows it only when asked for all columns.
    is_minor: bool = False

    def __post_init__(self) -> None:
        if not self.codes and self.name in CODED:
            object.__setattr__(self, "codes", self.name)

    @property
    def is_number(self) -> bool:
        return self.sort in NUMBERS


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a table is drawn: which column along, which ones up, and what the axis shows."""

    kind: Literal["line", "bar", "step", "scatter"]
    along: str
    up: Sequence[str]
    unit: str = ""
    #: Columns of the lower and upper ends of a band around the first line.
    band: tuple[str, str] | None = None
    #: The column by whose values the points are told apart.
    groups: str = ""
    #: The column that says whose a bar is, where *along* alone does not tell.
    within: str = ""


class Withheld:
    """Stands where a number is not shown, since it is of too few people."""

    def __str__(self) -> str:
        return "withheld"


WITHHELD = Withheld()
#: A cell's value; None is "not known".
Value = Any


class Rows(Sequence[Sequence[Value]]):
    """Rows that are worked out when they are looked at: of a long table most are not."""

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
    """A table with its words. Rows hold a value a column."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    notes: Sequence[str] = ()
    drawing: Drawing | None = None
    #: Which page a row leads to, and its query by the number of the row.
    leads_to: str = ""
    link: Callable[[int], Mapping[str, str]] | None = None
    #: Whether a cell is a share of few people, by the numbers of its row and column.
    is_few: Callable[[int, int], bool] | None = None
    #: What an empty table says.
    empty: str = "Nothing happened in this time."
    #: The brand that reads it about itself: topics and campaigns have the names of no other.
    brand: str = ""

    def as_data(self) -> dict[str, Any]:
        """For programs: rows by the columns' names; withheld is null, and said so."""
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


#: A change is a percentage of no fewer than this.
LEAST_BASE = 30


@dataclass(frozen=True, slots=True)
class Card:
    """One number that counts, beside what it was in the period before."""

    label: str
    value: Value
    sort: Sort
    before: Value = None
    formula: str = ""
    few: bool = False
    #: How many acts or people *before* is made of.
    base: int | None = None

    @property
    def difference(self) -> float | None:
        """Return by how much it went up or down; None where one of the two is not known."""
        if not isinstance(self.value, int | float) or not isinstance(self.before, int | float):
            return None
        return self.value - self.before

    @property
    def change(self) -> float | None:
        """Return by what share it went up or down; None where that says nothing.

        Of a small base a few more are several hundred percent.
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
    #: When numbers were worked out that are not counted as they come.
    as_of: datetime | None = None
    #: Short remarks above everything: label, text, query of where to look, its page.
    remarks: Sequence[tuple[str, str, Mapping[str, str], str]] = field(default_factory=tuple)

    def figure(self, name: str) -> Figure | None:
        return next((each for each in self.figures if each.name == name), None)
