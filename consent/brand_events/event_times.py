"""Event times: each brand and each relationship receives an event with a different time."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter

TICK = timedelta(microseconds=1)


class EventTimes:
    """A source of times that never repeat; the first one is *now*.

    A choice that concerns many brands is appended to one stream after the other. If every event had
    the choice's own time, two brands could match their people by it.
    """

    def __init__(self, now: datetime) -> None:
        self.began, self.last = now, now - TICK
        self.clock = perf_counter()

    def take_next(self) -> datetime:
        """Return a time later than all before: *now* first, then *now* plus the elapsed time."""
        is_first = self.last < self.began
        passed = timedelta(0) if is_first else timedelta(seconds=perf_counter() - self.clock)
        self.last = max(self.began + passed, self.last + TICK)
        return self.last
