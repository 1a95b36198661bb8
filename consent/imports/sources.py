"""Uploaded files of rows: detect the encoding and the separator, and read the rows.

Note [Stray quotes]. A quoted field may span lines (RFC 4180). A quote that somebody forgot to close
could therefore swallow the rows below it. Three rules prevent that:

1. A quote in the middle of an unquoted field is an ordinary character: `12" card` is a text.
2. If a quoted field does not end properly within `MOST_LINES` and `LONGEST_ROW`, its first line
   is a bad row. Reading goes on with the next line.
3. If a field spans lines and one of them looks like a row itself, the meaning is ambiguous. All
   of these lines are bad rows, so that no refusal is swallowed and no text is read as a row.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple, TextIO

import orjson

from consent.imports.rows import BadRow
from core.errors import DomainError
from core.json_bodies import DuplicateMember, load_json
from core.text import holds_address

#: The supported encodings, and the Python codec of each.
ENCODINGS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "windows-1252": "cp1252"}
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
FORMS = ("csv", "ndjson")
#: The maximum characters of a row, and the maximum lines that a row may span.
LONGEST_ROW = 20_000
MOST_LINES = 100
#: The number of rows that are read to find the separator, or the keys of NDJSON.
LOOKED_AT = 20
#: The number of bytes at the start that are searched for zeros, which UTF-16 has.
BEGINNING = 64
#: The first bytes of a ZIP file, and therefore of an Excel workbook.
ZIP = b"PK\x03\x04"
LINE_ENDS = ("\n", "\r")
#: Bytes that are a letter in UTF-8 and hardly ever occur in Windows-1252: ä reads as Ã¤ there.
MULTIBYTE = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
#: Bytes without a character in Windows-1252.
UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
QUOTED = re.compile(r'"[^"]*"')
LONE_QUOTE = re.compile(r'(?<!")"(?!")')

Line = Mapping[str, Any] | BadRow


class BadPart(DomainError):
    """The part cannot be read at all, so none of it was stored."""

    code = "unreadable_part"


class Source(NamedTuple):
    """An opened file: its encoding, separator, columns and rows."""

    encoding: str
    #: Empty for NDJSON.
    separator: str
    headings: Sequence[str]
    lines: Iterator[Line]


# -- Encodings -------------------------------------------------------------------------------------


class EncodingDetector:
    """A detector that finds a file's encoding from all of its bytes, fed in pieces."""

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._beginning = b""
        self._has_multibyte = self._has_undefined = False

    def feed(self, piece: bytes) -> None:
        if len(self._beginning) < BEGINNING:
            self._beginning = (self._beginning + piece)[:BEGINNING]
        if not piece.isascii():
            self._has_multibyte = self._has_multibyte or MULTIBYTE.search(piece) is not None
            self._has_undefined = self._has_undefined or UNDEFINED.search(piece) is not None
        self._decode(piece, is_last=False)

    def find(self) -> str:
        """Return the name of the encoding.

        Raises:
            BadPart: the encoding is ambiguous or not supported.
        """
        if self._beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if self._beginning.startswith(ZIP):
            raise BadPart("this is a workbook or an archive, not a table: save it as CSV")
        if b"\0" in self._beginning:
            raise BadPart("this looks like UTF-16 without its byte order mark: save it as UTF-8")
        self._decode(b"", is_last=True)
        if self._decoder is not None:
            return "utf-8"
        if self._has_undefined or self._has_multibyte:
            raise BadPart(
                "the encoding is unclear: neither all of the file is UTF-8 nor is it plainly "
                f"Windows-1252; save it as UTF-8, or give `encoding`: {', '.join(ENCODINGS)}"
            )
        return "windows-1252"

    def _decode(self, piece: bytes, *, is_last: bool) -> None:
        if self._decoder is None:
            return
        try:
            self._decoder.decode(piece, is_last)
        except UnicodeDecodeError:
            self._decoder = None


