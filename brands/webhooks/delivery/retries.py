"""Retries: what an answer means, and how long to wait before the next try."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.utils import timezone
from django.utils.http import parse_http_date_safe

from brands.models import Outcome
from core.http import Answer

JITTER = 0.2
#: An endpoint that failed for so long without a success is disabled.
GIVE_UP_AFTER = timedelta(days=5)
RETRY_AFTER_MIN, RETRY_AFTER_MAX = timedelta(seconds=1), timedelta(hours=1)
#: The wait after a round in which an endpoint asked for less, but took most requests.
THROTTLED_WAIT = timedelta(seconds=1)


class Verdict(Enum):
    """What to do after an answer."""

    PASSED = "continue"
    REFUSED = "quarantine the event and its person"
    THROTTLED = "slow down"
    FAILED = "the endpoint fails: stop and retry later"
    GONE = "disable the subscription"


#: Statuses with a meaning of their own; any other 4xx refuses the event, and all else fails.
VERDICTS = {
    408: Verdict.FAILED,
    410: Verdict.GONE,
    425: Verdict.FAILED,
    429: Verdict.THROTTLED,
    502: Verdict.THROTTLED,
    503: Verdict.THROTTLED,
    504: Verdict.THROTTLED,
}


def classify_answer(answer: Answer) -> Verdict:
    if answer.outcome is Outcome.DELIVERED:
        return Verdict.PASSED
    status = answer.status or 0
    return VERDICTS.get(status, Verdict.REFUSED if 400 <= status < 500 else Verdict.FAILED)


def asks_for_less(answer: Answer) -> bool:
    """Return whether the endpoint works, but wants fewer requests: 429, or 503 with a time."""
    return answer.status == 429 or (answer.status == 503 and bool(answer.retry_after))


def choose_wait(failures: int, answer: Answer) -> timedelta:
    """Return how long to wait after a failure that follows *failures* others in a row.

    It is the wait that the endpoint asked for, or else the one of the schedule, with jitter.
    """
    asked = parse_retry_after(answer)
    if asked is not None:
        return asked
    schedule = settings.DELIVERY_SCHEDULE
    planned = timedelta(seconds=schedule[min(failures, len(schedule) - 1)])
    return planned * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311


def parse_retry_after(answer: Answer) -> timedelta | None:
    """Return the wait that a throttling endpoint asked for, within bounds; else None.

    `Retry-After` holds seconds or a date (RFC 9110 §10.2.3).
    """
    if classify_answer(answer) is not Verdict.THROTTLED:
        return None
    if (seconds := _parse_seconds(answer.retry_after)) is None:
        return None
    least, most = RETRY_AFTER_MIN.total_seconds(), RETRY_AFTER_MAX.total_seconds()
    return timedelta(seconds=min(max(seconds, least), most))


def _parse_seconds(text: str) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    if (date := parse_http_date_safe(text)) is None:
        return None
    return date - timezone.now().timestamp()
