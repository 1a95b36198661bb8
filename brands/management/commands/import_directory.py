"""`manage.py import_directory FILE`: import the companies of a directory file as brands."""

from argparse import ArgumentParser
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from brands import catalogue


class Command(BaseCommand):
    help = (
        "Reads companies, one JSON object a line, into brands; or how to close accounts, from one "
        "JSON array in JustDeleteMe's format. Running it again brings them up to date. Bad lines "
        "and entries are reported with their number and skipped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            outcome = import_closing(file) if is_array(file) else import_companies(file)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except catalogue.NotAnArray as error:
            raise CommandError(f"{file}: {error}") from error
        for number, reason in outcome.skipped:
            self.stderr.write(f"{file}:{number}: skipped: {reason}")
        self.stdout.write(
            f"{outcome.created} created, {outcome.updated} updated, "
            f"{outcome.unchanged} unchanged, {len(outcome.skipped)} skipped"
        )


def is_array(file: Path) -> bool:
    """Return whether the file begins as a JSON array, after white space."""
    with file.open("rb") as start:
        return start.read(100).removeprefix(BOM_UTF8).lstrip().startswith(b"[")


def import_closing(file: Path) -> catalogue.ImportOutcome:
    return catalogue.import_closing_entries(file.read_bytes())


def import_companies(file: Path) -> catalogue.ImportOutcome:
    size = file.stat().st_size
    with file.open("rb") as lines, tqdm(total=size, unit="B", unit_scale=True) as bar:
        return catalogue.import_lines(lines, seen=lambda line: bar.update(len(line)))
