"""Pruning the log of HTTP attempts, which grows with everything that is delivered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg

#: Deleted in one transaction, so that no lock is held for long.
BATCH = 10_000
DELETE = """
DELETE FROM brands_attempt WHERE id IN (
    SELECT id FROM brands_attempt WHERE started_at < %s ORDER BY id LIMIT %s
)
"""


def prune(
    connection: psycopg.Connection[Any], *, before: datetime, report: Callable[[int], object]
) -> int:
    """Delete the attempts that began before *before*; return how many.

    Connect as the maintenance role, with autocommit. *report* is called with the number of each
    batch.

    Raises:
        psycopg.errors.RaiseException: *before* is within `models.webhook.KEPT_DAYS`, and there
            are such attempts.
    """
    total = 0
    while deleted := connection.execute(DELETE, [before, BATCH]).rowcount:
        total += deleted
        report(deleted)
    return total
