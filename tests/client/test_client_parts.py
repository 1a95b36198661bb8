"""However a file is cut, its parts hold its rows, each once and in order."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmr_client import parts
from tests.trying import tries

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
ROWS = st.lists(st.tuples(CELLS, CELLS), max_size=20)
NDJSON = "application/x-ndjson"


def cut(content: bytes, *, size: int, media: str = parts.CSV) -> list[bytes]:
    return list(parts.split(io.BytesIO(content), media=media, size=size))


def read_rows(part: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(part.decode(), newline="")))


@tries(100)
@given(rows=ROWS, size=st.integers(1, 200))
def test_cut_csv_any_fields_keeps_rows(rows: list[tuple[str, str]], size: int) -> None:
    """Whatever stands in the fields: quotes, commas, ends of lines."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("email", "note"), *rows])
    read = [read_rows(part) for part in cut(text.getvalue().encode(), size=size)]
    assert all(part[0] == ["email", "note"] for part in read)
    assert [tuple(row) for part in read for row in part[1:]] == rows


def test_cut_csv_respects_size() -> None:
    content = b"email\n" + b"a@example.org\n" * 1_000
    sizes = [len(part) for part in cut(content, size=1_000)]
    assert len(sizes) > 10 and all(1_000 <= size < 1_020 for size in sizes[:-1])


@pytest.mark.parametrize("content", [b"", b"email\n", b"email"])
def test_cut_file_without_rows_is_one_part(content: bytes) -> None:
    assert cut(content, size=10) == [content]


def test_cut_csv_open_quote_is_bounded() -> None:
    content = b'email,note\na@example.org,"oops\n' + b"b@example.org,x\n" * 100_000
    assert max(map(len, cut(content, size=10_000))) < 10_000 + 2 * parts.LONGEST_ROW


def test_cut_ndjson_respects_size() -> None:
    lines = b'{"email": "a@example.org"}\n' * 100
    cut_up = cut(lines, size=500, media=NDJSON)
    assert len(cut_up) > 4 and b"".join(cut_up) == lines


def test_media_of_file_name_is_known() -> None:
    assert parts.media_of(Path("people.CSV")) == parts.CSV
    assert parts.media_of(Path("people.jsonl")) == NDJSON
    with pytest.raises(ValueError, match=r"people\.xlsx"):
        parts.media_of(Path("people.xlsx"))


def test_cut_utf_16_is_refused() -> None:
    with pytest.raises(ValueError, match="save it as UTF-8"):
        cut("email\nann@example.org\n".encode("utf-16"), size=10)
