"""Backup and restore of the database, by PostgreSQL's own programs and as the owner."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core import binaries

#: Means standard output, or standard input, instead of a file.
STREAM = "-"
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
#: Secrets other than the password, which libpq cannot read from the environment.
SECRETS = {"sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"}
#: The mark of an unfinished restore. It is a table, because the owner can always create one.
MARK = "public.restore_is_not_finished"
IS_MARKED = f"SELECT to_regclass('{MARK}') IS NOT NULL"
HAS_TABLES = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)"


class ProgramFailed(Exception):
    """pg_dump or pg_restore ended with an error and printed it."""


class NotEmpty(Exception):
    """The database already has tables."""


class InUse(Exception):
    """The database has other connections."""


class UnreadableBackup(Exception):
    """The file is not a backup, or is incomplete."""


class SecretShown(Exception):
    """The owner's URL has a secret that a program could receive only as an argument."""


def write_backup(target: str) -> None:
    """Write a consistent backup of the whole database while the service runs.

    The file appears only when it is complete, and only its owner can read it.

    Raises:
        OSError, ProgramFailed, SecretShown, binaries.BinaryNotFound
    """
    if target == STREAM:
        _dump()
    else:
        _write_file(Path(target))


def _write_file(file: Path) -> None:
    if file.exists():
        raise FileExistsError(f"{file} is there already")
    # A unique name, because another backup to the same file may be running.
    handle, part = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as writing:
            _dump(stdout=writing)
            os.fsync(writing.fileno())
        os.link(part, file)  # unlike a rename, it never overwrites
    finally:
        os.unlink(part)


def _dump(**options: Any) -> None:
    _run("pg_dump", "--format=custom", f"--exclude-table={MARK}", **options)


def read_backup(source: str, *, replace: bool) -> None:
    """Restore a backup into the database, completely or not at all.

    Afterwards the owner owns everything, and the next `migrate` grants the privileges. The database
    stays marked until `finish` is called. What an unfinished restore left is dropped.

    Raises:
        InUse, UnreadableBackup, SecretShown, binaries.BinaryNotFound, OSError: nothing is changed.
        NotEmpty: nothing is changed. With *replace*, all that exists is dropped first.
        ProgramFailed: the database is empty.
    """
    _find_login()
    with _readable(source) as file:
        with psycopg.connect(settings.OWNER_DATABASE_URL, autocommit=True) as connection:
            _make_room(connection, replace=replace)
        whole = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        _restore(file, *whole)


@contextmanager
def _readable(source: str) -> Iterator[IO[bytes]]:
    """Read *source* to its end, then yield it as a file that can be read again.

    Standard input is copied to a file without a name, which disappears with this process.

    Raises:
        UnreadableBackup, OSError
    """
    with tempfile.TemporaryFile() if source == STREAM else open(source, "rb") as file:
        if source == STREAM:
            shutil.copyfileobj(sys.stdin.buffer, file)
            file.flush()
        try:
            _restore(file, "--file=/dev/null", connects=False)
        except ProgramFailed as error:
            raise UnreadableBackup(f"{source} is no whole backup") from error
        yield file


def _restore(file: IO[bytes], *arguments: str, connects: bool = True) -> None:
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    _run("pg_restore", *arguments, connects=connects, stdin=file)


def is_unfinished(connection: BaseDatabaseWrapper) -> bool:
    """Return whether a restore into this database began and did not end."""
    with connection.cursor() as cursor:
        cursor.execute(IS_MARKED)
        (marked,) = cursor.fetchone()
    return bool(marked)


def finish(connection: BaseDatabaseWrapper) -> None:
    """Remove the mark of a restore, in the transaction that makes the database usable."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {MARK}")


def _make_room(connection: psycopg.Connection[Any], *, replace: bool) -> None:
    """Drop everything and mark the database as being restored.

    Raises:
        InUse, NotEmpty
    """
    if others := _ask(connection, OTHERS):
        raise InUse(f"{others} other connections are open")
    has_tables = _ask(connection, HAS_TABLES)
    if has_tables and not replace and not _ask(connection, IS_MARKED):
        raise NotEmpty("the database has tables already")
    with connection.transaction():
        if has_tables:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
        connection.execute(f"CREATE TABLE {MARK} ()".encode())


def _ask(connection: psycopg.Connection[Any], question: str) -> Any:
    row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def _run(program: str, *arguments: str, connects: bool = True, **options: Any) -> None:
    """Run a program with the owner's login.

    Raises:
        ProgramFailed, SecretShown, binaries.BinaryNotFound
    """
    where, secret = _find_login() if connects else ([], {})
    argv = [str(binaries.find_postgres_program(program)), *where, *arguments]
    ended = subprocess.run(argv, env={**os.environ, **secret}, check=False, **options)
    if ended.returncode:
        raise ProgramFailed(f"{program} failed (exit code {ended.returncode})")


def _find_login() -> tuple[list[str], dict[str, str]]:
    """Return the owner's login as arguments, and its password as environment variables.

    The password must not be an argument, because every user of this machine can read arguments.

    Raises:
        SecretShown
    """
    named = conninfo_to_dict(settings.OWNER_DATABASE_URL)
    password = str(named.pop("password", "") or "")
    if shown := sorted(SECRETS & set(named)):
        raise SecretShown(f"OWNER_DATABASE_URL has {', '.join(shown)}")
    return [f"--dbname={make_conninfo('', **named)}"], {"PGPASSWORD": password}
