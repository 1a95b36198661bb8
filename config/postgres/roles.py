"""The database's roles: who owns the tables, who prunes them, and who runs the application.

Note [Roles]. Whoever owns a table can switch its triggers off. So the application has a role that
owns nothing, and that may only read and insert where nothing may be changed (`config.postgres
.grants`). The owner's role migrates, and the maintenance role deletes what may be pruned.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
from psycopg import sql

#: What an application's role must never have, whatever it was given before.
POWERLESS = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


class Role(NamedTuple):
    """A role that can log in."""

    name: str
    password: str


class OwnerAsApplication(ValueError):
    """The application's role is the owner's own, which cannot give its rights away."""


def create_roles(connection: psycopg.Connection[Any], roles: list[Role]) -> None:
    """Create the roles, or give those that exist their password and take their powers away.

    Connect as the owner, who has to be allowed to create roles.

    Raises:
        OwnerAsApplication: one of the roles is that of the connection.
        psycopg.errors.InsufficientPrivilege
    """
    owner = connection.execute("SELECT session_user").fetchone()
    for role in roles:
        if (role.name,) == owner:
            raise OwnerAsApplication(f"{role.name} owns the tables; the application needs another")
        found = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role.name])
        verb = "ALTER" if found.fetchone() is not None else "CREATE"
        statement = sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(
            sql.SQL(verb),
            sql.Identifier(role.name),
            sql.SQL(POWERLESS),
            sql.Literal(role.password),
        )
        connection.execute(statement)
