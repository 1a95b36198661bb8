"""What an answer means, and how long a failing endpoint is left alone."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.utils import timezone
from django.utils.http import parse_http_date_safe

from brands.models import Outcome
from brands.outbound import Answer

JITTER = 0.2
#: An endpoint that failed this long without a break is disabled.
GIVE_UP_AFTER = timedelta(days=5)
RETRY_AFTER_MIN, RETRY_AFTER_MAX = timedelta(seconds=1), timedelta(hours=1)
#: How long one that was only asked to be slower, by a few of many answers, is left alone.
BREATH = timedelta(seconds=1)


class Verdict(Enum):
    """What is to be done after an answer."""

    PASSED = "go on"
    REFUSED = "this event is not taken: its person stands aside"
    THROTTLED = "be slower"
    FAILED = "the endpoint is in trouble: all of it waits"
    GONE = "never again"


#: Statuses in the 4xx that say nothing about the event; the rest of 4xx refuse it.
OF_STATUS = {
    408: Verdict.FAILED,
    410: Verdict.GONE,
    425: Verdict.FAILED,
    429: Verdict.THROTTLED,
    502: Verdict.THROTTLED,
    503: Verdict.THROTTLED,
    504: Verdict.THROTTLED,
}


def verdict_on(answer: Answer) -> Verdict:
    if answer.outcome is Outcome.DELIVERED:
        return Verdict.PASSED
    status = answer.status or 0
    return OF_STATUS.get(status, Verdict.REFUSED if 400 <= status < 500 else Verdict.FAILED)


def asks_for_less(answer: Answer) -> bool:
    """Return whether the endpoint works, and wants fewer requests: 429, or 503 that says when."""
    return answer.status == 429 or (answer.status == 503 and bool(answer.retry_after))


def wait_after(failures: int, answer: Answer) -> timedelta:
    """How long to wait after one more failure, *failures* having come before it in a row."""
    schedule = settings.DELIVERY_SCHEDULE
    planned = timedelta(seconds=schedule[min(failures, len(schedule) - 1)])
    jittered = planned * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    asked = retry_after(answer)
    return jittered if asked is None else asked


def retry_after(answer: Answer) -> timedelta | None:
    """Return what a throttling endpoint asked for, within bounds; None if it did not.

    It may be in seconds, or a date (RFC 9110 §10.2.3).
    """
    if verdict_on(answer) is not Verdict.THROTTLED:
        return None
    if (seconds := _read_seconds(answer.retry_after)) is None:
        return None
    least, most = RETRY_AFTER_MIN.total_seconds(), RETRY_AFTER_MAX.total_seconds()
    return timedelta(seconds=min(max(seconds, least), most))


def _read_seconds(text: str) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    if (date := parse_http_date_safe(text)) is None:
        return None
    return date - timezone.now().timestamp()
