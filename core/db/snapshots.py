"""Reading many rows as of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def take_snapshot() -> Iterator[None]:
    """Read everything inside as of one moment, without locks. Nothing can be written.

    Inside another transaction it changes nothing: each query reads what is committed by then.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
