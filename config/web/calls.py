"""One request, and what is recorded at its end: a log line and counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from config.web import counts
from config.web.answers import AnswerSender
from config.web.heads import Head, read_head
from config.web.targets import Target, find_target

log = logging.getLogger("cmr.access")

Scope = Mapping[str, Any]
#: Clients may send any method; unknown ones are counted as one.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: The logged status if the server gave up before the answer began.
NO_ANSWER = 499


@dataclass(slots=True)
class Call:
    """A request, from its headers to the last byte of its answer."""

    scope: Scope
    head: Head
    target: Target
    #: The caller in a form that may be logged; empty if nobody was recognised.
    caller: str = ""
    began: float = field(default_factory=time.perf_counter)

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method if method in METHODS else "other"

    def note(self, sender: AnswerSender, *, failed: bool = False) -> None:
        """Count and log the request at its end; *failed* if our own error ended it."""
        status = sender.status or (500 if failed else NO_ANSWER)
        seconds = time.perf_counter() - self.began
        method = self.method if self.method in self.target.methods else "other"
        counts.count_request(self.target.route, method, status, seconds)
        if settings.ACCESS_LOG:
            log.info("request", extra={"access": self._describe(status, seconds, sender.is_whole)})

    def _describe(self, status: int, seconds: float, is_whole: bool) -> dict[str, Any]:
        """Return the log's fields. None has text of the caller: path, query, address, secret."""
        return {
            "method": self.method,
            "route": self.target.route,
            "status": status,
            "ms": round(seconds * 1_000, 1),
            "caller": self.caller,
            "request_id": self.head.request_id,
            **({} if is_whole else {"cut": True}),
        }


def begin_call(scope: Scope) -> Call:
    """Return the call of an ASGI scope, and start its timer."""
    return Call(scope, read_head(scope), find_target(scope["path"]))
