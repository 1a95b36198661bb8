"""`manage.py create_roles`: the roles of the application and of maintenance."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg.errors import InsufficientPrivilege

from config.postgres import roles


class Command(BaseCommand):
    help = (
        "Creates the roles that DATABASE_URL and MAINTENANCE_DATABASE_URL name, with their "
        "passwords, as the owner that OWNER_DATABASE_URL names. Running it again changes the "
        "passwords to those of today."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = [
            roles.Role(each["USER"], each["PASSWORD"])
            for each in (settings.DATABASES["default"], settings.MAINTENANCE_DATABASE)
            if each
        ]
        try:
            with psycopg.connect(settings.OWNER_DATABASE_URL, autocommit=True) as connection:
                roles.create_roles(connection, wanted)
        except roles.OwnerAsApplication as error:
            hint = "Name another role in DATABASE_URL, and the owner in OWNER_DATABASE_URL."
            raise CommandError(f"{error}. {hint}") from error
        except InsufficientPrivilege as error:
            hint = "OWNER_DATABASE_URL has to name a role with CREATEROLE."
            raise CommandError(f"{str(error).strip()}. {hint}") from error
        self.stdout.write(f"Roles: {', '.join(each.name for each in wanted)}.")
