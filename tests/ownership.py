"""Who the tests are for the database.

They log in as the owner, a superuser, and each connection begins as the application's role: what is
tested has no more rights than in production, and a test that tampers takes the owner's for a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection


@contextmanager
def as_application_from_the_start() -> Iterator[None]:
    """Have every new connection of this process begin as the application's role."""
    options = connection.settings_dict["OPTIONS"]
    before = options["options"]
    connection.close()
    options["options"] = f"{before} -c role={settings.APPLICATION_ROLE}"
    yield
    connection.close()
    options["options"] = before


@contextmanager
def as_owner() -> Iterator[None]:
    """Do what only the owner may, on the test's own connection."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
