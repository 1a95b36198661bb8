"""Find the header blocks of an mbox file or of a single mail, piece by piece."""

from __future__ import annotations

import re

#: Bytes that are kept of one mail's headers; more is dropped.
MOST_HEADER_BYTES = 262_144
#: The longest line that can separate two mails, in bytes.
MOST_SEPARATOR_BYTES = 1_000
#: The line before each mail of an mbox file: `From a@b Mon Jan  1 00:00:00 2024`. No colon stands
#: between time and year, so that a long line of times takes no quadratic time.
SEPARATOR = re.compile(rb"From .*?\d\d:\d\d(?::\d\d)?[^:\n]* (?:19|20)\d\d\b")
END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
FIRST_HEADER = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")
#: What may stand before the first mail: a byte order mark, and blank lines.
BLANK = b"\xef\xbb\xbf\r\n\t "


class MboxScanner:
    """Takes a file in pieces, and returns the header blocks that each piece completes.

    Bodies are skipped while they arrive. At most one header block and one piece are in memory.
    """

    def __init__(self) -> None:
        self._buffer = b""
        #: Where in the buffer the next bytes are that were not handled yet.
        self._at = 0
        self._in_headers = True
        #: Whether the file holds several mails; None before its first bytes.
        self._is_mbox: bool | None = None
        #: Whether the file began like a mailbox or a mail.
        self.is_mail = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the header blocks that end in *piece*, without the blank line after them."""
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0
        if self._is_mbox is None and not self._detect_kind():
            return []
        blocks: list[bytes] = []
        while self._take_next(blocks):
            pass
        return blocks

    def close(self) -> list[bytes]:
        """Return the last header block, if the file ended within it."""
        blocks = self.feed(b"\n\n") if self._is_mbox is None else []
        rest, self._buffer = self._buffer[self._at :], b""
        if self._in_headers and self.is_mail and rest.strip():
            blocks.append(_drop_separator(rest)[:MOST_HEADER_BYTES])
        return blocks

    def _detect_kind(self) -> bool:
        """Return whether the first bytes were enough to tell an mbox file from a mail."""
        self._buffer = self._buffer.lstrip(BLANK)
        if len(self._buffer) < MOST_SEPARATOR_BYTES and b"\n" not in self._buffer:
            return False
        self._is_mbox = self._is_separator(-1)
        self.is_mail = self._is_mbox or FIRST_HEADER.match(self._buffer) is not None
        return True

    def _take_next(self, blocks: list[bytes]) -> bool:
        """Handle what comes next. Return False if more of the file is needed."""
        if not self.is_mail:
            self._at = len(self._buffer)
            return False
        return self._take_headers(blocks) if self._in_headers else self._skip_body()

    def _take_headers(self, blocks: list[bytes]) -> bool:
        end = END_OF_HEADERS.search(self._buffer, self._at)
        longest = self._at + MOST_HEADER_BYTES
        if end is None and len(self._buffer) <= longest:
            return False
        stop = min(end.start(), longest) if end else longest
        blocks.append(_drop_separator(self._buffer[self._at : stop]))
        # The second line break of the blank line stays: the next mail may follow at once.
        self._at = end.end() - 1 if end else stop
        self._in_headers = False
        return True

    def _skip_body(self) -> bool:
        """Skip to the next mail. Return False if more of the file is needed."""
        if not self._is_mbox:
            self._at = len(self._buffer)
            return False
        position = self._at - 1
        while (position := self._buffer.find(b"\nFrom ", position + 1)) >= 0:
            if self._is_cut_off(position):
                self._at = max(position - 2, self._at)
                return False
            if self._is_separator(position):
                self._at = position + 1
                self._in_headers = True
                return True
        self._at = max(len(self._buffer) - 8, self._at)  # it may end within `\r\n\r\nFrom`
        return False

    def _is_cut_off(self, position: int) -> bool:
        """Return whether the line after *position* may go on in the next piece."""
        is_near_end = len(self._buffer) - position < MOST_SEPARATOR_BYTES
        return is_near_end and self._buffer.find(b"\n", position + 1) < 0

    def _is_separator(self, position: int) -> bool:
        """Return whether a mail begins after the line break at *position*.

        The line before it must be blank: bodies contain lines that begin with `From `, too.
        """
        before = self._buffer[max(position - 2, 0) : max(position, 0)]
        if not (before.endswith(b"\n") or before == b"\n\r" or position <= 0):
            return False
        begin = position + 1
        end = self._buffer.find(b"\n", begin, begin + MOST_SEPARATOR_BYTES)
        return end >= 0 and SEPARATOR.match(self._buffer, begin, end) is not None


def _drop_separator(block: bytes) -> bytes:
    return block.partition(b"\n")[2] if block.startswith(b"From ") else block