# -- Opening ---------------------------------------------------------------------------------------


def open_source(file: IO[bytes], *, form: str, encoding: str, separator: str = "") -> Source:
    """Return the file's columns and rows. Detect the separator if none is given.

    Raises:
        BadPart: no headings, an ambiguous separator, or another encoding than the given one,
            which may show only while rows are read.
    """
    if form == "ndjson" and encoding != "utf-8":
        raise BadPart("the file is not UTF-8, but NDJSON must be")
    lines = Lines(io.TextIOWrapper(file, encoding=ENCODINGS[encoding], newline=""))
    if form == "ndjson":
        return Source(encoding, "", (), _read_ndjson(lines))
    separator = separator or _find_separator(lines)
    headings = _read_headings(lines.take_line(), separator)
    rows = _read_rows(lines, SEPARATORS[separator], len(headings))
    named = (
        row if isinstance(row, BadRow) else dict(zip(headings, row, strict=True)) for row in rows
    )
    return Source(encoding, separator, headings, named)


def find_keys(lines: Iterable[Line]) -> list[str]:
    """Return the columns of NDJSON: the keys of its first objects."""
    objects = (each for each, _ in zip(lines, range(LOOKED_AT), strict=False))
    return list(dict.fromkeys(key for each in objects if isinstance(each, Mapping) for key in each))


# -- Lines -----------------------------------------------------------------------------------------


class Lines:
    """The lines of a text file, of which some can be put back. It holds one line in memory.

    A line is cut after `LONGEST_ROW` + 1 characters, which still shows that it is too long.
    """

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._back: deque[str] = deque()

    def take_line(self) -> str:
        """Return the next line with its line end; an empty text at the end of the file.

        Raises:
            BadPart: the bytes do not fit the encoding.
        """
        if self._back:
            return self._back.popleft()
        try:
            line = piece = self._text.readline(LONGEST_ROW + 1)
            while len(piece) >= LONGEST_ROW and not piece.endswith(LINE_ENDS):
                piece = self._text.readline(LONGEST_ROW)
        except UnicodeDecodeError as error:
            raise BadPart(f"the file is not {error.encoding}") from error
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        self._back.extendleft(reversed(lines))


def _find_separator(lines: Lines) -> str:
    """Return the name of the separator.

    If the headings contain several candidates, take the one that splits all rows alike.

    Raises:
        BadPart: several candidates remain.
    """
    seen = [line for _ in range(LOOKED_AT) if (line := lines.take_line())]
    lines.put_back(seen)
    bare = [QUOTED.sub("", line) for line in seen if line.strip()]
    head = bare[0] if bare else ""
    found = [name for name, mark in SEPARATORS.items() if mark in head]
    if len(found) > 1 and bare[1:]:
        found = [name for name in found if _fits(bare, SEPARATORS[name])] or found
    if len(found) > 1:
        choices = " or ".join(found)
        raise BadPart(f"the separator could be {choices}: give it as `separator`")
    return found[0] if found else "comma"


def _fits(lines: Sequence[str], mark: str) -> bool:
    return len({line.count(mark) for line in lines}) == 1


def _read_headings(line: str, separator: str) -> list[str]:
    try:
        cells = _parse([line], SEPARATORS[separator]) if line.strip() else []
    except csv.Error as error:
        raise BadPart(f"the headings are not valid CSV: {error}") from error
    if not any(each.strip() for each in cells):
        raise BadPart("the first line must contain the headings")
    return _name_columns(cells)


def _name_columns(cells: Sequence[str]) -> list[str]:
    """Return a unique name for each column. Some tools leave names empty or use them twice."""
    names: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = cell.strip() or f"column {number}"
        names.append(f"{name} (column {number})" if name in names else name)
    return names


# -- Rows ------------------------------------------------------------------------------------------


