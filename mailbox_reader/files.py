"""Scan one file of mail as it arrives: an mbox, a single mail, or a ZIP of them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from enum import Enum

from mailbox_reader.mbox import MboxScanner

#: How many times its packed size a ZIP may unpack to, beyond the first bytes. For mail, it is 3 to
#: 20 times.
MOST_EXPANSION = 100
FREE_BYTES = 50_000_000
#: Bytes that are unpacked at once.
PIECE = 1_048_576
#: Bytes of a ZIP that are taken at once: what is left of them is copied for each entry.
ZIP_PIECE = 16_384
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
LOCAL_SIGNATURE, DESCRIPTOR_SIGNATURE = b"PK\x03\x04", b"PK\x07\x08"
#: What can follow an entry: another one, or the directory at the end.
NEXT_SIGNATURES = (LOCAL_SIGNATURE, b"PK\x01\x02")
STORED, DEFLATED = 0, 8
#: Bits of an entry's flags: encrypted, and sizes that follow the data.
ENCRYPTED, SIZES_FOLLOW = 1, 8
UNKNOWN_SIZE = 0xFFFFFFFF
#: Files of mail in a ZIP. Thunderbird's have no suffix at all, and neither have those of a Maildir.
MAIL_SUFFIXES = (".mbox", ".eml", ".mbx")
MAILDIR = ("cur", "new")


class UnreadableFile(ValueError):
    """The file cannot be read as mail. `blocks` are those that were found before, in this piece."""

    blocks: Sequence[bytes] = ()


class NoMailbox(UnreadableFile):
    """The file contains no mail."""


class TruncatedFile(UnreadableFile):
    """The file ends before its end: a download that was cut off."""


class TooCompressed(UnreadableFile):
    """The ZIP unpacks to far more than mail would."""


class UnsupportedZip(UnreadableFile):
    """The ZIP is encrypted, or packed in another way than mail exports are."""


class MailFileScanner:
    """Takes a file of any of the kinds in pieces, and returns header blocks."""

    def __init__(self) -> None:
        self._start = b""
        self._scanner: MboxScanner | _ZipScanner | None = None

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the header blocks that end in *piece*.

        Raises:
            UnreadableFile
        """
        if self._scanner is None:
            self._start += piece
            if len(self._start) < 4:
                return []
            piece, self._start = self._start, b""
            is_zip = piece.startswith(LOCAL_SIGNATURE)
            self._scanner = _ZipScanner() if is_zip else MboxScanner()
        return self._scanner.feed(piece)

    def close(self) -> list[bytes]:
        """Return the last header block, if the file ended within it.

        Raises:
            NoMailbox, TruncatedFile
        """
        blocks = self._scanner.close() if self._scanner else []
        if self._scanner is None or not self._scanner.is_mail:
            raise NoMailbox("The file contains no mail.")
        return blocks


class _Part(Enum):
    """The part of a ZIP that the next bytes belong to."""

    HEADER = 1
    DATA = 2
    DESCRIPTOR = 3
    DIRECTORY = 4


