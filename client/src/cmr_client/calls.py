"""Description of a call: the request, how to parse the answer, and whether it may be repeated."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import httpx
import msgspec

from cmr_client.answers import Page

R = TypeVar("R")
T = TypeVar("T")

JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Call(Generic[R]):
    """One call. In a flow, `answer = yield from call` makes it."""

    method: str
    path: str
    read: Callable[[httpx.Response], R]
    query: Mapping[str, Any] = field(default_factory=dict)
    content: bytes | None = None
    media: str = JSON
    #: The `Idempotency-Key`: the same on each try.
    key: str | None = None
    #: Whether it may be made again when nobody knows if it was done.
    again: bool = False
    #: How long it may take, where that is longer than usual.
    seconds: float | None = None
    #: Whether the answer is read by its caller, line by line.
    streamed: bool = False

    def __iter__(self) -> Generator[Step, Any, R]:
        answer: R = yield self
        return answer


@dataclass(frozen=True)
class Found(Generic[T]):
    """An item that a flow yields to its caller."""

    value: T


#: A call to be made, seconds to pass, or something found.
Step: TypeAlias = "Call[Any] | float | Found[Any]"


def get(path: str, kind: type[R], **query: Any) -> Call[R]:
    return Call(method="GET", path=path, read=json(kind), query=drop_missing(query), again=True)


def post(
    path: str, kind: type[R], said: Any = None, *, again: bool = False, key: str | None = None
) -> Call[R]:
    """Return a POST. With a *key* it may be repeated."""
    repeated = again or key is not None
    return Call(
        method="POST", path=path, read=json(kind), content=body(said), key=key, again=repeated
    )


def put(path: str, kind: type[R], said: Any) -> Call[R]:
    return Call(method="PUT", path=path, read=json(kind), content=body(said), again=True)


def delete(path: str) -> Call[None]:
    return Call(method="DELETE", path=path, read=nothing, again=True)


def body(said: Any) -> bytes | None:
    return None if said is None else msgspec.json.encode(said)


def drop_missing(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* without those that were left out."""
    return {name: value for name, value in said.items() if value is not None}


def key_or_new(key: str | None) -> str:
    """Return the given `Idempotency-Key`, or a new one so that retries of this call count once."""
    return key or uuid.uuid4().hex


def json(kind: type[R]) -> Callable[[httpx.Response], R]:
    decoder = msgspec.json.Decoder(kind)
    return lambda answer: decoder.decode(answer.content)


def nothing(answer: httpx.Response) -> None:
    """Ignore the content of an answer that only confirms success."""


def items(kind: type[T]) -> Callable[[httpx.Response], list[T]]:
    """Return a parser of `{"data": […]}`."""
    read = json(Page[kind])  # type: ignore[valid-type]  # a type that is known as it runs
    return lambda answer: read(answer).data


def pages(path: str, kind: type[T], **query: Any) -> Generator[Step, Any, None]:
    """Yield all items of a list, page after page."""
    cursor: str | None = None
    while True:
        page = yield from _page(path, kind, cursor=cursor, **query)
        yield from found(page.data)
        if (cursor := page.next_cursor) is None:
            return


def whole(path: str, kind: type[T]) -> Generator[Step, Any, list[T]]:
    """Return the steps that read all items of a short list."""
    page = yield from _page(path, kind)
    values = page.data
    while page.next_cursor is not None:
        page = yield from _page(path, kind, cursor=page.next_cursor)
        values += page.data
    return values


def _page(path: str, kind: type[T], **query: Any) -> Call[Page[T]]:
    read: type[Page[T]] = Page[kind]  # type: ignore[valid-type]  # as above
    return get(path, read, limit=500, **query)


def found(values: Sequence[T]) -> Generator[Step, Any, None]:
    for value in values:
        yield Found(value)
