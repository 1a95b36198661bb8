"""What the server reads from a request's headers before its body, in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from config.request_ids import choose_request_id

READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: A length of more digits, leading zeros included, is refused. Django reads an invalid one as 0.
MOST_DIGITS = 18
UNREADABLE = -1


class Head(NamedTuple):
    #: The bytes of all header names and values.
    size: int
    #: The announced bytes of the body; None if it is not announced, as for chunked bodies;
    #: UNREADABLE if it has too many digits.
    length: int | None
    #: Whether a browser may have sent it: it is a write without a key or token.
    is_form: bool
    #: The caller's id, or a generated one.
    request_id: str


def read_head(scope: Mapping[str, Any]) -> Head:
    """Return the head of an ASGI request. If there are two lengths, the first counts."""
    size, length, is_chunked, has_key, request_id = 0, None, False, False, ""
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name == b"content-length" and length is None and value.isdigit():
            length = int(value) if len(value) <= MOST_DIGITS else UNREADABLE
        elif name == b"transfer-encoding":
            is_chunked = True
        elif name == b"authorization":
            has_key = True
        elif name == b"x-request-id":
            request_id = value.decode("latin-1")
    if length is None and not is_chunked:
        length = 0
    is_form = scope["method"] not in READ_METHODS and not has_key
    return Head(size, length, is_form, choose_request_id(request_id))
