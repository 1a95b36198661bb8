"""Outgoing HTTP requests, with a guard against requests to private addresses (SSRF)."""

from core.http.outbound import (
    ENDS_IN_NUMBER,
    Answer,
    ForbiddenAddress,
    ForbiddenUrl,
    check_url,
    fetch,
    get,
    guarded_socket,
    open_session,
    post,
)

__all__ = [
    "ENDS_IN_NUMBER",
    "Answer",
    "ForbiddenAddress",
    "ForbiddenUrl",
    "check_url",
    "fetch",
    "get",
    "guarded_socket",
    "open_session",
    "post",
]
