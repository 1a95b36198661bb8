"""Delays for callers whose forms are refused repeatedly, before a thread is used.

A refusal is answered at once. Without a delay, a program that repeats a refused form could send
thousands a second and use up the processors.
"""

from __future__ import annotations

import time
from collections import Counter

#: A form without a CSRF token, with a wrong method, or over a limit.
REFUSED = frozenset({403, 405, 429})


class RefusedCallers:
    """Counts the refusals of each caller; used by one event loop only."""

    #: Seconds after which all counts restart.
    WINDOW = 10.0
    #: Refusals in a window that cause no delay: a person with a stale page has one or two.
    FREE = 10
    #: The delay of each further form, in seconds.
    WAIT = 1.0

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._ends = 0.0

    def note(self, caller: str, status: int) -> None:
        """Count the answer to a form if it is a refusal."""
        if status in REFUSED:
            self._forget_old()
            self._counts[caller] += 1

    def wait_of(self, caller: str) -> float:
        """Return the delay of the caller's next form, in seconds."""
        self._forget_old()
        return self.WAIT if self._counts[caller] > self.FREE else 0.0

    def _forget_old(self) -> None:
        if (now := time.monotonic()) > self._ends:
            self._counts.clear()
            self._ends = now + self.WINDOW
