"""Split a file into parts, each of which is a valid file."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

#: The media type by the ending of a file's name.
MEDIA = {
    ".csv": "text/csv",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
}
CSV = "text/csv"
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Some twenty thousand rows: a few seconds' work for the service.
USUAL_BYTES = 2_000_000
#: A row that goes on for longer has a quote that never ends; the service says which one.
LONGEST_ROW = 100_000


def media_of(file: Path) -> str:
    """Return the media type of a file.

    Raises:
        ValueError: the file's name does not tell it.
    """
    try:
        return MEDIA[file.suffix.lower()]
    except KeyError:
        raise ValueError(f"{file.name}: the name ends in none of {', '.join(MEDIA)}") from None


def split(file: BinaryIO, *, media: str, size: int) -> Iterator[bytes]:
    """Yield parts of *size* bytes or a little more. Each part of a CSV begins with the headings.

    Raises:
        ValueError: the file is UTF-16, whose lines cannot be found by their bytes.
    """
    if file.read(2) in UTF_16_MARKS:
        raise ValueError("the file is UTF-16: save it as UTF-8")
    file.seek(0)
    rows = _csv_rows(file) if media == CSV else iter(file)
    head = next(rows, b"") if media == CSV else b""
    part = [head]
    length, is_first = len(head), True
    for row in rows:
        if length >= size:
            yield b"".join(part)
            part, length, is_first = [head], len(head), False
        part.append(row)
        length += len(row)
    if is_first or len(part) > 1:
        yield b"".join(part)


def _csv_rows(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rows of a CSV file: lines that a quoted field spans stay together."""
    row, quotes = b"", 0
    for line in file:
        row += line
        quotes += line.count(b'"')
        if quotes % 2 == 0 or len(row) > LONGEST_ROW:
            yield row
            row, quotes = b"", 0
    if row:
        yield row
