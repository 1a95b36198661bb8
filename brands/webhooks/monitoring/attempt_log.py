"""The log of HTTP attempts: delete old rows, since it grows with every delivery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg

#: Rows deleted in one transaction, so that no lock is held for long.
BATCH = 10_000
DELETE = """
DELETE FROM brands_attempt WHERE id IN (
    SELECT id FROM brands_attempt WHERE started_at < %s ORDER BY id LIMIT %s
)
"""


def prune_attempts(
    connection: psycopg.Connection[Any], *, before: datetime, report: Callable[[int], object]
) -> int:
    """Delete the attempts that began before *before*; return how many.

    *connection* is of the maintenance role, with autocommit. *report* is called after each batch
    with the number of its rows.

    Raises:
        psycopg.errors.RaiseException: *before* is within `models.webhook.KEPT_DAYS`, and there
            are such attempts.
    """
    total = 0
    while deleted := connection.execute(DELETE, [before, BATCH]).rowcount:
        total += deleted
        report(deleted)
    return total
