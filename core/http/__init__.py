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

__all__ = [
    "ENDS_IN_NUMBER",
    "Answer",
    "ForbiddenUrl",
    "check_url",
    "fetch",
    "get",
    "open_session",
    "post",
]
