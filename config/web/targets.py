"""The target of a request, found from its path before its body is read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import Resolver404, ResolverMatch, resolve

#: The route of an unknown path. The path itself may hold any text.
NOWHERE = "(none)"
#: A longer path, in characters, is not cached, because thousands of them would fill the memory.
LONGEST_KEPT = 200


class BodyLimit(NamedTuple):
    #: Bytes that are read before the view runs; a longer body is refused or streamed.
    whole: int
    #: Whether the view reads a longer body in pieces.
    streams: bool = False


#: The methods that a view function may serve.
PAGE_METHODS = frozenset({"GET", "HEAD", "POST"})


class Target(NamedTuple):
    #: The pattern of the path, such as `/p/<str:token>`: it holds no text of a caller.
    route: str
    limit: BodyLimit
    #: Methods that the view may serve.
    methods: frozenset[str] = PAGE_METHODS
    #: The view and its arguments; None for an unknown path.
    match: ResolverMatch | None = None
    #: Whether the view may run for minutes, such as one that reads a mailbox.
    runs_long: bool = False


def find_target(path: str) -> Target:
    """Return the target of *path*; for an unknown path, one with the default limit."""
    find = _find_target if len(path) <= LONGEST_KEPT else _find_target.__wrapped__
    return find(path)


@lru_cache(1_000)
def _find_target(path: str) -> Target:
    try:
        match = resolve(path)
    except Resolver404:
        is_file = path.startswith(settings.STATIC_URL)
        route = f"{settings.STATIC_URL}<path>" if is_file else NOWHERE
        return Target(route, BodyLimit(settings.MAX_BODY_BYTES))
    view = match.func
    runs_long = bool(getattr(view, "runs_long", False))
    return Target(f"/{match.route}", _limit_of(view), _methods_of(view), match, runs_long)


def _methods_of(view: Any) -> frozenset[str]:
    shown: Any = getattr(view, "view_class", None)
    if shown is None:
        return PAGE_METHODS
    methods = {name.upper() for name in shown.http_method_names if hasattr(shown, name)}
    return frozenset(methods | ({"HEAD"} if "GET" in methods else set()))


def _limit_of(view: Any) -> BodyLimit:
    shown: Any = getattr(view, "cls", view)
    streams = any(getattr(shown, name, False) for name in ("streams_body", "reads_in_pieces"))
    if (own := getattr(shown, "max_body_bytes", None)) is not None:
        return BodyLimit(own(), streams)
    parsers = getattr(shown, "parser_classes", ())
    limits = [parser.limit() for parser in parsers if hasattr(parser, "limit")]
    return BodyLimit(max(limits, default=settings.MAX_BODY_BYTES), streams)
