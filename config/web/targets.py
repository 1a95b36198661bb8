"""Where a request goes, known from its path before a byte of its body is read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import Resolver404, resolve

#: The route of a path that leads nowhere: the path itself may say anything.
NOWHERE = "(none)"


class Limit(NamedTuple):
    #: Bytes that are read before the view runs; a longer body is refused, or streamed.
    whole: int
    #: Whether the view reads a longer body by itself, in pieces.
    streams: bool = False


class Target(NamedTuple):
    #: The pattern of the path, as `/p/<str:token>`: it holds nothing that a caller wrote.
    route: str
    limit: Limit


@lru_cache(1_000)
def find_target(path: str) -> Target:
    """Return where *path* leads; the usual limit where it leads to no view."""
    try:
        match = resolve(path)
    except Resolver404:
        is_file = path.startswith(settings.STATIC_URL)
        route = f"{settings.STATIC_URL}<path>" if is_file else NOWHERE
        return Target(route, Limit(settings.MAX_BODY_BYTES))
    return Target(f"/{match.route}", _limit_of(match.func))


def _limit_of(view: Any) -> Limit:
    shown: Any = getattr(view, "cls", view)
    streams = any(getattr(shown, name, False) for name in ("streams_body", "reads_in_pieces"))
    if (own := getattr(shown, "max_body_bytes", None)) is not None:
        return Limit(own(), streams)
    parsers = getattr(shown, "parser_classes", ())
    limits = [parser.limit() for parser in parsers if hasattr(parser, "limit")]
    return Limit(max(limits, default=settings.MAX_BODY_BYTES), streams)
