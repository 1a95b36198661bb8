"""What the server has to know of a request before its body: one walk over its headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from config.request_ids import choose_request_id

READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: A length of more digits, zeros included, is not read: Django takes one that it cannot read for 0.
MOST_DIGITS = 18
UNREADABLE = -1


class Head(NamedTuple):
    #: Bytes of all names and values of headers.
    size: int
    #: Bytes that the body says it has; None where it does not say, which chunked ones do;
    #: UNREADABLE where it has too many digits.
    length: int | None
    #: Whether a browser may have sent it: it writes, and names no key or token.
    is_form: bool
    #: The caller's own, or one that was made for it.
    request_id: str


def read_head(scope: Mapping[str, Any]) -> Head:
    """Return the head of an ASGI request. Of two lengths the first counts."""
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
