"""`manage.py import_directory FILE`: import the companies of a directory file as brands."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from brands import catalogue


class Command(BaseCommand):
    help = (
        "Reads companies, one JSON object a line, into brands. Running it again brings them up to "
        "date. Bad lines are reported with their number and skipped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            size = file.stat().st_size
            with file.open("rb") as lines, tqdm(total=size, unit="B", unit_scale=True) as bar:
                outcome = catalogue.import_lines(lines, seen=lambda line: bar.update(len(line)))
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        for number, reason in outcome.skipped:
            self.stderr.write(f"{file}:{number}: skipped: {reason}")
        self.stdout.write(
            f"{outcome.created} created, {outcome.updated} updated, "
            f"{outcome.unchanged} unchanged, {len(outcome.skipped)} skipped"
        )
