"""The database's roles: the owner of the tables, the maintenance role, and the application's role.

Note [Roles]. The owner of a table can disable its triggers. Therefore the application's role owns
nothing, and may only read and insert in tables whose rows must not change (`config.postgres
.grants`). The owner's role migrates, and the maintenance role deletes what may be pruned.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
from psycopg import sql

#: Attributes that the application's role must never have, whatever it was given before.
POWERLESS = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


class Role(NamedTuple):
    """A role with a login."""

    name: str
    password: str


class OwnerAsApplication(ValueError):
    """The application's role is the owner's, which cannot give up its rights."""


def create_roles(connection: psycopg.Connection[Any], roles: list[Role]) -> None:
    """Create the roles. For existing ones, set the password and remove all special attributes.

    Connect as the owner, which must be allowed to create roles.

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
