"""When to stop restarting a process that keeps exiting."""

import time
from collections import deque

LIMIT = 5
WITHIN = 30.0  # seconds


class RestartLimit:
    """The latest unexpected exits of one process."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=LIMIT)

    def count_exit(self) -> int:
        """Count one more exit. Return how many were recent: at LIMIT, give up."""
        now = time.monotonic()
        self._times.append(now)
        return sum(now - death < WITHIN for death in self._times)
