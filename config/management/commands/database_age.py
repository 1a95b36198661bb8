"""`manage.py database_age`: fails when the database is not one for this code to use."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config.postgres import backups
from config.postgres.lineage import OtherLineage, check_lineage
from config.postgres.owner import become_owner


class Command(BaseCommand):
    help = (
        "Fails when a version before 0.1.0 made the database, when it has migrations that this "
        "code does not know, or when a restore into it did not end."
    )
    requires_system_checks: list[str] = []
    stealth_options = ("restoring",)

    def handle(self, *args: Any, **options: Any) -> None:
        become_owner()  # the application's role may be new to this database
        if backups.is_unfinished(connection) and not options.get("restoring"):
            raise CommandError(
                "A restore into this database did not end, so streams would give numbers twice. "
                "Run `manage.py restore` again."
            )
        try:
            check_lineage(connection)
        except OtherLineage as error:
            raise CommandError(str(error)) from error
        loader = MigrationLoader(connection, ignore_no_migrations=True)
        known_apps = loader.migrated_apps
        applied = {key for key in loader.applied_migrations if key[0] in known_apps}
        if unknown := sorted(applied - set(loader.disk_migrations) - _replaced(loader)):
            names = ", ".join(f"{app}.{name}" for app, name in unknown)
            raise CommandError(
                f"The database is newer than the code: it has {names}. "
                "Update the code, or use another database."
            )


def _replaced(loader: MigrationLoader) -> set[tuple[str, str]]:
    return {old for migration in loader.disk_migrations.values() for old in migration.replaces}
