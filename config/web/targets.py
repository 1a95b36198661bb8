"""Where a request goes, known from its path before a byte of its body is read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import Resolver404, ResolverMatch, resolve

#: The route of a path that leads nowhere: the path itself may say anything.
NOWHERE = "(none)"
#: A path of more characters is resolved each time: kept, thousands of them would fill the memory.
LONGEST_KEPT = 200


class Limit(NamedTuple):
    #: Bytes that are read before the view runs; a longer body is refused, or streamed.
    whole: int
    #: Whether the view reads a longer body by itself, in pieces.
    streams: bool = False


#: What a view that is a function may serve.
PAGE_METHODS = frozenset({"GET", "HEAD", "POST"})


class Target(NamedTuple):
    #: The pattern of the path, as `/p/<str:token>`: it holds nothing that a caller wrote.
    route: str
    limit: Limit
    #: Methods that may be served there.
    methods: frozenset[str] = PAGE_METHODS
    #: The view and its arguments; none where the path leads nowhere.
    match: ResolverMatch | None = None


def find_target(path: str) -> Target:
    """Return where *path* leads; the usual limit where it leads to no view."""
    find = _find_target if len(path) <= LONGEST_KEPT else _find_target.__wrapped__
    return find(path)


@lru_cache(1_000)
def _find_target(path: str) -> Target:
    try:
        match = resolve(path)
    except Resolver404:
        is_file = path.startswith(settings.STATIC_URL)
        route = f"{settings.STATIC_URL}<path>" if is_file else NOWHERE
        return Target(route, Limit(settings.MAX_BODY_BYTES))
    return Target(f"/{match.route}", _limit_of(match.func), _methods_of(match.func), match)


def _methods_of(view: Any) -> frozenset[str]:
    shown: Any = getattr(view, "view_class", None)
    if shown is None:
        return PAGE_METHODS
    methods = {name.upper() for name in shown.http_method_names if hasattr(shown, name)}
    return frozenset(methods | ({"HEAD"} if "GET" in methods else set()))


def _limit_of(view: Any) -> Limit:
    shown: Any = getattr(view, "cls", view)
    streams = any(getattr(shown, name, False) for name in ("streams_body", "reads_in_pieces"))
    if (own := getattr(shown, "max_body_bytes", None)) is not None:
        return Limit(own(), streams)
    parsers = getattr(shown, "parser_classes", ())
    limits = [parser.limit() for parser in parsers if hasattr(parser, "limit")]
    return Limit(max(limits, default=settings.MAX_BODY_BYTES), streams)
