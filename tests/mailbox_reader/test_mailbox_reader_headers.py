"""Headers are read as old and hostile mail writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_reader import read_headers
from mailbox_reader.headers import (
    MOST_CHARACTERS,
    MOST_VALUES,
    UNSEEN,
    decode_words,
    parse_addresses,
    parse_mailbox,
    parse_time,
)
from tests.trying import tries

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def test_read_headers_drops_all_others() -> None:
    block = b"Subject: secret\r\nFROM: a@example.org\r\nReceived: by mx\r\nlist-ID : <a.b>\r\n"
    assert read_headers(block) == {"from": ["a@example.org"], "list-id": ["<a.b>"]}


def test_read_headers_unfolds() -> None:
    block = b"To: a@example.org,\r\n\tb@example.org\nFrom:\n a@example.org\nX: y\n From: z"
    assert read_headers(block) == {
        "to": ["a@example.org, b@example.org"],
        "from": ["a@example.org"],
    }


@pytest.mark.parametrize("value", ["Müller".encode(), "Müller".encode("latin-1")])
def test_read_headers_eight_bit_text(value: bytes) -> None:
    assert read_headers(b"From: %s <a@b.example>" % value) == {"from": ["Müller <a@b.example>"]}


def test_read_headers_has_no_unseen_characters() -> None:
    found = read_headers("List-Id: <a\0b\x1b[2J\u202e.example>".encode())
    assert found == {"list-id": ["<a b [2J .example>"]}


def test_read_headers_are_bounded() -> None:
    found = read_headers(b"From: " + b"x" * 1_000_000 + b"\n" + b"To: a@b.c\n" * 1_000)
    assert len(found["from"][0]) <= MOST_CHARACTERS
    assert len(found["to"]) == MOST_VALUES


@tries(200)
@given(block=st.binary(max_size=400))
def test_read_headers_of_any_bytes(block: bytes) -> None:
    for values in read_headers(b"From: " + block).values():
        assert not any(UNSEEN.search(value) for value in values)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a@B.Example", ("", "a@b.example")),
        ('"Shop, The" <News@b.example.>', ("Shop, The", "News@b.example")),
        ("=?utf-8?q?B=C3=BCcher?= <a@b.example>", ("Bücher", "a@b.example")),
        ("nobody, a@b.example", ("", "a@b.example")),
        ("undisclosed-recipients:;", ("", "")),
        ("", ("", "")),
        ("(" * 8_000, ("", "")),
        (":" * 8_000, ("", "")),
        ("a@b.c, " * 1_000, ("", "a@b.c")),
    ],
)
def test_parse_mailbox(value: str, found: tuple[str, str]) -> None:
    assert parse_mailbox(value) == found


def test_parse_addresses_in_lower_case() -> None:
    assert parse_addresses("A <A@B.example>, x, b@c.example") == ("a@b.example", "b@c.example")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?iso-8859-1?q?Gr=FC=DFe?=", "Grüße"),
        ("=?utf-8?b?8J+YgA==?= x", "😀 x"),
        ("=?nonsense?q?a?=", "=?nonsense?q?a?="),
        ("=?utf-8?b?!!!?=", ""),
        ("=?unicode_escape?q?\\ud800?=", "?"),
        ('"quoted"', "quoted"),
        ("a\u202eb\x00c", "a b c"),
    ],
)
def test_decode_words(value: str, text: str) -> None:
    assert decode_words(value) == text


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Mon, 1 Jan 2024 10:00:00 +0200", datetime(2024, 1, 1, 8, tzinfo=UTC)),
        ("Mon, 1 Jan 2024 10:00:00 -0000", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("Tue, 1 Dec 2026 00:00:01 +0000", None),
        ("Thu, 1 Jan 1970 00:00:00 +0000", None),
        ("Tue, 1 Jan 1850 00:00:00 +1400", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("Mon, 99 Jan 2024 10:00:00 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_parse_time(value: str, found: datetime | None) -> None:
    assert parse_time(value, now=NOW) == found
