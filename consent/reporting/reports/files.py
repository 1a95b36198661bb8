"""Write tables as CSV (RFC 4180) and XLSX files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any

import xlsxwriter

from consent.reporting.reports.figures import WITHHELD, Column, Figure, Value
from consent.reporting.reports.names import add_columns, add_names

#: The characters at the start of a text that make a spreadsheet read it as a formula.
FORMULA_START = ("=", "+", "-", "@", "\t", "\r")
#: The maximum number of rows of an XLSX sheet, including the headings.
MOST_XLSX_ROWS = 1_048_576
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE = 1_000


class TooManyTableRows(ValueError):
    """The table has more rows than an XLSX sheet can hold."""


def write_figure_csv(figure: Figure) -> str:
    """Return the table as CSV, with a column of names after each column of codes."""
    return "".join(csv_lines(add_columns(figure.columns), _named(figure)))


def _named(figure: Figure) -> Iterator[list[Value]]:
    return add_names(figure.columns, figure.rows, brand=figure.brand)


def csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    """Yield the CSV file in pieces, headings first.

    An unknown value is an empty cell; a withheld one says so.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    for nth, row in enumerate(rows, start=1):
        writer.writerow([_text(value) for value in row])
        if nth % PIECE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> str:
    piece = text.getvalue()
    text.seek(0)
    text.truncate()
    return piece


def _text(value: Value) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA_START):
        return "'" + value
    return value.isoformat() if isinstance(value, date) else value


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
