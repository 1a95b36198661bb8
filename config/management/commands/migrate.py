"""`manage.py migrate`: Django's own, as the owner of the tables."""

from typing import Any

from django.core.management.commands import migrate

from config.postgres.owner import become_owner


class Command(migrate.Command):
    help = "Django's migrate, with the role of OWNER_DATABASE_URL. Grants what each role may do."

    def handle(self, *args: Any, **options: Any) -> None:
        become_owner()
        super().handle(*args, **options)
