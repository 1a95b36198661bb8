"""Reading an uploaded mailbox while it arrives. Nothing of the file is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from cmr.mailbox.collecting import MailCollector
from mailbox_reader import MailFileScanner, UnreadableFile

#: Bytes that are scanned at once. Of a ZIP, they may unpack to a thousand times as much.
PIECE = 65_536
#: The CSRF token must be within so many bytes from the beginning of the form.
MOST_BEFORE_FILES = 4_096
#: The form's first field, as browsers write it (RFC 7578).
TOKEN = re.compile(
    rb'--[^\r\n]{1,200}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n'
    rb"(?:Content-Type: text/plain[^\r\n]{0,40}\r\n)?\r\n([0-9A-Za-z]{32,64})\r\n",
    re.IGNORECASE,
)
MOST_NAME = 80


class Source(Protocol):
    """A body that is read in pieces."""

    def read(self, size: int = ..., /) -> bytes: ...


class FormBody:
    """A form's body, of which the CSRF token at its beginning can be read before the rest."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._beginning = b""

    def read_token(self) -> str:
        """Return the token; empty if the form does not begin with it. No file is read."""
        while len(self._beginning) < MOST_BEFORE_FILES:
            if found := TOKEN.match(self._beginning):
                return found[1].decode()
            piece = self._source.read(MOST_BEFORE_FILES - len(self._beginning))
            if not piece:
                break
            self._beginning += piece
        found = TOKEN.match(self._beginning)
        return found[1].decode() if found else ""

    def read(self, size: int = PIECE) -> bytes:
        """Return up to *size* bytes; empty at the end."""
        if self._beginning:
            piece, self._beginning = self._beginning[:size], self._beginning[size:]
            return piece
        return self._source.read(size)


@dataclass(frozen=True, slots=True)
class FileProblem:
    """An uploaded file that could not be read to its end."""

    name: str
    error: UnreadableFile


@dataclass
class UploadProblems:
    """Files of an upload, and those of them with a problem."""

    files: int = 0
    found: list[FileProblem] = field(default_factory=list)


class MailboxUpload(FileUploadHandler):
    """Passes each piece of a file to a scanner, and the header blocks to a collector."""

    chunk_size = PIECE

    def __init__(self, collector: MailCollector) -> None:
        super().__init__()
        self.problems = UploadProblems()
        self._collector = collector
        self._scanner = MailFileScanner()
        self._name = ""

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Begin with a file."""
        super().new_file(field_name, file_name, *args, **kwargs)
        self.problems.files += 1
        self._scanner = MailFileScanner()
        self._name = file_name[:MOST_NAME]

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Collect the mails of a piece. The rest of an unreadable file is skipped."""
        try:
            self._collect(self._scanner.feed(raw_data))
        except UnreadableFile as error:
            self._collect(error.blocks)
            self._note_problem(error)
            raise SkipFile from error

    def file_complete(self, file_size: int) -> None:
        """End a file. It becomes no entry of `request.FILES`."""
        try:
            self._collect(self._scanner.close())
        except UnreadableFile as error:
            self._note_problem(error)

    def _collect(self, blocks: Iterable[bytes]) -> None:
        for block in blocks:
            self._collector.add_block(block)

    def _note_problem(self, error: UnreadableFile) -> None:
        self.problems.found.append(FileProblem(self._name, error))
