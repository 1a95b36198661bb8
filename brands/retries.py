"""How long a failing endpoint is left alone. Pure."""

from __future__ import annotations

import random
import re
from datetime import timedelta

from brands.outbound import Answer

#: How long a failing subscription waits before its next try, by the count of failures so far.
SCHEDULE = [
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
]
JITTER = 0.2
#: An endpoint that failed this long without a break is disabled.
GIVE_UP_AFTER = timedelta(days=5)
#: The answers that say "later": the endpoint names the time within these bounds.
THROTTLED = {429, 502, 503, 504}
RETRY_AFTER_MAX = timedelta(hours=1)


def wait_after(failures: int, answer: Answer) -> timedelta:
    """How long to wait after one more failure, *failures* having come before it in a row."""
    planned = SCHEDULE[min(failures, len(SCHEDULE) - 1)]
    jittered = planned * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    asked = _retry_after(answer)
    return jittered if asked is None else min(max(asked, SCHEDULE[0]), RETRY_AFTER_MAX)


def _retry_after(answer: Answer) -> timedelta | None:
    """What a throttling endpoint asked for, in seconds (RFC 9110 §10.2.3; dates are ignored)."""
    if answer.status in THROTTLED and re.fullmatch(r"[0-9]{1,9}", answer.retry_after):
        return timedelta(seconds=int(answer.retry_after))
    return None
