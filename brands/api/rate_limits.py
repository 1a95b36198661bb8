"""How many calls a key may make in a minute, told with each answer as the IETF's draft has it
(draft-ietf-httpapi-ratelimit-headers).

Counted in each web process, after the key has been recognised. Accepted: with several processes the
limit is that many times as high, and what is left jumps from one answer to the next. It is there
against programs that run wild, and a count of all processes would cost a check more than its answer
does. Two threads that see a minute begin at once may lose a call between them.
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


class Allowance(NamedTuple):
    """What a key has spent of this minute's calls, and in how many seconds the next begins."""

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
    """The key has spent its calls. `wait` is in seconds."""

    status_code = 429
    default_code = "too_many_calls"
    default_detail = "This key has made its calls for this minute."

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = wait


class Calls:
    """The calls of this minute, by the public part of their keys."""

    def __init__(self) -> None:
        self._minute = 0
        self._of_key: dict[str, Iterator[int]] = {}

    def count(self, prefix: str) -> Allowance:
        """Count one call of a key that was recognised."""
        minute, gone = divmod(int(time.time()), MINUTE)
        if minute != self._minute:
            self._minute, self._of_key = minute, defaultdict(lambda: count(1))
        return Allowance(next(self._of_key[prefix]), MINUTE - gone)


calls = Calls()
