"""Receive a part of an import: read it line by line, check it, and stage it by COPY."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from itertools import islice
from typing import IO, Any

from django.db import connection, transaction
from django.db.models import F

from consent.imports.rows import LONGEST_FIELDS, BadRow, Reader
from consent.imports.shards import compute_bucket
from consent.imports.sources import BadPart, EncodingDetector, Line, Source, open_source
from consent.models import Import, ImportPart, ImportProblem
from core.errors import DomainError
from core.text import mask_addresses

MOST_IMPORT_PARTS = 100_000
MOST_ROWS = 2**32 - 1  # in a part
#: A part with more bad rows is refused, because it must be the wrong file.
MOST_BAD = 100_000
PIECE = 1 << 16
#: The number of rows staged at once. The problems of bad rows are held in memory until then.
BATCH = 10_000
#: A part is held in memory up to this number of bytes, and beyond that on disk.
SPOOLED = 8_000_000
COLUMNS = (
    "job_id place bucket digest kind sealed ref note jurisdiction purpose channel topic decision"
    " basis ground evidence notice made_at expires_at"
).split()
TYPES = (
    "uuid int8 int2 bytea text bytea text text text text text text text text"
    " text text text timestamptz timestamptz"
).split()


class PartsNotOpen(DomainError):
    """The import accepts no more parts."""

    status = 409
    code = "import_not_open"


class OtherPart(DomainError):
    """A different part with this number was received before."""

    status = 409
    code = "other_part"
    field = "number"


class TooManyBad(BadPart):
    """The part has more bad rows than `MOST_BAD`, so it must be the wrong file."""

    code = "too_many_bad_rows"


def receive_part(
    job: Import,
    number: int,
    body: Any,
    *,
    form: str,
    now: datetime,
    encoding: str = "",
    separator: str = "",
) -> ImportPart:
    """Store part *number*, a whole file with its own headings, completely or not at all.

    *body* may have any size. It is first written to an unnamed temporary file, so that no
    transaction waits for a slow sender. Sending the same part again is not an error. Encoding and
    separator are detected if they are not given.

    Raises:
        PartsNotOpen, OtherPart, BadPart
    """
    with tempfile.SpooledTemporaryFile(SPOOLED) as file:
        digest, detector = spool(body, file)
        with transaction.atomic():
            held = Import.objects.select_for_update().get(pk=job.pk)
            if before := ImportPart.objects.filter(job=held, number=number).first():
                if bytes(before.sha256) != digest:
                    raise OtherPart(f"another part {number} was uploaded before")
                return before
            if held.state != Import.State.OPEN:
                raise PartsNotOpen("this import accepts no more parts")
            encoding = encoding or detector.find()
            source = open_source(file, form=form, encoding=encoding, separator=separator)
            check_headings(source.headings)
            return stage(held, number, source, digest, now=now)


def spool(body: Any, file: IO[bytes]) -> tuple[bytes, EncodingDetector]:
    """Write all of *body* to *file*. Return its SHA-256 and a detector that was fed with it."""
    sha256, detector = hashlib.sha256(), EncodingDetector()
    while piece := body.read(PIECE):
        sha256.update(piece)
        detector.feed(piece)
        file.write(piece)
    file.seek(0)
    return sha256.digest(), detector


def stage(job: Import, number: int, source: Source, digest: bytes, *, now: datetime) -> ImportPart:
    """Check and stage the rows of a part. The caller must have locked the import.

    Raises:
        BadPart
    """
    good, bad = _stage(job, number, source.lines, now)
    rows = good + bad
    Import.objects.filter(pk=job.pk).update(rows=F("rows") + rows, bad=F("bad") + bad)
    return ImportPart.objects.create(
        job=job,
        number=number,
        sha256=digest,
        rows=rows,
        bad=bad,
        encoding=source.encoding,
        separator=source.separator,
    )


def _stage(job: Import, number: int, lines: Iterator[Line], now: datetime) -> tuple[int, int]:
    """Return the numbers of good and bad rows.

    Raises:
        TooManyBad
    """
    reader, good, bad = Reader(job.brand, now=now), 0, 0
    numbered = enumerate(lines, start=(number << 32) + 1)
    while True:
        copied, problems = _copy_rows(job, islice(numbered, BATCH), reader)
        ImportProblem.objects.bulk_create(problems, batch_size=5_000)
        good, bad = good + copied, bad + len(problems)
        if bad > MOST_BAD:
            raise TooManyBad(f"more than {MOST_BAD:,} rows are invalid")
        if copied + len(problems) < BATCH:
            return good, bad


def _copy_rows(
    job: Import, numbered: Iterable[tuple[int, Line]], reader: Reader
) -> tuple[int, list[ImportProblem]]:
    """Write the good rows. Return their number and the problems of the other rows."""
    good, problems = 0, []
    copy_rows = f"COPY consent_importrow ({', '.join(COLUMNS)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(copy_rows) as copy:
        copy.set_types(TYPES)
        for place, line in numbered:
            try:
                row = reader.read_row(_check_line(line))
            except BadRow as error:
                problems.append(_problem(job, place, error))
                continue
            copy.write_row((job.pk, place, compute_bucket(row), *astuple(row)))
            good += 1
    return good, problems


def _check_line(line: Line) -> Mapping[str, Any]:
    if isinstance(line, BadRow):
        raise line
    return line


def _problem(job: Import, place: int, error: BadRow) -> ImportProblem:
    """Return the problem of a row, without an address that stands in the wrong column."""
    field, detail = mask_addresses(error.field)[:40], mask_addresses(str(error))[:300]
    return ImportProblem(job=job, place=place, field=field, code=error.code, detail=detail)


def check_headings(headings: Sequence[str]) -> None:
    """Check that all headings are known columns.

    Raises:
        BadPart
    """
    if unknown := [each for each in headings if each not in LONGEST_FIELDS]:
        names = ", ".join(repr(each[:40]) for each in unknown[:5])
        columns = ", ".join(LONGEST_FIELDS)
        raise BadPart(f"unknown headings {names} in the first line; the columns are {columns}")
