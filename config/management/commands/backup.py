"""`manage.py backup FILE`: the whole database in one file."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.postgres import backups
from core.binaries import BinaryNotFound


class Command(BaseCommand):
    help = (
        "Writes the whole database to FILE, which must not exist, as of one moment and while the "
        "service runs. It holds no keys: keep the environment (.env, var/run.env) apart from it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="- is standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backups.write_backup(options["file"])
        except (OSError, backups.ProgramFailed, backups.SecretShown, BinaryNotFound) as error:
            raise CommandError(f"No backup: {error}.") from error
        self.stderr.write("Backed up. Keep the keys too, elsewhere.", str)
