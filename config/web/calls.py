"""One request on its way, and what is noted of it at its end: a line of the log, and counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from config.web import counts
from config.web.answers import Sender
from config.web.heads import Head, read_head
from config.web.targets import Target, find_target

log = logging.getLogger("cmr.access")

Scope = Mapping[str, Any]
#: A method may be any word; those that nobody serves are one.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: What is logged as the status where the server gave up before the answer began.
NO_ANSWER = 499


@dataclass(slots=True)
class Call:
    """A request, from its head to the last byte of its answer."""

    scope: Scope
    head: Head
    target: Target
    #: Whose it is, in what a log may hold; empty where nobody was recognised.
    caller: str = ""
    began: float = field(default_factory=time.perf_counter)

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method if method in METHODS else "other"

    def note(self, sender: Sender, *, failed: bool = False) -> None:
        """Count and log it as it ended; *failed* where an error of ours ended it."""
        status = sender.status or (500 if failed else NO_ANSWER)
        seconds = time.perf_counter() - self.began
        method = self.method if self.method in self.target.methods else "other"
        counts.count_request(self.target.route, method, status, seconds)
        if settings.ACCESS_LOG:
            log.info("request", extra={"access": self._describe(status, seconds, sender.is_whole)})

    def _describe(self, status: int, seconds: float, is_whole: bool) -> dict[str, Any]:
        """Describe it by what we wrote ourselves: no path, query, address or secret."""
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
    """Return the call of an ASGI scope, whose time runs from now on."""
    return Call(scope, read_head(scope), find_target(scope["path"]))
