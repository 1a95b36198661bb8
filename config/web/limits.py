"""How long a body each view takes, known from its path before a byte is read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import Resolver404, resolve


class Limit(NamedTuple):
    #: Bytes that are read before the view runs; a longer body is refused, or streamed.
    whole: int
    #: Whether the view reads a longer body by itself, in pieces.
    streams: bool = False


@lru_cache(1_000)
def find_limit(path: str) -> Limit:
    """Return the limit of the view at *path*; where there is none, the usual one."""
    try:
        view = resolve(path).func
    except Resolver404:
        return Limit(settings.MAX_BODY_BYTES)
    shown: Any = getattr(view, "cls", view)
    streams = any(getattr(shown, name, False) for name in ("streams_body", "reads_in_pieces"))
    if (own := getattr(shown, "max_body_bytes", None)) is not None:
        return Limit(own(), streams)
    parsers = getattr(shown, "parser_classes", ())
    limits = [parser.limit() for parser in parsers if hasattr(parser, "limit")]
    return Limit(max(limits, default=settings.MAX_BODY_BYTES), streams)
