"""The database in a file, written and read by PostgreSQL's own programs, as the owner."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config.services import binaries

#: Stands for standard output, or standard input, in place of a file.
STREAM = "-"
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
HAS_TABLES = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)"


class ProgramFailed(Exception):
    """pg_dump or pg_restore ended with an error, and has said which."""


class NotEmpty(Exception):
    """The database has tables already."""


class InUse(Exception):
    """Somebody else is connected to the database."""


def write_backup(target: str) -> None:
    """Write the whole database, as of one moment, while the service runs.

    A file is there only once it is whole, and for its owner's eyes only.

    Raises:
        FileExistsError, ProgramFailed, binaries.BinaryNotFound
    """
    if target == STREAM:
        _run("pg_dump", "--format=custom")
    else:
        _write_file(Path(target))


def _write_file(file: Path) -> None:
    if file.exists():
        raise FileExistsError(f"{file} is there already")
    part = file.with_name(f"{file.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
        _run("pg_dump", "--format=custom", stdout=writing)
        os.fsync(writing.fileno())
    part.replace(file)


def read_backup(source: str, *, replace: bool) -> None:
    """Read a backup into the database: all of it, or nothing.

    The owner then owns everything. Who may do what is granted by the next `migrate`.

    Raises:
        InUse: nothing is changed.
        NotEmpty: nothing is changed; with *replace* all that is there is dropped first.
        ProgramFailed, binaries.BinaryNotFound
    """
    if source != STREAM:
        _run("pg_restore", "--list", source, connects=False, stdout=subprocess.DEVNULL)
    with psycopg.connect(settings.OWNER_DATABASE_URL, autocommit=True) as connection:
        _make_room(connection, replace=replace)
    whole = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    _run("pg_restore", *whole, *([] if source == STREAM else [source]))


def _make_room(connection: psycopg.Connection[Any], *, replace: bool) -> None:
    """Raise InUse or NotEmpty."""
    if others := _ask(connection, OTHERS):
        raise InUse(f"{others} other connections are open")
    if not _ask(connection, HAS_TABLES):
        return
    if not replace:
        raise NotEmpty("the database has tables already")
    with connection.transaction():
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")


def _ask(connection: psycopg.Connection[Any], question: str) -> Any:
    row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def _run(program: str, *arguments: str, connects: bool = True, **options: Any) -> None:
    """Run it with the owner's login. Raises ProgramFailed, binaries.BinaryNotFound."""
    named = conninfo_to_dict(settings.OWNER_DATABASE_URL)
    # Not among the arguments, which everybody on this machine can read.
    secret = {"PGPASSWORD": str(named.pop("password", "") or "")} if connects else {}
    where = [f"--dbname={make_conninfo('', **named)}"] if connects else []
    argv = [str(binaries.postgres_program(program)), *where, *arguments]
    ended = subprocess.run(argv, env={**os.environ, **secret}, check=False, **options)
    if ended.returncode:
        raise ProgramFailed(f"{program} failed (exit code {ended.returncode})")
