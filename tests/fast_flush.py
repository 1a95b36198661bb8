"""Emptying the tables after a test that committed: quicker than Django's TRUNCATE of them all.

A test leaves a few rows in a few tables, and truncating makes new files for every table and index.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate

from config.postgres.grants import grant_privileges

#: A table of so many bytes is truncated, with all others: what is deleted stays in its file.
LARGE = 4_000_000
#: Triggers that refuse to delete, and foreign keys, are left out, as only a superuser may.
EMPTY = """
DO $$
DECLARE
    names text[] := ARRAY[{names}];
    name text;
BEGIN
    SET LOCAL ROLE NONE;
    SET LOCAL session_replication_role = replica;
    IF EXISTS (SELECT FROM unnest(names) each WHERE pg_relation_size(each::regclass) > {large})
    THEN
        EXECUTE 'TRUNCATE ' || array_to_string(names, ', ');
    ELSE
        FOREACH name IN ARRAY names LOOP
            EXECUTE 'DELETE FROM ' || name;
        END LOOP;
    END IF;
END $$
"""


def empty_quickly() -> None:
    """Have Django's `flush` do it this way, on the tests' own database.

    Content types stay, and permissions, which nobody here has, are gone: what would write hundreds
    of rows anew each time need not run. What was granted stays granted.
    """
    connections[DEFAULT_DB_ALIAS].ops.sql_flush = _sql_flush  # type: ignore[assignment, method-assign]
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(grant_privileges, sender=apps.get_app_config("cmr"))


def _sql_flush(style: Any, tables: list[str], **_: Any) -> list[str]:
    quoted = connections[DEFAULT_DB_ALIAS].ops.quote_name
    emptied = sorted({*tables} - {ContentType._meta.db_table})
    names = ", ".join(f"'{quoted(each)}'" for each in emptied)
    return [EMPTY.format(names=names, large=LARGE)]