class _ZipScanner:
    """Unpacks a ZIP from its beginning, without its directory, which is at its end."""

    def __init__(self) -> None:
        self._buffer = b""
        self._part = _Part.HEADER
        self._inflater: zlib._Decompress | None = None
        self._left = 0
        self._sizes_follow = False
        self._is_zip64 = False
        self._mails: MboxScanner | None = None
        self._packed = self._unpacked = 0
        self.is_mail = False

    def feed(self, piece: bytes) -> list[bytes]:
        blocks: list[bytes] = []
        try:
            for begin in range(0, len(piece), ZIP_PIECE):
                self._buffer += piece[begin : begin + ZIP_PIECE]
                self._packed += len(piece[begin : begin + ZIP_PIECE])
                while self._take_next(blocks):
                    pass
        except UnreadableFile as error:
            error.blocks = blocks
            raise
        return blocks

    def close(self) -> list[bytes]:
        if self._part is not _Part.DIRECTORY:
            raise TruncatedFile("The ZIP ends too early.")
        return []

    def _take_next(self, blocks: list[bytes]) -> bool:
        match self._part:
            case _Part.HEADER:
                return self._take_header()
            case _Part.DATA:
                return self._take_data(blocks)
            case _Part.DESCRIPTOR:
                return self._take_descriptor()
            case _Part.DIRECTORY:
                self._buffer = b""
                return False

    def _take_header(self) -> bool:
        if len(self._buffer) < 4:
            return False
        if not self._buffer.startswith(LOCAL_SIGNATURE):
            self._part = _Part.DIRECTORY
            return True
        if len(self._buffer) < LOCAL_HEADER.size:
            return False
        fields = LOCAL_HEADER.unpack_from(self._buffer)
        flags, method, packed, unpacked, name_size, extra_size = (fields[2], fields[3], *fields[7:])
        end = LOCAL_HEADER.size + name_size + extra_size
        if len(self._buffer) < end:
            return False
        name = self._buffer[LOCAL_HEADER.size : LOCAL_HEADER.size + name_size]
        extra = self._buffer[LOCAL_HEADER.size + name_size : end]
        self._buffer = self._buffer[end:]
        self._begin_entry(name, flags, method, _read_packed_size(packed, unpacked, extra))
        return True

    def _begin_entry(self, name: bytes, flags: int, method: int, packed: int) -> None:
        self._sizes_follow = bool(flags & SIZES_FOLLOW)
        self._left = packed
        if flags & ENCRYPTED or method not in {STORED, DEFLATED}:
            raise UnsupportedZip("The ZIP is encrypted or packed in an unknown way.")
        if method == STORED and self._sizes_follow and packed == 0 and not name.endswith(b"/"):
            raise UnsupportedZip("The ZIP cannot be read from its beginning.")
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS) if method == DEFLATED else None
        self._mails = MboxScanner() if _may_be_mail(name.decode("utf-8", "replace")) else None
        self._part = _Part.DATA

    def _take_data(self, blocks: list[bytes]) -> bool:
        return self._take_stored(blocks) if self._inflater is None else self._inflate(blocks)

    def _take_stored(self, blocks: list[bytes]) -> bool:
        piece, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
        self._left -= len(piece)
        self._scan(piece, blocks)
        if self._left == 0:
            self._end_entry(blocks)
        return self._left == 0

    def _inflate(self, blocks: list[bytes]) -> bool:
        inflater = self._inflater
        assert inflater is not None
        if not self._buffer:
            return False
        try:
            piece = inflater.decompress(self._buffer, PIECE)
        except zlib.error as error:
            raise UnreadableFile("The ZIP is damaged.") from error
        self._buffer = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        self._unpacked += len(piece)
        if self._unpacked > FREE_BYTES + MOST_EXPANSION * self._packed:
            raise TooCompressed("The ZIP unpacks to far more than mail would.")
        self._scan(piece, blocks)
        if inflater.eof:
            self._end_entry(blocks)
        return inflater.eof or bool(self._buffer)

    def _scan(self, piece: bytes, blocks: list[bytes]) -> None:
        if self._mails is not None:
            blocks += self._mails.feed(piece)

    def _end_entry(self, blocks: list[bytes]) -> None:
        if self._mails is not None:
            blocks += self._mails.close()
            self.is_mail = self.is_mail or self._mails.is_mail
        self._mails = None
        self._part = _Part.DESCRIPTOR if self._sizes_follow else _Part.HEADER

    def _take_descriptor(self) -> bool:
        """Skip the checksum and sizes after an entry: 12 or 20 bytes, often with a signature."""
        if len(self._buffer) < 28:  # the directory is longer, so it is enough after the last entry
            return False
        begin = 4 if self._buffer.startswith(DESCRIPTOR_SIGNATURE) else 0
        for size in (12, 20):
            if self._buffer.startswith(NEXT_SIGNATURES, begin + size):
                self._buffer = self._buffer[begin + size :]
                self._part = _Part.HEADER
                return True
        raise UnreadableFile("The ZIP is damaged.")


def _may_be_mail(name: str) -> bool:
    """Return whether an entry of this name is read."""
    *folders, file = name.lower().split("/")
    is_in_maildir = bool(folders) and folders[-1] in MAILDIR
    return file.endswith(MAIL_SUFFIXES) or is_in_maildir or (bool(file) and "." not in file)


def _read_packed_size(packed: int, unpacked: int, extra: bytes) -> int:
    """Return the packed size, which is in the extra field if it needs 64 bits (ZIP64)."""
    while packed == UNKNOWN_SIZE and len(extra) >= 4:
        kind, size = struct.unpack_from("<2H", extra)
        if kind == 1:
            begin = 4 + (8 if unpacked == UNKNOWN_SIZE else 0)
            if len(extra) >= begin + 8:
                return int(struct.unpack_from("<Q", extra, begin)[0])
        extra = extra[4 + size :]
    return packed
