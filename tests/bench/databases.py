"""A database a size, made on the first run and kept for the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings"}
#: What a database was filled by; one that says otherwise is made anew.
MARK = "filled by tests.bench.population, version 14"


@dataclass(frozen=True, slots=True)
class Database:
    """One of the bench's databases, by the owner's URL and by the application's."""

    url: str
    application_url: str
    #: The working copy whose code fills and serves it, and the Python that runs that code.
    root: Path = ROOT
    python: str = sys.executable

    @property
    def environment(self) -> dict[str, str]:
        """For a process that fills this one, as its owner."""
        urls = {"DATABASE_URL": self.url, "OWNER_DATABASE_URL": self.url}
        return os.environ | SETTINGS | urls

    @property
    def serving_environment(self) -> dict[str, str]:
        """For the product's own processes, which are the application."""
        return os.environ | SETTINGS | {"DATABASE_URL": self.application_url}

    def migrate(self) -> None:
        """Bring the tables up to date, and grant the application what it may do."""
        urls = {"DATABASE_URL": self.application_url, "OWNER_DATABASE_URL": self.url}
        command = [self.python, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
        subprocess.run(command, cwd=self.root, env=os.environ | urls, check=True)

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.lstrip("/")

    def run(self, module: str, *arguments: str) -> str:
        """A Python module on this database; returns what it prints."""
        command = [self.python, "-m", module, *arguments]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)

    def write_mark(self, mark: str) -> None:
        """Note what this one was filled by."""
        name, text = sql.Identifier(self.name), sql.Literal(mark)
        with self.connect() as connection:
            connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, text))


def locate(server: str, name: str) -> Database:
    """Return the database of that name on the server that the URL *server* names."""
    owner = os.environ.get("OWNER_DATABASE_URL", server)
    url, application_url = (
        urlsplit(each)._replace(path=f"/{name}").geturl() for each in (owner, server)
    )
    return Database(url, application_url)


def filled(server: str, preferences: int) -> Database:
    """The database with so many preferences, on the server that the URL *server* names."""
    database = locate(server, f"bench_{preferences}")
    with connect_to_server(server) as connection:
        is_filled = read_mark(connection, database.name) == MARK
    if is_filled:
        database.migrate()
    else:
        fill_anew(server, database, preferences)
        database.write_mark(MARK)
    return database


def fill_anew(server: str, database: Database, preferences: int) -> None:
    """Create the database, by the code of its working copy, with so many preferences."""
    with connect_to_server(server) as connection:
        create_anew(connection, database.name)
    database.migrate()
    print(database.run("tests.bench.population", "--preferences", str(preferences)), end="")


def connect_to_server(server: str) -> psycopg.Connection[Any]:
    return psycopg.connect(os.environ.get("OWNER_DATABASE_URL", server), autocommit=True)


def read_mark(connection: psycopg.Connection[Any], name: str) -> str | None:
    """Return what the database was filled by; None if it was not, or is not there."""
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return row[0] if row else None


def create_anew(connection: psycopg.Connection[Any], name: str) -> None:
    """Create the database empty; remove the one of that name."""
    for statement in ("DROP DATABASE IF EXISTS {}", "CREATE DATABASE {}"):
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def callers(database: Database) -> dict[str, Any]:
    """A brand's key, consumers' tokens and contacts to ask about (`tests.bench.callers`)."""
    made: dict[str, Any] = json.loads(database.run("tests.bench.callers"))
    return made