def _read_rows(lines: Lines, mark: str, columns: int) -> Iterator[Sequence[str] | BadRow]:
    """Yield the cells of each row, or the reason why it is bad. Skip blank lines."""
    blank = f"{mark} \t\r\n"
    while line := lines.take_line():
        if not line.strip(blank):
            continue
        if len(line) > LONGEST_ROW:
            yield _too_long(line)
        elif '"' in line:
            yield from _read_quoted(line, lines, mark, columns)
        else:
            yield _check_width(line.rstrip("\r\n").split(mark), columns, line)


def _too_long(line: str) -> BadRow:
    return BadRow("", "line_too_long", f"A row may have {LONGEST_ROW:,} characters.", line=line)


def _check_width(cells: Sequence[str], columns: int, line: str) -> Sequence[str] | BadRow:
    if len(cells) == columns:
        return cells
    return BadRow("", "columns", f"{columns} columns, and {len(cells)} values", line=line)


def _parse(lines: Iterable[str], mark: str) -> list[str]:
    return next(csv.reader(lines, delimiter=mark, strict=True), [])


def _read_quoted(
    line: str, lines: Lines, mark: str, columns: int
) -> Iterator[Sequence[str] | BadRow]:
    """Yield the row that begins with *line*, or the bad rows.

    See Note [Stray quotes].
    """
    if (plain := _split_quoted(line, mark, columns)) is not None:
        yield plain
        return
    taken = [line]
    try:
        try:
            cells = _parse(taken, mark)
        except csv.Error:
            cells = _parse(_read_on(taken, lines), mark)
    except csv.Error:
        lines.put_back(taken[1:])
        yield BadRow(
            "", "stray_quote", "A quote opens a text and does not close it well.", line=line
        )
        return
    if any(_reads_like_row(each, line, mark, columns) for each in taken[1:]):
        why = "A quoted text spans lines that read like rows: close its quote, or double it."
        yield from (BadRow("", "stray_quote", why, line=each) for each in taken)
    elif any(cells):
        yield _check_width(cells, columns, "".join(taken))


def _split_quoted(line: str, mark: str, columns: int) -> list[str] | None:
    """Return the cells if each is quoted and none contains a quote, else None.

    Most tools write such rows, and this is faster than the CSV parser.
    """
    text = line.rstrip("\r\n")
    if text[0] != '"' or text[-1] != '"' or text.count('"') != 2 * columns:
        return None
    cells = text[1:-1].split(f'"{mark}"')
    return cells if len(cells) == columns and any(cells) else None


def _read_on(taken: list[str], lines: Lines) -> Iterator[str]:
    """Yield the lines in *taken*, then further lines up to the limits, which are added to it."""
    yield from list(taken)
    length = sum(map(len, taken))
    while len(taken) < MOST_LINES and (line := lines.take_line()):
        taken.append(line)
        length += len(line)
        if length > LONGEST_ROW:
            return
        yield line


def _reads_like_row(line: str, first: str, mark: str, columns: int) -> bool:
    """Return whether a line inside a quoted text looks like a row that names a person.

    It must have a row's number of separators. In the line that ends the text, only what precedes
    the closing quote is examined, because the rest belongs to the first row. Examples:
    `shop",ann@example.org,grant` ends a text, but `bob@example.org,deny,6 inch"` is a row.
    """
    if line.count(mark) != columns - 1:
        return False
    inside = LONE_QUOTE.split(line)[0]
    return holds_address(inside) if holds_address(first) else mark in inside


def _read_ndjson(lines: Lines) -> Iterator[Line]:
    while line := lines.take_line():
        if len(line) > LONGEST_ROW:
            yield _too_long(line)
        elif line.strip():
            yield _read_object(line)


def _read_object(line: str) -> Line:
    try:
        found = load_json(line.encode())
    except DuplicateMember as error:
        return BadRow(error.field, "duplicate_field", str(error), line=line)
    except orjson.JSONDecodeError as error:
        return BadRow("", "parse_error", f"This is not JSON: {error}", line=line)
    return found if isinstance(found, dict) else BadRow("", "invalid", "A line is one object.")
