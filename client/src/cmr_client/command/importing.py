"""`cmr import`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from itertools import chain
from pathlib import Path

import click

from cmr_client import parts
from cmr_client.answers import BadRow, Import
from cmr_client.client import Client
from cmr_client.command.showing import show_table
from cmr_client.problems import Invalid

NOTE = "From our list of customers."
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import")
@click.argument("file", type=FILE)
@click.option(
    "--note",
    default=NOTE,
    show_default=True,
    help="How these relationships came about. The people will read it.",
)
@click.option("--webhooks", is_flag=True, help="Deliver each row to your webhooks.")
@click.option("--resume", metavar="ID", help="Continue an interrupted import.")
@click.option(
    "--exceptions",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the rows that were not applied.  [default: FILE.exceptions.csv]",
)
@click.option(
    "--part-bytes",
    type=click.IntRange(min=1),
    default=parts.USUAL_BYTES,
    show_default=True,
    help="Size of a part. Use the same value when you resume.",
)
def import_(
    file: Path,
    *,
    note: str,
    webhooks: bool,
    resume: str | None,
    exceptions: Path | None,
    part_bytes: int,
) -> int:
    """Import people and their consents from FILE, a .csv, .ndjson or .jsonl.

    The guide at /docs/imports lists the columns. The exit code is 0 if all rows were applied, 1 if
    some were not, and 2 for an error.
    """
    media = parts.media_of(file)
    with Client() as client:
        job = client.imports.get(resume) if resume else None
        job = job or client.imports.create(note=note, webhooks=webhooks)
        with _resumable(client, job.id):
            if job.state == "open":
                _upload(client, job, file, media, part_bytes)
                job = client.imports.start(job.id)
            job = _wait(client, job)
        _show(job)
        return _write(client, job, exceptions or file.with_name(f"{file.name}.exceptions.csv"))


@contextmanager
def _resumable(client: Client, import_id: str) -> Iterator[None]:
    """Print how to resume if the block fails. Cancel an import that never started."""
    try:
        yield
    except Invalid:
        if client.imports.get(import_id).rows:
            _say_how_to_go_on(import_id)
        else:
            client.imports.cancel(import_id)
        raise
    except BaseException:
        _say_how_to_go_on(import_id)
        raise


def _say_how_to_go_on(import_id: str) -> None:
    click.echo(f"\nTo continue: --resume {import_id}", err=True)


def _upload(client: Client, job: Import, file: Path, media: str, part_bytes: int) -> None:
    size = file.stat().st_size
    with click.progressbar(length=size, label="uploading", file=sys.stderr) as bar:
        client.imports.upload(job.id, file, media=media, part_bytes=part_bytes, progress=bar.update)
        bar.update(size)  # headings that are sent again count for more than the file has


def _wait(client: Client, job: Import) -> Import:
    with click.progressbar(length=job.rows, label="applying ", file=sys.stderr) as bar:
        return client.imports.wait(
            job.id, progress=lambda now: bar.update(now.dealt_with - bar.pos)
        )


def _show(job: Import) -> None:
    names = ("state rows applied people choices unchanged refs_changed lifts_refused bad").split()
    rows: list[tuple[str, object]] = [("import", job.id)]
    show_table(rows + [(name.replace("_", " "), getattr(job, name)) for name in names])


def _write(client: Client, job: Import, file: Path) -> int:
    """Write the rejected rows to a file. Return the exit code."""
    problems = iter(client.imports.exceptions(job.id))
    if (first := next(problems, None)) is None:
        return 0 if job.state == "done" else 1
    with file.open("w", newline="", encoding="utf-8") as writing:
        rows = csv.writer(writing)
        rows.writerow(field.name for field in fields(BadRow))
        rows.writerows(astuple(each) for each in chain([first], problems))
    click.echo(f"Rows that were not applied, with reasons: {file}")
    return 1
