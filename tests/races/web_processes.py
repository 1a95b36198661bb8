"""Several web processes behind one port, without workers and without a broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import memory
from tests.chaos.fleet import Fleet, wait_until


@contextmanager
def running_webs(folder: Path, number: int) -> Iterator[Fleet]:
    """Start *number* web processes, and stop them at the end."""
    fleet = Fleet(folder, with_broker=False, webs=number)
    try:
        fleet.start("web")
        wait_until(fleet.is_ready, "web ready")
        wait_until(lambda: len(memory.workers(fleet.port)) == number, "every process there")
        yield fleet
    finally:
        fleet.stop()
