"""The database in a file, written and read by PostgreSQL's own programs, as the owner."""

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

from config.services import binaries

#: Stands for standard output, or standard input, in place of a file.
STREAM = "-"
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
#: Secrets beside the password, for which libpq has no environment.
SECRETS = {"sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"}
#: A table, for the owner may make one wherever a restore is possible.
MARK = "public.restore_is_not_finished"
IS_MARKED = f"SELECT to_regclass('{MARK}') IS NOT NULL"
HAS_TABLES = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)"


class ProgramFailed(Exception):
    """pg_dump or pg_restore ended with an error, and has said which."""


class NotEmpty(Exception):
    """The database has tables already."""


class InUse(Exception):
    """Somebody else is connected to the database."""


class Unreadable(Exception):
    """The file is no backup, or lacks its end."""


class SecretShown(Exception):
    """The owner's URL has a secret that can be given to a program among its arguments only."""


def write_backup(target: str) -> None:
    """Write the whole database, as of one moment, while the service runs.

    A file is there only once it is whole, and for its owner's eyes only.

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
    # A name of its own, for another backup to the same file may be under way.
    handle, part = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as writing:
            _dump(stdout=writing)
            os.fsync(writing.fileno())
        os.link(part, file)  # unlike a rename, it writes over nothing
    finally:
        os.unlink(part)


def _dump(**options: Any) -> None:
    _run("pg_dump", "--format=custom", f"--exclude-table={MARK}", **options)


def read_backup(source: str, *, replace: bool) -> None:
    """Read a backup into the database: all of it, or nothing.

    The owner then owns everything. Who may do what is granted by the next `migrate`. Until
    `finish` is called the database is marked, and whatever an unfinished restore left is dropped.

    Raises:
        InUse, Unreadable, SecretShown, binaries.BinaryNotFound, OSError: nothing is changed.
        NotEmpty: nothing is changed; with *replace* all that is there is dropped first.
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
    """Give *source* as a file that can be read twice, once it was read to its end.

    What comes from standard input goes into a file without a name, which ends with this process.

    Raises:
        Unreadable, OSError
    """
    with tempfile.TemporaryFile() if source == STREAM else open(source, "rb") as file:
        if source == STREAM:
            shutil.copyfileobj(sys.stdin.buffer, file)
            file.flush()
        try:
            _restore(file, "--file=/dev/null", connects=False)
        except ProgramFailed as error:
            raise Unreadable(f"{source} is no whole backup") from error
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
    """Say that the database may be used, in the transaction that made it so."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {MARK}")


def _make_room(connection: psycopg.Connection[Any], *, replace: bool) -> None:
    """Leave nothing but the mark of a restore. Raises InUse or NotEmpty."""
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
    """Run it with the owner's login. Raises ProgramFailed, SecretShown, binaries.BinaryNotFound."""
    where, secret = _find_login() if connects else ([], {})
    argv = [str(binaries.postgres_program(program)), *where, *arguments]
    ended = subprocess.run(argv, env={**os.environ, **secret}, check=False, **options)
    if ended.returncode:
        raise ProgramFailed(f"{program} failed (exit code {ended.returncode})")


def _find_login() -> tuple[list[str], dict[str, str]]:
    """Return the owner's login as arguments, and its password as environment.

    Everybody on this machine can read the arguments of a program. Raises SecretShown.
    """
    named = conninfo_to_dict(settings.OWNER_DATABASE_URL)
    password = str(named.pop("password", "") or "")
    if shown := sorted(SECRETS & set(named)):
        raise SecretShown(f"OWNER_DATABASE_URL has {', '.join(shown)}")
    return [f"--dbname={make_conninfo('', **named)}"], {"PGPASSWORD": password}
