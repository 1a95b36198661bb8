"""`manage.py migrate`: Django's own, as the owner of the tables."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections

from config.postgres.lineage import OtherLineage, check_lineage, mark_lineage
from config.postgres.owner import become_owner


class Command(migrate.Command):
    help = "Django's migrate, with the role of OWNER_DATABASE_URL. Grants what each role may do."

    def handle(self, *args: Any, **options: Any) -> None:
        become_owner()
        connection = connections[options["database"]]
        try:
            check_lineage(connection)
        except OtherLineage as error:
            raise CommandError(str(error)) from error
        if not (options["plan"] or options["check_unapplied"]):
            mark_lineage(connection)
        super().handle(*args, **options)
