"""Mutual exclusion between all processes by PostgreSQL's advisory locks.

A lock belongs to the database connection, so it is released when the process that holds it dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def wait_for_lock(space: int, number: int = 0) -> None:
    """Wait for the lock *number* of *space*, and hold it until the transaction ends.

    Both are 32-bit integers; each use of locks has its own *space*.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [space, number])


@contextmanager
def try_lock(space: int, number: int = 0) -> Iterator[bool]:
    """Hold the lock *number* of *space* and yield True. Yield False if another holder has it.

    Both are 32-bit integers; each use of locks has its own *space*.
    """
    key = [space, number]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        (is_held,) = cursor.fetchone()
    if not is_held:
        yield False
        return
    try:
        yield True
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
