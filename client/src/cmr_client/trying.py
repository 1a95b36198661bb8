"""Retries: when a call is made again, and after how long."""

from __future__ import annotations

import random
from typing import Any, TypeAlias

import httpx

from cmr_client.calls import Call
from cmr_client.problems import CMRError, UnexpectedAnswer, Unreachable, problem_of, retry_after

#: An answer, or what came in its place.
Outcome: TypeAlias = httpx.Response | httpx.TransportError

#: Seconds. Whoever is asked to wait longer is told so, and decides.
LONGEST_WAIT = 60.0
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0

#: It did not even begin, so any call may be made again.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
#: Nothing is cured by waiting.
HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
BUSY, DOWN = 429, (502, 503, 504)
CONFLICT = 409


class Tries:
    """The attempts of one call: at most *retries* and one."""

    def __init__(self, call: Call[Any], retries: int) -> None:
        self.call = call
        self.left = retries
        self.pause = FIRST_PAUSE

    def wait(self, outcome: Outcome) -> float | None:
        """Return the seconds until the next attempt, or None if *outcome* is final."""
        if not self.left or not self._may_repeat(outcome):
            return None
        self.left -= 1
        asked = retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        if asked is not None:
            return asked if asked <= LONGEST_WAIT else None
        pause, self.pause = self.pause, min(self.pause * 2, LONGEST_PAUSE)
        return pause * random.uniform(0.5, 1)  # noqa: S311  # no secret: callers must not march in step

    def _may_repeat(self, outcome: Outcome) -> bool:
        if isinstance(outcome, httpx.Response):
            status = outcome.status_code
            # The try before with the same `Idempotency-Key` is not done yet.
            is_in_use = status == CONFLICT and retry_after(outcome) is not None
            return status == BUSY or (self.call.again and (status in DOWN or is_in_use))
        if isinstance(outcome, HOPELESS):
            return False
        return self.call.again or isinstance(outcome, NEVER_SENT)


def result_of(call: Call[Any], outcome: Outcome) -> Any:
    """Return the parsed answer of a call's final outcome.

    Raises:
        CMRError
    """
    if isinstance(outcome, httpx.TransportError):
        raise _unreachable(outcome) from outcome
    if not outcome.is_success:
        raise problem_of(outcome)
    try:
        return call.read(outcome)
    except ValueError as error:  # msgspec's are, and those of the text's encoding
        detail = f"What {call.path} answered could not be read: {error}"
        title = "The answer is of another form"
        raise UnexpectedAnswer(
            "unexpected_answer", title, detail, status=outcome.status_code
        ) from error


def _unreachable(error: httpx.TransportError) -> CMRError:
    kind = "timed_out" if isinstance(error, httpx.TimeoutException) else "unreachable"
    detail = f"{_address_of(error)}{error or type(error).__name__}"
    return Unreachable(kind, "The service does not answer", detail)


def _address_of(error: httpx.TransportError) -> str:
    """Return the address of a request, or an empty text if the request is unknown."""
    try:
        return f"{error.request.url.scheme}://{error.request.url.netloc.decode()}: "
    except RuntimeError:
        return ""
