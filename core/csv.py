"""CSV files: RFC 4180, UTF-8 without a byte order mark, lines that end with CR LF.

The policy on formulas: a spreadsheet runs a text that begins with one of `FORMULA_START`. Files
that people open (reports, a person's own data) have an apostrophe before such a text. Files that
programs read, or that come back to us, hold each value as it is: with an apostrophe a reference or
a phone number would be another one. Numbers are never changed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

#: The characters at the start of a text that make a spreadsheet read it as a formula.
FORMULA_START = ("=", "+", "-", "@", "\t", "\r")


def write_csv(rows: Iterable[Iterable[Any]], *, for_people: bool) -> bytes:
    """Return the lines of *rows*. If they are *for_people*, no cell is a formula.

    Times and booleans are as in JSON, and None is an empty cell.
    """
    text = io.StringIO()
    build_cell = _build_safe_cell if for_people else _build_cell
    csv.writer(text).writerows(map(build_cell, row) for row in rows)
    return text.getvalue().encode()


def _build_safe_cell(value: Any) -> Any:
    is_formula = isinstance(value, str) and value.startswith(FORMULA_START)
    return f"'{value}" if is_formula else _build_cell(value)


def _build_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value).lower() if isinstance(value, bool) else value
