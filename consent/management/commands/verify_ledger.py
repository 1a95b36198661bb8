"""`manage.py verify_ledger`: says whether the record is whole."""

from __future__ import annotations

import sys
import uuid
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent import integrity
from consent.integrity import Break
from consent.models import Subject
from core.time import read_day


class Command(BaseCommand):
    help = (
        "Verifies the ledger, what stands, and the brands' streams. Prints a line for each break; "
        "exits with 0 where the record is whole, with 1 where it is not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        some = parser.add_mutually_exclusive_group()
        some.add_argument("--person", type=uuid.UUID, help="only this person: a subject's id")
        some.add_argument(
            "--since",
            type=read_day,
            help="only people with an entry, and events, since this day (UTC, YYYY-MM-DD)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        breaks = 0
        for each in self._find_breaks(options):
            self.stdout.write(str(each))
            breaks += 1
        self._report(f"Breaks found: {breaks}." if breaks else "The record is whole.")
        if breaks:
            sys.exit(1)

    def _find_breaks(self, options: dict[str, Any]) -> Iterator[Break]:
        if (person := options["person"]) is None:
            day: date | None = options["since"]
            since = None if day is None else datetime.combine(day, time(), UTC)
            return integrity.verify_ledger(since=since, progress=self._report)
        if not Subject.objects.filter(pk=person).exists():
            raise CommandError(f"There is no subject {person}.", returncode=2)
        return iter([*integrity.verify_person(person), *integrity.verify_events_about(person)])

    def _report(self, line: str) -> None:
        """Write a line beside the breaks, without the colour of errors."""
        self.stderr.write(line, str)
