"""One call to the service, described: what is asked, how the answer is read, what a repeat does."""

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
    """In a flow, `answer = yield from call` has it made."""

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
    """What a flow gives to whoever iterates over it."""

    value: T


#: A call to be made, seconds to pass, or something found.
Step: TypeAlias = "Call[Any] | float | Found[Any]"


def get(path: str, kind: type[R], **query: Any) -> Call[R]:
    return Call(method="GET", path=path, read=json(kind), query=given(query), again=True)


def post(
    path: str, kind: type[R], said: Any = None, *, again: bool = False, key: str | None = None
) -> Call[R]:
    """*key* makes any call one that may be repeated."""
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


def given(said: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was left out."""
    return {name: value for name, value in said.items() if value is not None}


def key_or_new(key: str | None) -> str:
    """An `Idempotency-Key`; with a new one at least the tries of this call are one."""
    return key or uuid.uuid4().hex


def json(kind: type[R]) -> Callable[[httpx.Response], R]:
    decoder = msgspec.json.Decoder(kind)
    return lambda answer: decoder.decode(answer.content)


def nothing(answer: httpx.Response) -> None:
    """Of an answer that says no more than that it was done."""


def items(kind: type[T]) -> Callable[[httpx.Response], list[T]]:
    """Reads `{"data": […]}`."""
    read = json(Page[kind])  # type: ignore[valid-type]  # a type that is known as it runs
    return lambda answer: read(answer).data


def pages(path: str, kind: type[T], **query: Any) -> Generator[Step, Any, None]:
    """A flow that finds everything on a list, page after page."""
    cursor: str | None = None
    while True:
        page = yield from _page(path, kind, cursor=cursor, **query)
        yield from found(page.data)
        if (cursor := page.next_cursor) is None:
            return


def whole(path: str, kind: type[T]) -> Generator[Step, Any, list[T]]:
    """Return the steps that read everything on a short list."""
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
