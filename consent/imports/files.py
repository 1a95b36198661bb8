"""Files uploaded in the console: stored encrypted for a day, mapped, previewed and staged.

Nothing is recorded before the import is started. A file can be staged again whenever somebody
chooses other columns. API clients map columns themselves and send parts instead.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from brands.models import Brand
from consent.imports import applying, jobs, mapping, problems, receiving, sources
from consent.imports.known_data import Staged
from consent.imports.mapping import ColumnMapping
from consent.imports.rows import BadRow, Reader, Row
from consent.imports.sources import Source
from consent.ledger import MergedMeanwhile
from consent.models import (
    Identifier,
    Import,
    ImportFile,
    ImportFilePiece,
    ImportPart,
    ImportProblem,
    ImportRow,
    Relationship,
)
from core import csv

#: The time for which a file is stored.
KEPT = timedelta(hours=24)
PIECE = 1 << 18
NONCE = 12
INFO = b"files of imports"
#: Rejections that are not a mistake in the file, and the outcome that the page shows.
REFUSED = {
    "person_said_no": "kept_no",
    "person_ended_relationship": "ended",
    "no_relationship": "unknown_person",
}
#: The number of rows in the preview.
FORESEEN = 20


class Expired(Exception):
    """The file is no longer stored."""


# -- Keeping ---------------------------------------------------------------------------------------


def store_file(
    brand: Brand,
    body: IO[bytes],
    *,
    name: str,
    form: str,
    now: datetime,
    encoding: str = "",
    separator: str = "",
) -> Import:
    """Begin an import with a file whose columns have not been chosen yet.

    Raises:
        TooManyImports, BadPart
    """
    with tempfile.SpooledTemporaryFile(receiving.SPOOLED) as file:
        digest, detector = receiving.spool(body, file)
        with transaction.atomic():
            kept = ImportFile(
                job=jobs.begin_import(brand, note="", tells=False, now=now),
                name=name[:200],
                form=form,
                sha256=digest,
                encoding=encoding or detector.find(),
                separator=separator,
                headings=[],
                expires_at=now + KEPT,
            )
            kept.save(force_insert=True)
            _write_pieces(kept, file)
            source = open_kept(kept)
            kept.separator = source.separator
            kept.headings = list(source.headings) or sources.find_keys(source.lines)
            kept.save()
    return kept.job


def _write_pieces(kept: ImportFile, file: IO[bytes]) -> None:
    cipher = _cipher(settings.CONTACT_HASHES_KEY)
    number = 0
    while piece := file.read(PIECE):
        nonce = os.urandom(NONCE)
        sealed = nonce + cipher.encrypt(nonce, piece, _place(kept, number))
        ImportFilePiece.objects.create(file=kept, number=number, sealed=sealed)
        number += 1


class _Pieces(io.RawIOBase):
    """A raw stream of a stored file that holds one piece in memory at a time."""

    def __init__(self, kept: ImportFile) -> None:
        self._kept, self._number, self._rest = kept, 0, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = self._next()
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def _next(self) -> bytes:
        piece = ImportFilePiece.objects.filter(file=self._kept, number=self._number).first()
        if piece is None:
            return b""
        plain = _open(bytes(piece.sealed), _place(self._kept, self._number))
        self._number += 1
        return plain


def _open(sealed: bytes, place: bytes) -> bytes:
    for key in (settings.CONTACT_HASHES_KEY, *settings.CONTACT_HASHES_OLD_KEYS):
        with suppress(InvalidTag):
            return _cipher(key).decrypt(sealed[:NONCE], sealed[NONCE:], place)
    raise Expired("the key of this installation cannot decrypt the file")


def _place(kept: ImportFile, number: int) -> bytes:
    """Return the associated data of a piece, so that no piece can replace another."""
    return b"%s %d" % (kept.job_id.bytes, number)


@cache
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, None, INFO).derive(key.encode()))


def find_file(job: Import, *, now: datetime) -> ImportFile | None:
    """Return the file of an import; None if it is no longer stored."""
    return (
        ImportFile.objects.select_related("job__brand").filter(job=job, expires_at__gt=now).first()
    )


def open_kept(kept: ImportFile) -> Source:
    """Return the file's columns and rows, which are read from the database piece by piece.

    Raises:
        BadPart, Expired: also while rows are read.
    """
    return _open_source(kept, io.BufferedReader(_Pieces(kept), PIECE))


def _open_source(kept: ImportFile, file: IO[bytes]) -> Source:
    return sources.open_source(
        file, form=kept.form, encoding=kept.encoding, separator=kept.separator
    )


def read_first_row(kept: ImportFile) -> Mapping[str, Any]:
    """Return the first readable row, to show people what the columns contain."""
    first = islice(open_kept(kept).lines, sources.LOOKED_AT)
    return next((line for line in first if not isinstance(line, BadRow)), {})


def delete_expired_files(*, now: datetime) -> int:
    """Delete expired files and cancel their imports that were never started.

    Return the number of files deleted.
    """
    expired = list(ImportFile.objects.select_related("job").filter(expires_at__lte=now))
    for each in expired:
        if each.job.state == Import.State.OPEN:
            jobs.cancel_import(each.job, now=now)
        each.delete()
    return len(expired)


# -- Choosing columns ------------------------------------------------------------------------------


def read_mapping(kept: ImportFile) -> ColumnMapping:
    """Return the chosen mapping, or a guess from the headings if none was chosen."""
    if kept.chosen:
        return ColumnMapping(**kept.chosen)
    guess = mapping.guess_mapping(kept.headings)
    return ColumnMapping(guess.columns, decision=guess.decision)


def choose_mapping(kept: ImportFile, chosen: ColumnMapping) -> None:
    """Store the chosen mapping and delete what was staged before. Nothing is read yet.

    Raises:
        ImportNotOpen
    """
    with transaction.atomic():
        job = _lock_open(kept)
        _drop_staged(job)
        ImportFile.objects.filter(pk=kept.pk).update(chosen=asdict(chosen))
    kept.chosen = asdict(chosen)


def stage_file(kept: ImportFile, *, note: str, tells: bool, now: datetime) -> None:
    """Read the whole file with the chosen mapping, check its rows and stage them.

    Raises:
        ImportNotOpen, BadPart, Expired
    """
    with transaction.atomic():
        job = _lock_open(kept)
        _drop_staged(job)
        job.note, job.tells = note, tells
        job.save(update_fields=["note", "tells"])
        with tempfile.SpooledTemporaryFile(receiving.SPOOLED) as file:
            # Copy the file first: during COPY the connection accepts no queries for further pieces.
            shutil.copyfileobj(io.BufferedReader(_Pieces(kept), PIECE), file, PIECE)
            file.seek(0)
            source = _open_source(kept, file)
            mapped = source._replace(lines=mapping.apply_mapping(source.lines, read_mapping(kept)))
            receiving.stage(job, 1, mapped, bytes(kept.sha256), now=now)


def _lock_open(kept: ImportFile) -> Import:
    job = Import.objects.select_for_update(of=("self",)).select_related("brand").get(pk=kept.job_id)
    if job.state != Import.State.OPEN:
        raise jobs.ImportNotOpen("this import was started, or has ended")
    return job


def _drop_staged(job: Import) -> None:
    for model in (ImportRow, ImportProblem, ImportPart):
        model.objects.filter(job=job).delete()
    Import.objects.filter(pk=job.pk).update(rows=0, bad=0)


# -- Preview ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PreviewedRow:
    """A row, the person it is about, and what it would do.

    `does` is `grant`, `deny`, `person`, `nothing`, `bad`, or a value of `REFUSED`. The page has a
    text for each.
    """

    number: int
    who: str
    does: str
    #: Whether it begins a relationship as well.
    is_new: bool = False
    why: str = ""


def preview_rows(kept: ImportFile, *, now: datetime) -> list[PreviewedRow]:
    """Return what the first rows would do, each applied after those above it.

    Everything is rolled back. For people without a relationship with the brand, the preview shows
    only what the file itself says. The brand may see their choices about all brands only after the
    relationship begins, which the person can see.
    """
    forecast = _Forecast(kept, now)
    with transaction.atomic():
        lines = enumerate(islice(open_kept(kept).lines, FORESEEN), start=1)
        found = [forecast.foresee(number, line) for number, line in lines]
        transaction.set_rollback(True)
    return found


class _Forecast:
    """A preview of rows, inside a transaction that is rolled back."""

    def __init__(self, kept: ImportFile, now: datetime) -> None:
        self.job, self.chosen, self.now = kept.job, read_mapping(kept), now
        self.reader = Reader(self.job.brand, now=now)

    def foresee(self, number: int, line: sources.Line) -> PreviewedRow:
        if isinstance(line, BadRow):
            return PreviewedRow(number, "", "bad", why=str(line))
        given = mapping.convert_value(line, self.chosen)
        who = next((str(given[name]) for name in mapping.CONTACT_COLUMNS if given.get(name)), "")
        try:
            row = self.reader.read_row(given)
        except BadRow as error:
            return PreviewedRow(number, who, "bad", why=str(error))
        if row.digest is not None and not self._is_known(row.digest):
            return PreviewedRow(number, who, row.decision or "person", is_new=True)
        return self._foresee_known(number, who, row)

    def _is_known(self, digest: bytes) -> bool:
        subjects = Identifier.objects.filter(digest=digest).values("subject")
        return Relationship.objects.filter(brand=self.job.brand, subject__in=subjects).exists()

    def _foresee_known(self, number: int, who: str, row: Row) -> PreviewedRow:
        """Apply the row and return what happened."""
        try:
            with transaction.atomic():
                counted = applying.try_row(self.job, Staged(number, *astuple(row)), now=self.now)
        except (IntegrityError, DataError, MergedMeanwhile):
            return PreviewedRow(number, who, "bad", why="It could not be recorded.")
        if counted.problems:
            (problem,) = counted.problems
            does = REFUSED.get(problem.code, "bad")
            return PreviewedRow(number, who, does, why=problem.detail)
        does = row.decision if counted.choices else "person" if counted.people else "nothing"
        return PreviewedRow(number, who, does, is_new=bool(counted.people))


# -- Bad rows --------------------------------------------------------------------------------------


def write_bad_rows(kept: ImportFile) -> Iterator[bytes]:
    """Yield a CSV file of the rejected rows as they came, with the reason in the first column.

    People correct this file and upload it again, without the first column.
    """
    source = open_kept(kept)
    yield csv.write_csv([["why", *kept.headings]], for_people=False)
    bad = problems.list_problems(kept.job).order_by("place").iterator(problems.PIECE)
    problem = next(bad, None)
    for row, line in enumerate(source.lines, start=1):
        if problem is None:
            return
        if problem.place & 0xFFFF_FFFF == row:
            yield csv.write_csv([[problem.detail, *_cells(line, kept)]], for_people=False)
            problem = next(bad, None)


def _cells(line: sources.Line, kept: ImportFile) -> Sequence[Any]:
    if isinstance(line, BadRow):
        return line.line.rstrip("\r\n").split(sources.SEPARATORS.get(kept.separator, "\0"))
    return [line.get(name, "") for name in kept.headings]
