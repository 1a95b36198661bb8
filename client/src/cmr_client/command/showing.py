"""Output of answers, for people or for other programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import click
import msgspec

#: Columns of the terminal that a cell of a table takes at most.
WIDEST = 36


def show_json(said: Any) -> None:
    """Print one line of JSON."""
    click.echo(msgspec.json.encode(said))


def show_table(rows: list[tuple[str, object]]) -> None:
    """Print the names and values of fields that have a value."""
    shown = [(name, value) for name, value in rows if value is not None]
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        click.echo(f"{name:<{width}}  {value}")


def show_columns(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: int) -> None:
    """Print a table. Its first *right* columns are aligned to the right."""
    table = [[fit_text(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(map(measure_text, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [
            _pad(cell, width, is_right=number < right)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


def _pad(cell: str, width: int, *, is_right: bool) -> str:
    space = " " * (width - measure_text(cell))
    return space + cell if is_right else cell + space


def clean_text(text: str) -> str:
    """Return a text without what would change the terminal: control characters, directions."""
    return "".join(each if each.isprintable() else " " for each in text)


def fit_text(text: str) -> str:
    """Return a clean text, cut off if it takes more than the widest cell."""
    text = clean_text(text)
    if measure_text(text) <= WIDEST:
        return text
    while measure_text(text) > WIDEST - 1:
        text = text[:-1]
    return f"{text}…"


def measure_text(text: str) -> int:
    """Return how many columns a text takes: wide characters take two, marks on others none."""
    return sum(_measure(each) for each in text)


def _measure(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
