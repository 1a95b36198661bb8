"""What each role may do with each table. It is granted anew after every migration.

A table that nobody thought of is an ordinary one. What stands in `INSERT_ONLY` is the record: the
application may add to it and read it. Its triggers refuse the same a second time.
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
#: What erasure deletes and nothing changes: texts beside entries, and where people lived.
ERASABLE = frozenset({"consent_entrytext", "consent_pastprofile"})
#: What the maintenance role may prune (`manage.py prune_attempts`).
PRUNED = frozenset({"brands_attempt"})
#: All that can be granted on a table.
EVERY = (*ORDINARY, "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")


def privileges_of_application(table: str) -> tuple[str, ...]:
    """Return what the application may do with *table*."""
    if table in READ_ONLY:
        return ("SELECT",)
    if table in INSERT_ONLY:
        return ("SELECT", "INSERT")
    if table in ERASABLE:
        return ("SELECT", "INSERT", "DELETE")
    return ORDINARY


def privileges_of_maintenance(table: str) -> tuple[str, ...]:
    """Return what the maintenance role may do with *table*."""
    return ("SELECT", "DELETE") if table in PRUNED else ()


def grant_privileges(**kwargs: Any) -> None:
    """Give both roles what they may, and take away what they have besides.

    Runs after each migrate, as the owner. Where the application still is the owner there is
    nothing to grant: `config.checks` says so.
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
