"""Export of rows as CSV (RFC 4180, UTF-8) for programs. Values are not escaped for spreadsheets.

A spreadsheet may read a value that begins with = or + as a formula. We accept this, because the
values are the brand's own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any


def write_csv(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Return times and booleans as JSON writes them, and other values unchanged.

    The CSV writer turns None into an empty field.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value).lower() if isinstance(value, bool) else value
