"""Privileges of each role on each table, granted again after every migration.

A table that is in no list below is an ordinary one. The tables in `INSERT_ONLY` are the record: the
application may only add to them and read them. Their triggers enforce the same independently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

ORDINARY = ("SELECT", "INSERT", "UPDATE", "DELETE")
#: Tables that the application reads and adds to, and never changes.
INSERT_ONLY = frozenset(
    {
        *("consent_ledgerentry", "brands_event", "brands_attempt", "brands_notice"),
        *("brands_acknowledgement", "brands_pastregime"),
        *("consent_pastrelationship", "consent_pastmerge"),
    }
)
#: Tables that the application only reads.
READ_ONLY = frozenset({"django_migrations", "brands_streamgap"})
#: Tables that erasure deletes from and nothing changes: texts of entries, and past profiles.
ERASABLE = frozenset({"consent_entrytext", "consent_pastprofile"})
#: Tables that the maintenance role may prune (`manage.py prune_attempts`).
PRUNED = frozenset({"brands_attempt"})
#: Every privilege that can be granted on a table.
EVERY = (*ORDINARY, "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")


def privileges_of_application(table: str) -> tuple[str, ...]:
    """Return the application's privileges on *table*."""
    if table in READ_ONLY:
        return ("SELECT",)
    if table in INSERT_ONLY:
        return ("SELECT", "INSERT")
    if table in ERASABLE:
        return ("SELECT", "INSERT", "DELETE")
    return ORDINARY


def privileges_of_maintenance(table: str) -> tuple[str, ...]:
    """Return the maintenance role's privileges on *table*."""
    return ("SELECT", "DELETE") if table in PRUNED else ()


def grant_privileges(**kwargs: Any) -> None:
    """Grant both roles their privileges, and revoke all others.

    Runs after each migrate, as the owner. If the application is itself the owner, there is nothing
    to grant; `config.checks` reports it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        owner = cursor.fetchone()[0]
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        tables = connection.introspection.table_names(cursor)
        for role, privileges in (
            (settings.APPLICATION_ROLE, privileges_of_application),
            (settings.MAINTENANCE_ROLE, privileges_of_maintenance),
        ):
            if role and role != owner and _exists(cursor, role):
                granted = [(each, privileges(each)) for each in tables]
                for statement in _statements(role, granted):
                    cursor.execute(statement)


def _exists(cursor: Any, role: str) -> bool:
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    return cursor.fetchone() is not None


def _statements(
    role: str, granted: Iterable[tuple[str, tuple[str, ...]]]
) -> Iterator[sql.Composed]:
    name = sql.Identifier(role)
    yield sql.SQL("REVOKE ALL ON SCHEMA public FROM {}").format(name)
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name)
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(name)
    yield sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(name)
    for table, privileges in granted:
        if privileges:
            words = sql.SQL(", ").join(map(sql.SQL, privileges))
            target = sql.Identifier("public", table)
            yield sql.SQL("GRANT {} ON {} TO {}").format(words, target, name)
