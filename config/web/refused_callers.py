"""Callers whose forms are refused again and again: their next ones wait, before a thread sees them.

A refusal is answered at once, so a program that repeats what is refused could ask thousands of
times a second, and take the processors from everybody else.
"""

from __future__ import annotations

import time
from collections import Counter

#: A form without a CSRF token, with a wrong method, or over a limit.
REFUSED = frozenset({403, 405, 429})


class RefusedCallers:
    """Counts the refusals of each caller; used by one event loop only."""

    #: Seconds after which all counts begin anew.
    WINDOW = 10.0
    #: So many refusals in a window cost nothing: a person with a stale page has one or two.
    FREE = 10
    #: How long each further form waits, in seconds.
    WAIT = 1.0

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._ends = 0.0

    def note(self, caller: str, status: int) -> None:
        """Count the answer to a form, if it is a refusal."""
        if status in REFUSED:
            self._forget_old()
            self._counts[caller] += 1

    def wait_of(self, caller: str) -> float:
        """Return how many seconds the caller's next form has to wait."""
        self._forget_old()
        return self.WAIT if self._counts[caller] > self.FREE else 0.0

    def _forget_old(self) -> None:
        if (now := time.monotonic()) > self._ends:
            self._counts.clear()
            self._ends = now + self.WINDOW
