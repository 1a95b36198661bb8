"""Write tables as CSV (RFC 4180) and XLSX files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import IO, Any

import xlsxwriter

from consent.reporting.reports.figures import WITHHELD, Column, Figure, Value
from consent.reporting.reports.names import add_columns, add_names
from core.csv import write_csv

#: The maximum number of rows of an XLSX sheet, including the headings.
MOST_XLSX_ROWS = 1_048_576
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE = 1_000


class TooManyTableRows(ValueError):
    """The table has more rows than an XLSX sheet can hold."""


def write_figure_csv(figure: Figure) -> bytes:
    """Return the table as CSV, with a column of names after each column of codes."""
    return b"".join(csv_lines(add_columns(figure.columns), _named(figure)))


def _named(figure: Figure) -> Iterator[list[Value]]:
    return add_names(figure.columns, figure.rows, brand=figure.brand)


def csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """Yield the CSV file in pieces of `PIECE` lines, headings first.

    An unknown value is an empty cell; a withheld one says so.
    """
    headings = [column.name for column in columns]
    lines = chain([headings], (map(_cell, row) for row in rows))
    while piece := list(islice(lines, PIECE)):
        yield write_csv(piece, for_people=True)


def _cell(value: Value) -> Value:
    """Return dates and booleans as report files have them: times with `+00:00`, True and False."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, bool) else value


def write_figure_xlsx(figure: Figure) -> bytes:
    """Return the same table as `write_figure_csv` as an XLSX workbook."""
    file = io.BytesIO()
    for _ in write_xlsx(file, add_columns(figure.columns), _named(figure)):
        pass
    return file.getvalue()


def write_xlsx(
    file: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[Value]]
) -> Iterator[int]:
    """Write the workbook, holding one row in memory. Yield the number of each row.

    Raises:
        TooManyTableRows
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    formats = {
        "heading": book.add_format({"bold": True}),
        "share": book.add_format({"num_format": "0.00%"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }
    sheet = book.add_worksheet()
    for nth, column in enumerate(columns):
        sheet.write_string(0, nth, column.label, formats["heading"])
    for number, row in enumerate(rows, start=1):
        if number >= MOST_XLSX_ROWS:
            raise TooManyTableRows(
                f"a sheet has no more than {MOST_XLSX_ROWS - 1:,} rows; take CSV"
            )
        for nth, value in enumerate(row):
            _write(sheet, number, nth, value, formats.get(columns[nth].sort))
        yield number
    book.close()


def _write(sheet: Any, row: int, column: int, value: Value, form: Any) -> None:
    if value is None:
        return
    if value is WITHHELD or isinstance(value, str):
        sheet.write_string(row, column, str(value))
    elif isinstance(value, date):  # or a datetime, in UTC, because a sheet has no time zones
        plain = value.replace(tzinfo=None) if isinstance(value, datetime) else value
        sheet.write_datetime(row, column, plain, form)
    else:
        sheet.write_number(row, column, value, form)
