"""Outgoing HTTP requests, with a guard against requests to private addresses (SSRF)."""

from core.http.outbound import (
    ENDS_IN_NUMBER,
    Answer,
    ForbiddenUrl,
    check_url,
    fetch,
    get,
    open_session,
    post,
)
from core.http.outcome import Outcome

__all__ = [
    "ENDS_IN_NUMBER",
    "Answer",
    "ForbiddenUrl",
    "Outcome",
    "check_url",
    "fetch",
    "get",
    "open_session",
    "post",
]
