"""Header blocks are found in mbox files and mails, whatever stands in their bodies."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_reader.mbox import MOST_HEADER_BYTES, MboxScanner
from tests.trying import tries

FIRST = b"From ana@example.org Mon Jan  1 10:00:00 2024\n"
TAKEOUT = b"From 1790000000000000000@xxx Mon Jan 01 10:00:00 +0000 2024\r\n"
#: What a mail begins with, in all the ways that programs write it.
SEPARATORS = [
    FIRST,
    TAKEOUT,
    b"From - Tue Dec 31 23:59:59 2024\n",
    b"From ???@??? Mon Jan 1 00:00:00 2001\r\n",
    b"From MAILER-DAEMON Fri Jul  8 12:08:34 2011\n",
    b"From a@b Thu Aug 22 12:36 EST 2002\n",
]


def scan(text: bytes, *, size: int = 1_000_000) -> list[bytes]:
    scanner = MboxScanner()
    blocks = [
        block
        for begin in range(0, len(text), size)
        for block in scanner.feed(text[begin : begin + size])
    ]
    return blocks + scanner.close()


def subjects(text: bytes, *, size: int = 1_000_000) -> list[bytes]:
    return [block.partition(b"Subject: ")[2].split(b"\r")[0] for block in scan(text, size=size)]


def build_mail(number: int, body: bytes = b"Hello\n") -> bytes:
    return b"%sSubject: %d\n\n%s\n" % (FIRST, number, body)


@pytest.mark.parametrize("separator", SEPARATORS)
def test_scan_separator_begins_a_mail(separator: bytes) -> None:
    mail = separator + b"Subject: a\n\nHello\n\n"
    assert scan(mail * 3) == [b"Subject: a"] * 3


@pytest.mark.parametrize(
    "body",
    [
        b">From a@b Mon Jan  1 10:00:00 2024\n",
        b"Hello\nFrom a@b Mon Jan  1 10:00:00 2024\nno blank line before it\n",
        b"\nFrom the beginning, 10:00 was too late\n",
        b"\nFrom 2024 on\n",
        b"\nFrom: b@example.org\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\nforwarded\n",
        b"\n From a@b Mon Jan  1 10:00:00 2024\n",
        b"\nFrom " + b"x" * 2_000 + b" Mon Jan  1 10:00:00 2024\n",
        b"",
        b"\n" * 5_000,
        b"\r\n" * 5_000,
        b"no line break at its end",
    ],
)
def test_scan_body_is_skipped(body: bytes) -> None:
    text = build_mail(1, body) + b"\n" + build_mail(2)
    assert subjects(text) == [b"1", b"2"]
    assert subjects(text, size=7) == [b"1", b"2"]


def test_scan_crlf_file() -> None:
    text = (build_mail(1) + build_mail(2, b"")).replace(b"\n", b"\r\n")
    assert scan(text) == [b"Subject: 1", b"Subject: 2"]


def test_scan_folded_header_stays_whole() -> None:
    assert scan(b"To: a,\r\n\tb\r\nSubject: c\r\n\r\nbody") == [b"To: a,\r\n\tb\r\nSubject: c"]


def test_scan_single_mail_has_one_block() -> None:
    mail = b"Subject: 1\n\nHello\n\n" + FIRST + b"Subject: a mail in its body\n\n"
    assert scan(mail) == [b"Subject: 1"]


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n\r\n", b"\n" * 3_000])
def test_scan_blank_beginning_is_skipped(before: bytes) -> None:
    assert subjects(before + build_mail(1)) == [b"1"]


@pytest.mark.parametrize(
    "text", [b"", b"\n\n", b"\x89PNG\r\n\x1a\n" + b"a" * 5_000, b"Hello world\n"]
)
def test_scan_other_file_is_no_mail(text: bytes) -> None:
    scanner = MboxScanner()
    assert (scanner.feed(text), scanner.close(), scanner.is_mail) == ([], [], False)


@pytest.mark.parametrize("text", [b"From the desk of Ana\n\nHello\n", b"From a Mon Jan 1 2024\n\n"])
def test_scan_line_that_begins_with_from_is_no_mailbox(text: bytes) -> None:
    scanner = MboxScanner()
    assert scanner.feed(text) == [] and not scanner.is_mail


def test_scan_headers_without_end_are_taken_at_the_end() -> None:
    assert scan(FIRST + b"Subject: 1\n") == [b"Subject: 1\n"]
    assert scan(b"Subject: 1") == [b"Subject: 1"]


def test_scan_header_of_a_megabyte_is_cut() -> None:
    text = build_mail(1).replace(b"Subject", b"X: %s\nSubject" % (b"y" * 1_000_000)) + build_mail(2)
    for size in (4_096, 10_000_000):
        first, second = scan(text, size=size)
        assert len(first) <= MOST_HEADER_BYTES and first.startswith(b"X: yyy")
        assert second == b"Subject: 2"


def test_scan_keeps_no_more_than_a_header_block() -> None:
    scanner = MboxScanner()
    scanner.feed(build_mail(1))
    for _ in range(50):
        scanner.feed(b"\n" * 100_000)
        assert len(scanner._buffer) <= 100_008
    scanner.feed(b"\n" + FIRST + b"X: ")
    for _ in range(50):
        scanner.feed(b"y" * 100_000)
        assert len(scanner._buffer) <= MOST_HEADER_BYTES + 200_000


@pytest.mark.parametrize(
    "line", [b"\nFrom " + b"11:11 " * 200_000, b"\n\nFrom 11:11 2011" * 60_000, b"\n" * 1_200_000]
)
def test_scan_hostile_body_takes_linear_time(line: bytes) -> None:
    began = time.process_time()
    assert scan(build_mail(1, line) + b"\n" + build_mail(2))[-1] == b"Subject: 2"
    assert time.process_time() - began < 5


LINES = st.sampled_from(
    [
        b"From a@b Mon Jan  1 10:00:00 2024",
        b"From x",
        b">From a",
        b"",
        b"Subject: a",
        b"To: b",
        b"x",
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n"])


@tries(300)
@given(
    lines=st.lists(st.tuples(LINES, ENDS), max_size=25),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=10),
)
def test_scan_any_pieces_give_the_same_blocks(
    lines: list[tuple[bytes, bytes]], sizes: list[int]
) -> None:
    text = FIRST + b"".join(line + end for line, end in lines)
    whole = scan(text)
    assert scan(text, size=1) == whole
    scanner, blocks, rest = MboxScanner(), [], text
    while rest:
        for size in sizes:
            blocks += scanner.feed(rest[:size])
            rest = rest[size:]
    assert blocks + scanner.close() == whole
