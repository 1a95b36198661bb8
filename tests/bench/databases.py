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
        command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=os.environ | urls, check=True)

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.lstrip("/")

    def run(self, module: str, *arguments: str) -> str:
        """A Python module on this database; returns what it prints."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)


def filled(server: str, preferences: int) -> Database:
    """The database with so many preferences, on the server that the URL *server* names."""
    path, owner = f"/bench_{preferences}", os.environ.get("OWNER_DATABASE_URL", server)
    database = Database(*(urlsplit(url)._replace(path=path).geturl() for url in (owner, server)))
    with psycopg.connect(owner, autocommit=True) as connection:
        is_filled = _mark(connection, database.name) == MARK
        if not is_filled:
            _anew(connection, database.name)
    database.migrate()
    if not is_filled:
        print(database.run("tests.bench.population", "--preferences", str(preferences)), end="")
        with database.connect() as connection:
            connection.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                    sql.Identifier(database.name), sql.Literal(MARK)
                )
            )
    return database


def _mark(connection: psycopg.Connection[Any], name: str) -> str | None:
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return row[0] if row else None


def _anew(connection: psycopg.Connection[Any], name: str) -> None:
    for statement in ("DROP DATABASE IF EXISTS {}", "CREATE DATABASE {}"):
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def callers(database: Database) -> dict[str, Any]:
    """A brand's key, consumers' tokens and contacts to ask about (`tests.bench.callers`)."""
    made: dict[str, Any] = json.loads(database.run("tests.bench.callers"))
    return made
