"""Statements that are asked all the time: PostgreSQL parses and plans each once a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def ask(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows. Django's own cursors put the values into the text, so that each is a new one."""
    connection.close_if_health_check_failed()  # as Django does before each cursor of its own
    connection.ensure_connection()
    with connection.wrap_database_errors:
        made = psycopg.Cursor(connection.connection)
        cursor = connection._prepare_cursor(made)  # type: ignore[attr-defined]
        with cursor:
            cursor.execute(statement, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
