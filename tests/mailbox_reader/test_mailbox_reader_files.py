"""Files of any kind are read in pieces: ZIPs of all forms, and those that are broken or hostile."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pytest

from mailbox_reader import (
    MailFileScanner,
    NoMailbox,
    TooCompressed,
    TruncatedFile,
    UnreadableFile,
    UnsupportedZip,
)
from mailbox_reader.files import FREE_BYTES
from tests.mailbox_reader.test_mbox import build_mail

MAILS = [build_mail(number, b"Hello\n" * 50) for number in range(20)]
MBOX = b"".join(MAILS)
SUBJECTS = [b"Subject: %d" % number for number in range(20)]
NAME = "Takeout/Mail/All mail Including Spam and Trash.mbox"


def scan(data: bytes, *, size: int = 1_000_000) -> list[bytes]:
    scanner = MailFileScanner()
    blocks = [
        block
        for begin in range(0, len(data), size)
        for block in scanner.feed(data[begin : begin + size])
    ]
    return blocks + scanner.close()


def scan_until_error(data: bytes) -> tuple[list[bytes], type[Exception] | None]:
    """Return the blocks before the error, and the error."""
    scanner, blocks = MailFileScanner(), []
    try:
        for begin in range(0, len(data), 100):
            blocks += scanner.feed(data[begin : begin + 100])
        return blocks + scanner.close(), None
    except UnreadableFile as error:
        return blocks, type(error)


class Pipe(io.RawIOBase):
    """A file that cannot seek: whoever writes a ZIP to it adds sizes behind the data."""

    def __init__(self) -> None:
        self.written = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.written += bytes(data)
        return len(data)


def build_zip(
    entries: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, is_piped: bool = False
) -> bytes:
    file = Pipe() if is_piped else io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.written if isinstance(file, Pipe) else file.getvalue()


def build_zip64(*, is_piped: bool) -> bytes:
    file = Pipe() if is_piped else io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(NAME, "w", force_zip64=True) as entry,
    ):
        entry.write(MBOX)
    return file.written if isinstance(file, Pipe) else file.getvalue()


# -- What is read --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 4_096, 1_000_000])
@pytest.mark.parametrize(
    "data",
    [
        MBOX,
        build_zip({NAME: MBOX}),
        build_zip({NAME: MBOX}, method=zipfile.ZIP_STORED),
        build_zip({NAME: MBOX}, is_piped=True),
        build_zip64(is_piped=False),
        build_zip64(is_piped=True),
        build_zip({"a/": b"", "a/note.html": b"<p>", NAME: MBOX, "z.json": b"{}"}, is_piped=True),
        build_zip({"Inbox": b"".join(MAILS[:10]), "Sent": b"".join(MAILS[10:])}),
    ],
)
def test_scan_file_of_any_kind_in_any_pieces(data: bytes, size: int) -> None:
    assert scan(data, size=size) == SUBJECTS


@pytest.mark.parametrize("name", ["a.eml", "Maildir/cur/17.M1.host:2,S", "x/new/1.2.3", "A.MBOX"])
def test_scan_zip_of_mails_reads_each(name: str) -> None:
    entries = {f"{folder}/{name}": b"Subject: %d\n\nHello" % folder for folder in range(3)}
    assert scan(build_zip(entries)) == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]


def test_scan_zip_entry_that_ends_in_headers() -> None:
    assert scan(build_zip({"a.eml": b"Subject: 1", "b.eml": b"Subject: 2"})) == [
        b"Subject: 1",
        b"Subject: 2",
    ]


# -- What is not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"abc",
        b"\n" * 10_000,
        b"%PDF-1.7\n" + bytes(range(256)) * 50,
        build_zip({"photo.jpg": b"\xff\xd8"}),
        build_zip({"inner.zip": build_zip({NAME: MBOX})}),
    ],
)
def test_scan_file_without_mail_is_refused(data: bytes) -> None:
    with pytest.raises(NoMailbox):
        scan(data)


def test_scan_empty_zip_is_refused() -> None:
    with pytest.raises(NoMailbox):
        scan(build_zip({}))


def test_scan_zip_cut_off_anywhere_is_truncated() -> None:
    for is_piped in (False, True):
        data = build_zip({NAME: MBOX[:2_000]}, is_piped=is_piped)
        directory = data.index(b"PK\x01\x02")
        for end in range(4, directory):
            blocks, error = scan_until_error(data[:end])
            assert error is TruncatedFile, end
            assert blocks == SUBJECTS[: len(blocks)]


def test_scan_truncated_zip_keeps_what_was_before() -> None:
    data = build_zip({NAME: MBOX}, method=zipfile.ZIP_STORED)
    blocks, error = scan_until_error(data[: len(data) // 2])
    assert (len(blocks) > 5, error) == (True, TruncatedFile)


def test_scan_zip_bomb_is_refused_early() -> None:
    zeros = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(zeros.compress(bytes(1_000_000)) for _ in range(200)) + zeros.flush()
    header = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(packed), 0, 5, 0)
    assert len(packed) * 100 < FREE_BYTES
    with pytest.raises(TooCompressed):
        scan(header + b"a.eml" + packed)


def test_scan_encrypted_zip_is_unsupported() -> None:
    data = bytearray(build_zip({NAME: MBOX}))
    data[6] |= 1
    with pytest.raises(UnsupportedZip):
        scan(bytes(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_scan_zip_of_other_method_is_unsupported(method: int) -> None:
    with pytest.raises(UnsupportedZip):
        scan(build_zip({NAME: MBOX}, method=method))


def test_scan_stored_without_size_is_unsupported() -> None:
    header = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 8, 0, 0, 0, 0, 0, 0, 5, 0)
    with pytest.raises(UnsupportedZip):
        scan(header + b"a.eml" + MBOX)


def test_scan_damaged_zip_is_unreadable() -> None:
    data = build_zip({NAME: MBOX})
    broken = data[:100] + b"\xff" * 40 + data[140:]
    with pytest.raises(UnreadableFile):
        scan(broken)


def list_small_files() -> Iterator[tuple[str, bytes]]:
    for number in range(20_000):
        yield f"{number}.eml", b"Subject: %d\n\n" % number


def test_scan_zip_of_many_small_files_takes_linear_time() -> None:
    data = build_zip(dict(list_small_files()), method=zipfile.ZIP_STORED)
    assert len(scan(data)) == 20_000
