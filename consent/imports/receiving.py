"""A part of an import as it arrives: read line by line, checked, and staged by COPY."""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from typing import IO, Any

import orjson
from django.db import connection, transaction
from django.db.models import F

from brands.addresses import mask_addresses
from brands.wire import DuplicateMember, load_json
from consent.imports.rows import LONGEST, BadRow, Reader
from consent.models import Import, ImportPart, ImportProblem

MOST_PARTS = 100_000
MOST_ROWS = 2**32 - 1  # of a part
#: A part with more bad rows is the wrong file.
MOST_BAD = 100_000
PIECE = 1 << 16
#: Of a part so much is held in memory, in bytes.
SPOOLED = 8_000_000
LONGEST_LINE = 20_000
COLUMNS = (
    "job_id place digest kind sealed ref note jurisdiction purpose channel topic decision basis"
    " ground evidence notice made_at expires_at"
).split()
TYPES = (
    "uuid int8 bytea text bytea text text text text text text text text"
    " text text text timestamptz timestamptz"
).split()


class NotOpen(Exception):
    """The import takes no more parts."""


class OtherPart(Exception):
    """Another part of this number was received before."""


class BadPart(ValueError):
    """The part cannot be read at all, so nothing of it was taken."""


class TooManyBad(BadPart):
    """So many rows are bad that it must be the wrong file."""


Line = Mapping[str, Any] | BadRow


def receive(job: Import, number: int, body: Any, *, form: str, now: datetime) -> ImportPart:
    """Take in part *number*, a whole file with its own headings; all of it, or nothing.

    *body* may have any size: it is written aside first, to a file that has no name, so that no
    transaction waits for a slow sender. The same part again is no mistake.

    Raises:
        NotOpen, OtherPart, BadPart
    """
    with tempfile.SpooledTemporaryFile(SPOOLED) as file:
        digest = _spool(body, file)
        with transaction.atomic():
            return _take(job, number, file, digest, form=form, now=now)


def _spool(body: Any, file: IO[bytes]) -> bytes:
    """Write all of *body* to *file*; its SHA-256."""
    sha256 = hashlib.sha256()
    while piece := body.read(PIECE):
        sha256.update(piece)
        file.write(piece)
    file.seek(0)
    return sha256.digest()


def _take(
    job: Import, number: int, file: IO[bytes], digest: bytes, *, form: str, now: datetime
) -> ImportPart:
    held = Import.objects.select_for_update().get(pk=job.pk)
    if before := ImportPart.objects.filter(job=held, number=number).first():
        if bytes(before.sha256) != digest:
            raise OtherPart(f"another part {number} was received before")
        return before
    if held.state != Import.State.OPEN:
        raise NotOpen("this import takes no more parts")
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    good, bad = _stage(held, number, READERS[form](text), now)
    text.detach()
    rows = good + bad
    Import.objects.filter(pk=held.pk).update(rows=F("rows") + rows, bad=F("bad") + bad)
    return ImportPart.objects.create(job=held, number=number, sha256=digest, rows=rows, bad=bad)


def _stage(job: Import, number: int, lines: Iterator[Line], now: datetime) -> tuple[int, int]:
    """How many rows were good, and bad."""
    reader, problems, good = Reader(job.brand, now=now), [], 0
    first = number << 32
    copy_rows = f"COPY consent_importrow ({', '.join(COLUMNS)}) FROM STDIN"
    try:
        with connection.cursor() as cursor, cursor.copy(copy_rows) as copy:
            copy.set_types(TYPES)
            for place, line in enumerate(lines, start=first + 1):
                try:
                    row = reader.read(_said(line))
                except BadRow as error:
                    problems.append(_problem(job, place, error))
                    if len(problems) > MOST_BAD:
                        raise TooManyBad(f"more than {MOST_BAD:,} rows are bad") from error
                    continue
                copy.write_row((job.pk, place, *astuple(row)))
                good += 1
    except UnicodeDecodeError as error:
        raise BadPart("the file is not UTF-8") from error
    except csv.Error as error:
        raise BadPart(f"this is not CSV: {error}") from error
    ImportProblem.objects.bulk_create(problems, batch_size=5_000)
    return good, len(problems)


def _said(line: Line) -> Mapping[str, Any]:
    if isinstance(line, BadRow):
        raise line
    return line


def _problem(job: Import, place: int, error: BadRow) -> ImportProblem:
    """What is wrong with a row, without the address that may stand in the wrong column."""
    field, detail = mask_addresses(error.field)[:40], mask_addresses(str(error))[:300]
    return ImportProblem(job=job, place=place, field=field, code=error.code, detail=detail)


def _csv(text: io.TextIOWrapper) -> Iterator[Line]:
    rows = csv.reader(text)
    headings = [each.strip() for each in next(rows, [])]
    if unknown := [each for each in headings if each not in LONGEST]:
        raise BadPart(_no_columns(unknown))
    if not headings or len(set(headings)) < len(headings):
        raise BadPart("the first line has the headings, each once")
    for row in rows:
        if len(row) != len(headings):
            yield BadRow("", "columns", f"{len(headings)} columns, and {len(row)} values")
        else:
            yield dict(zip(headings, row, strict=True))


def _no_columns(unknown: Sequence[str]) -> str:
    names = ", ".join(repr(each[:40]) for each in unknown[:5])
    split = any(mark in each for each in unknown for mark in ";\t|")
    hint = "; values are parted by commas, not by semicolons or tabs" if split else ""
    return f"the first line has the columns, and there is none {names}: {', '.join(LONGEST)}{hint}"


def _ndjson(text: io.TextIOWrapper) -> Iterator[Line]:
    while line := text.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            while line and not line.endswith("\n"):
                line = text.readline(LONGEST_LINE)
            yield BadRow("", "line_too_long", f"A line may have {LONGEST_LINE:,} characters.")
            continue
        if not line.strip():
            continue
        try:
            said = load_json(line.encode())
        except DuplicateMember as error:
            yield BadRow(error.field, "duplicate_field", str(error))
            continue
        except orjson.JSONDecodeError as error:
            yield BadRow("", "parse_error", f"This is not JSON: {error}")
            continue
        yield said if isinstance(said, dict) else BadRow("", "invalid", "A line is one object.")


READERS = {"csv": _csv, "ndjson": _ndjson}
