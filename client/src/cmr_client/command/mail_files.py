"""Reading of mail in files and folders, for `cmr scan`."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import click

from mailbox_reader import (
    DEFAULT_PROVIDERS,
    MailFileScanner,
    MailProviders,
    NoMailbox,
    ProviderKind,
    SenderCounts,
    UnreadableFile,
    describe_mail,
    is_bulk,
    read_headers,
)

PIECE = 1_048_576
STDIN = Path("-")


def read_providers(lines: Iterable[str]) -> MailProviders:
    """Return the usual providers and those of a file: a domain a line, its kind behind it.

    Raises:
        click.BadParameter: a kind is unknown.
    """
    lists = defaultdict(list, {kind: list(domains) for kind, domains in DEFAULT_PROVIDERS.items()})
    for line in lines:
        domain, _, kind = line.partition("#")[0].strip().lower().partition(" ")
        if domain:
            lists[_parse_kind(kind.strip())].append(domain)
    return MailProviders.from_lists(lists)


def _parse_kind(word: str) -> ProviderKind:
    try:
        return ProviderKind(word or ProviderKind.SENDING)
    except ValueError:
        kinds = ", ".join(ProviderKind)
        raise click.BadParameter(f"{word}: the kinds of providers are {kinds}.") from None


def list_files(path: Path, *, report: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield a file, or the files of a folder and of those in it.

    Links are followed, but each folder is visited once: a link may lead back.
    """
    if not path.is_dir():
        yield path
        return
    visited: set[tuple[int, int]] = set()
    for folder, inner, names in os.walk(path, followlinks=True, onerror=report):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in visited:
            inner.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        inner.sort()
        files = (Path(folder, name) for name in sorted(names))
        yield from (file for file in files if file.is_file())


def sum_sizes(files: Iterable[Path]) -> int:
    """Return the bytes of all files, as far as they are known."""
    return sum(file.stat().st_size for file in files if file.is_file())


class MailboxReading:
    """Reads files of mail, and counts what is in them. A file that cannot be read is a problem."""

    def __init__(self, providers: MailProviders, *, now: datetime | None = None) -> None:
        self.senders = SenderCounts()
        self.mails = self.bulk = 0
        self.problems: list[str] = []
        self._providers = providers
        self._now = now or datetime.now(UTC)

    def list_files(self, paths: Iterable[Path]) -> list[Path]:
        """Return the files of *paths*. A folder that cannot be listed is a problem."""
        return [file for path in paths for file in list_files(path, report=self._report)]

    def read_file(self, file: Path, *, is_named: bool, advance: Callable[[int], None]) -> None:
        """Count the mails of a file. Call *advance* with the bytes of each piece.

        A folder holds other files than mail. Only a file that the person named must be mail.
        """
        try:
            self._read_pieces(file, advance)
        except NoMailbox as error:
            if is_named:
                self.problems.append(f"{file}: {error}")
        except UnreadableFile as error:
            self.problems.append(f"{file}: {error} Mails before that place are counted.")
        except OSError as error:
            self._report(error, file)

    def _read_pieces(self, file: Path, advance: Callable[[int], None]) -> None:
        scanner = MailFileScanner()
        stdin = nullcontext(sys.stdin.buffer)
        with stdin if file == STDIN else file.open("rb") as opened:
            while piece := opened.read(PIECE):
                self._count(scanner.feed(piece))
                advance(len(piece))
        self._count(scanner.close())

    def _count(self, blocks: Iterable[bytes]) -> None:
        for block in blocks:
            self.mails += 1
            headers = read_headers(block)
            if not is_bulk(headers):
                continue
            mail = describe_mail(headers, self._providers, now=self._now)
            if mail is not None and self.senders.add(mail):
                self.bulk += 1

    def _report(self, error: OSError, file: Path | None = None) -> None:
        self.problems.append(f"{file or error.filename}: {error.strerror or error}")
