"""`manage.py restore FILE`: a backup into an empty database, ready to be used."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from brands import events
from config.postgres import backups
from config.postgres.owner import become_owner
from consent.models import LedgerEntry
from core.binaries import BinaryNotFound

#: The exit code where nothing usable was restored; 1 is a record that is not whole.
FAILED = 2
HINTS = {
    backups.NotEmpty: "Restore into an empty database, or drop all that is in it with --replace",
    backups.InUse: "Stop web and workers first",
    backups.UnreadableBackup: "Nothing is changed",
    backups.SecretShown: "pg_restore would show it to all on this machine. Nothing is changed",
    backups.ProgramFailed: "The database is empty now: mend this, and restore again",
}


class Command(BaseCommand):
    help = (
        "Restores a backup into the database of OWNER_DATABASE_URL, which has to be empty. "
        "Migrates it, grants the roles what they may do, lets every stream go on beyond the "
        "numbers that were used since the backup, and verifies the ledger. Exits with 0 where the "
        "record is whole, with 1 where it is not, and with 2 where the restore failed."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="- is standard input")
        parser.add_argument(
            "--replace", action="store_true", help="drop everything that is in the database first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._restore(options["file"], replace=options["replace"])
        try:
            self._prepare()
        except Exception as error:
            hint = "The database cannot be used yet: mend this, and restore again"
            raise CommandError(f"{error} {hint}.", returncode=FAILED) from error
        call_command("verify_ledger")  # exits with 1 where the record is not whole

    def _restore(self, source: str, *, replace: bool) -> None:
        try:
            backups.read_backup(source, replace=replace)
        except (BinaryNotFound, OSError, psycopg.Error) as error:
            raise CommandError(f"{error}. Nothing is changed.", returncode=FAILED) from error
        except tuple(HINTS) as error:
            raise CommandError(f"{error}. {HINTS[type(error)]}.", returncode=FAILED) from error

    def _prepare(self) -> None:
        """Make what was read usable: roles, migrations, privileges, streams."""
        if settings.OWNER_DATABASE["USER"] != settings.APPLICATION_ROLE:
            call_command("create_roles", stdout=self.stderr)
        become_owner()
        call_command("database_age", restoring=True)
        call_command("migrate", interactive=False, verbosity=0)
        now = timezone.now()
        with transaction.atomic():
            streams = events.open_restore_gaps(now=now)
            backups.finish(connection)
        newest = LedgerEntry.objects.aggregate(at=Max("recorded_at"))["at"]
        self._report(
            f"The newest choice is of {newest:%Y-%m-%d %H:%M:%S} UTC; later ones are lost."
            if newest
            else "There are no choices."
        )
        number = events.compute_restart_number(now)
        self._report(f"{streams} streams go on after {number:,}. Tell all brands.")

    def _report(self, line: str) -> None:
        self.stderr.write(line, str)
