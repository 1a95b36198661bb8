"""When an event is told: to each brand, and of each relationship, at a time of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter

TICK = timedelta(microseconds=1)


class EventTimes:
    """Gives out times, *now* first, that are never the same twice.

    A choice that concerns many brands is told to one after the other. With the choice's own time in
    every event, two brands could match their people by it.
    """

    def __init__(self, now: datetime) -> None:
        self.began, self.last = now, now - TICK
        self.clock = perf_counter()

    def take_next(self) -> datetime:
        """Return a time later than any that was given out before: *now*, then what has passed."""
        is_first = self.last < self.began
        passed = timedelta(0) if is_first else timedelta(seconds=perf_counter() - self.clock)
        self.last = max(self.began + passed, self.last + TICK)
        return self.last
