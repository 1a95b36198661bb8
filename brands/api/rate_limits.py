"""Rate limit of each API key, with `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers).

Each web process counts by itself, after it has authenticated the key. We accept that several
processes multiply the limit, and that the remaining number jumps between answers. The limit stops
runaway programs, and a shared counter would cost more than a check itself. We also accept that two
threads may miss a call when they see a minute begin at the same time.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from django.conf import settings
from rest_framework.exceptions import APIException

MINUTE = 60  # seconds


class RateLimit(NamedTuple):
    """Calls spent in this minute, and the seconds until the next minute begins."""

    spent: int
    wait: int

    @property
    def is_over(self) -> bool:
        return self.spent > int(settings.API_CALLS_PER_MINUTE)

    def headers(self) -> dict[str, str]:
        most = settings.API_CALLS_PER_MINUTE
        return {
            "RateLimit-Policy": f'"calls";q={most};w={MINUTE}',
            "RateLimit": f'"calls";r={max(0, most - self.spent)};t={self.wait}',
        }


class TooManyCalls(APIException):
    """The key has used up its rate limit. `wait` is in seconds."""

    status_code = 429
    default_code = "too_many_calls"
    default_detail = "Too many calls with this key in this minute."

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = wait


class Calls:
    """Calls in this minute, by the public part of each key."""

    def __init__(self) -> None:
        self._minute = 0
        self._of_key: dict[str, Iterator[int]] = {}

    def count(self, prefix: str) -> RateLimit:
        """Count one call of an authenticated key."""
        minute, gone = divmod(int(time.time()), MINUTE)
        if minute != self._minute:
            self._minute, self._of_key = minute, defaultdict(lambda: count(1))
        return RateLimit(next(self._of_key[prefix]), MINUTE - gone)


calls = Calls()
