"""SQL for queries that are too rare, or take too long, to gain from being prepared (ADR 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

Row = tuple[Any, ...]


def fetch_rows(sql: str, values: Mapping[str, Any]) -> list[Row]:
    """Run *sql* with named values, `%(name)s`, and return all rows. Django's cursor runs it."""
    with connection.cursor() as cursor:
        cursor.execute(sql, dict(values))
        rows: list[Row] = cursor.fetchall()
    return rows
