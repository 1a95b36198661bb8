"""The first migrations that a database was made by, which later versions can only add to.

Before 0.1.0 the initial migrations were rewritten in place. A database of then has other tables
under the same migration names, so Django cannot see that it does not fit. Each database therefore
keeps the fingerprint of the initial migrations that made it, as a comment on `django_migrations`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

ROOT = Path(__file__).resolve().parents[2]
INITIAL = [f"{app}/migrations/0001_initial.py" for app in ("brands", "cmr", "consent")]
#: The fingerprint of 0.1.0. It never changes: add a migration instead of changing an initial one.
FINGERPRINT = "68e03bce21b791a9"

READ = "SELECT obj_description(to_regclass('public.django_migrations'), 'pg_class')"
MARK = "COMMENT ON TABLE public.django_migrations IS '{}'"


class OtherLineage(Exception):
    """The database was made by other initial migrations. The message says what to do."""


def compute_fingerprint() -> str:
    """Return the fingerprint of the initial migrations as they are on disk."""
    content = b"".join((ROOT / path).read_bytes() for path in INITIAL)
    return hashlib.sha256(content).hexdigest()[:16]


def check_lineage(connection: BaseDatabaseWrapper) -> None:
    """Raise OtherLineage if later migrations cannot be applied to this database."""
    if _is_empty(connection):
        return
    with connection.cursor() as cursor:
        cursor.execute(READ)
        found = cursor.fetchone()
    if found != (FINGERPRINT,):
        raise OtherLineage(
            "A version before 0.1.0 made this database, and its tables cannot be migrated. "
            "For a database of `make run`: stop it, remove the folder var/ and start again. "
            "Otherwise use an empty database."
        )


def mark_lineage(connection: BaseDatabaseWrapper) -> None:
    """Mark a database without migrations of ours as made by these. Others stay as they are."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    if _is_empty(connection):
        with connection.cursor() as cursor:
            cursor.execute(MARK.format(FINGERPRINT))


def _is_empty(connection: BaseDatabaseWrapper) -> bool:
    """Return whether none of our migrations was applied."""
    applied = MigrationRecorder(connection).applied_migrations()
    return not any((app, "0001_initial") in applied for app in ("brands", "cmr", "consent"))
