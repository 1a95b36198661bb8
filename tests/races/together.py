"""Real threads, each with its own connection to the database, let go at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

PATIENCE = 60.0  # seconds

T = TypeVar("T")


def together(*acts: Callable[[], T]) -> list[T]:
    """Run all *acts* at once; their results in order, or the first exception."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        try:
            barrier.wait(PATIENCE)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(PATIENCE) for future in [pool.submit(run, act) for act in acts]]
