"""When to stop reviving what keeps dying."""

import time
from collections import deque

LIMIT = 5
WITHIN = 30.0  # seconds


class Deaths:
    """The latest deaths of one process."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=LIMIT)

    def note(self) -> int:
        """Notes one more; how many there were lately. At LIMIT it is time to give up."""
        now = time.monotonic()
        self._times.append(now)
        return sum(now - death < WITHIN for death in self._times)
