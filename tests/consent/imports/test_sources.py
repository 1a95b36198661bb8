"""Reading files: encodings, separators and stray quotes."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.imports import sources
from consent.imports.rows import BadRow
from consent.imports.sources import BadPart, EncodingDetector, open_source

HEAD = "email,decision,evidence"


def detect(content: bytes, size: int = 7) -> str:
    detector = EncodingDetector()
    for start in range(0, len(content), size):
        detector.feed(content[start : start + size])
    return detector.find()


def read_rows(text: str, separator: str = "") -> Iterator[object]:
    """The values of each row, or the code of a bad one."""
    source = open_source(
        io.BytesIO(text.encode()), form="csv", encoding="utf-8", separator=separator
    )
    for line in source.lines:
        yield line.code if isinstance(line, BadRow) else list(line.values())


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"", "utf-8"),
        (b"email\nann@example.org\n", "utf-8"),
        ("email\nzoë@example.org\n".encode(), "utf-8"),
        ("email\nzoë@example.org\n".encode("utf-8-sig"), "utf-8"),
        ("email\nzoë@example.org\n".encode("utf-16"), "utf-16"),
        ("evidence\nMüller – Straße\n".encode("cp1252"), "windows-1252"),
    ],
)
def test_detect_encoding_known_content_is_found(content: bytes, encoding: str) -> None:
    assert detect(content) == encoding
    text = content.decode(sources.ENCODINGS[encoding])
    assert text.encode(sources.ENCODINGS[encoding]) in (content, b"\xef\xbb\xbf" + content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("evidence\nzoë\n".encode() + "Straße\n".encode("cp1252"), "unclear"),
        (b"evidence\n\x81\x8d\n", "unclear"),
        ("email\nann@example.org\n".encode("utf-16-le"), "byte order mark"),
        (b"PK\x03\x04\x14\0\x06\0 an Excel workbook", "save it as CSV"),
    ],
)
def test_detect_encoding_unclear_content_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(BadPart, match=says):
        detect(content)


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("email\nann@example.org\n", "comma"),
        ("email,ref\na,b\n", "comma"),
        ("email;ref\na;b,c\n", "semicolon"),
        ("email\tref\na\tb\n", "tab"),
        ('email;"Name, first"\na;b\n', "semicolon"),
        ("email;Name, first\na;b\nc;d\n", "semicolon"),
    ],
)
def test_open_source_separator_is_found(text: str, separator: str) -> None:
    source = open_source(io.BytesIO(text.encode()), form="csv", encoding="utf-8")
    assert source.separator == separator


def test_open_source_unclear_separator_must_be_given() -> None:
    text = "a;b,c\n1;2,3\n"
    with pytest.raises(BadPart, match="comma or semicolon: give it as"):
        list(read_rows(text))
    assert list(read_rows(text, "semicolon")) == [["1", "2,3"]]


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        # One that never closes: one bad row, and those below it are read.
        (['a@x.org,grant,"12 inch card', "b@x.org,deny,asked", "c@x.org,deny,phoned"],
         ["stray_quote", ["b@x.org", "deny", "asked"], ["c@x.org", "deny", "phoned"]]),
        (['a@x.org,grant,"12" card', "b@x.org,deny,asked"],
         ["stray_quote", ["b@x.org", "deny", "asked"]]),
        # In the middle of a text it is a text.
        (['a@x.org,grant,12" card', 'b@x.org,deny,6" card'],
         [["a@x.org", "grant", '12" card'], ["b@x.org", "deny", '6" card']]),
        # A text may span lines.
        (['a@x.org,grant,"Shop,', "", 'counter ""2"""', "b@x.org,deny,asked"],
         [["a@x.org", "grant", 'Shop,\n\ncounter "2"'], ["b@x.org", "deny", "asked"]]),
        # Two quotes of two rows: the row between them is somebody's no.
        (['a@x.org,grant,"12 inch', "b@x.org,deny,asked", 'c@x.org,deny,6 inch"', "d@x.org,deny,x"],
         ["stray_quote"] * 3 + [["d@x.org", "deny", "x"]]),
        (['"a@x.org",grant,"Shop, first', 'floor"'], [["a@x.org", "grant", "Shop, first\nfloor"]]),
        (['"Shop', 'two",grant,a@x.org'], [["Shop\ntwo", "grant", "a@x.org"]]),
        (["", " ", ",,", '"","",""', "b@x.org,deny,asked", "\t"], [["b@x.org", "deny", "asked"]]),
        (["b@x.org,deny"], ["columns"]),
        (["R-1,grant,\"12 inch", 'R-2,deny,6 inch"'], ["stray_quote"] * 2),
        ([f"a@x.org,grant,{'x' * 200_000}", "b@x.org,deny,asked"],
         ["line_too_long", ["b@x.org", "deny", "asked"]]),
        ([f'a@x.org,grant,"{"x" * 200_000}"', "b@x.org,deny,asked"],
         ["line_too_long", ["b@x.org", "deny", "asked"]]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_read_rows_stray_quotes_swallow_no_row(
    lines: list[str], rows: list[object], end: str
) -> None:
    found = list(read_rows(f"{HEAD}{end}{end.join(lines)}{end}"))
    plain = [[c.replace(end, "\n") for c in row] if isinstance(row, list) else row for row in found]
    assert plain == rows


def test_read_rows_long_open_quote_continues_at_next_line() -> None:
    rows = [f"p{n}@x.org,deny,asked" for n in range(3_000)]
    found = list(read_rows("\n".join([HEAD, 'a@x.org,grant,"12 inch', *rows])))
    assert found[0] == "stray_quote"
    assert len(found) == 3_001 and found[1:] == [row.split(",") for row in rows]


#: The first example may take long on a busy machine.
ON_ANY_MACHINE = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
CELL = st.text(st.sampled_from('",;\n\r ax@.'), max_size=8)


@ON_ANY_MACHINE
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6))
def test_read_rows_random_cells_account_for_every_line(cells: list[list[str]]) -> None:
    """However the quotes stand, what is read and what is refused is together the file."""
    text = "\n".join(",".join(row) for row in cells)
    source = open_source(io.BytesIO(f"{HEAD}\n{text}".encode()), form="csv", encoding="utf-8")
    seen = 0
    for line in source.lines:
        if isinstance(line, BadRow):
            seen += sum(map(line.line.count, "ax@."))
        else:
            seen += sum(value.count(sign) for value in line.values() for sign in "ax@.")
    assert seen == sum(map(text.count, "ax@."))


@ON_ANY_MACHINE
@given(st.lists(st.lists(st.text(max_size=20), min_size=3, max_size=3), max_size=5))
def test_read_rows_quoted_values_are_unchanged(rows: list[list[str]]) -> None:
    """Each value in quotes, each quote doubled; none of them holds what looks like a row."""
    rows = [[value.replace(",", "").replace("\0", "").replace("\ud800", "") for value in row]
            for row in rows]  # fmt: skip
    quoted = [",".join('"{}"'.format(value.replace('"', '""')) for value in row) for row in rows]
    text = "\n".join([HEAD, *quoted])
    assert list(read_rows(text)) == [row for row in rows if any(row)]
