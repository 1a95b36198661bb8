"""Execution of calls and flows, in this thread or in an event loop.

Note [Written once]. Each operation only describes what it does: a `Call`, or a flow, which is a
generator that yields calls to make and seconds to wait. `Sync` and `Async` execute it, and
`Operation` has the right type for each. So only the few lines below exist twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from functools import update_wrapper
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

import httpx
import msgspec

from cmr_client.calls import Call, Found, Step
from cmr_client.problems import Unreachable
from cmr_client.trying import Outcome, Tries, result_of

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


class Steps(Protocol[R_co]):
    """A call, or a flow of calls."""

    def __iter__(self) -> Generator[Step, Any, R_co]: ...


def package_version() -> str:
    try:
        return version("cmr-client")
    except PackageNotFoundError:  # run from its sources
        return "0"


def options(url: str, key: str, timeout: float) -> dict[str, Any]:
    """Return the options for httpx's clients."""
    return {
        "base_url": f"{url}/api/v1/",
        "timeout": timeout,
        "headers": {
            "Authorization": f"Bearer {key}",
            "User-Agent": f"cmr-client/{package_version()}",
        },
    }


def _request(http: httpx.Client | httpx.AsyncClient, call: Call[Any]) -> httpx.Request:
    headers = {"Content-Type": call.media} if call.content is not None else {}
    if call.key is not None:
        headers["Idempotency-Key"] = call.key
    usual = http.timeout.connect or 0.0
    return http.build_request(
        call.method,
        call.path,
        params=call.query,
        content=call.content,
        headers=headers,
        timeout=httpx.Timeout(usual, read=max(usual, call.seconds or 0.0)),
    )


class Sync:
    """Executes calls in the caller's thread."""

    def __init__(self, http: httpx.Client, retries: int) -> None:
        self.http = http
        self.retries = retries

    def run(self, steps: Steps[R]) -> R:
        """Execute all steps.

        Raises:
            CMRError
        """
        going, said = iter(steps), None
        while True:
            try:
                step = going.send(said)
            except StopIteration as end:
                result: R = end.value
                return result
            said = self._take(step)

    def iterate(self, steps: Generator[Step, Any, None]) -> Iterator[Any]:
        """Yield the items that the flow finds."""
        said = None
        while True:
            try:
                step = steps.send(said)
            except StopIteration:
                return
            if isinstance(step, Found):
                said = None
                yield step.value
            else:
                said = self._take(step)

    def _take(self, step: Step) -> Any:
        if isinstance(step, Call):
            return self._make(step)
        assert isinstance(step, float)
        time.sleep(step)
        return None

    def _make(self, call: Call[Any]) -> Any:
        tries = Tries(call, self.retries)
        while (wait := tries.wait(outcome := self._try(call))) is not None:
            time.sleep(wait)
        return result_of(call, outcome)

    def _try(self, call: Call[Any]) -> Outcome:
        try:
            answer = self.http.send(_request(self.http, call), stream=True)
            if not (call.streamed and answer.is_success):
                try:
                    answer.read()
                finally:
                    answer.close()
        except httpx.TransportError as error:
            return error
        return answer


class Async:
    """Executes calls in an event loop."""

    def __init__(self, http: httpx.AsyncClient, retries: int) -> None:
        self.http = http
        self.retries = retries

    async def run(self, steps: Steps[R]) -> R:
        """Execute all steps.

        Raises:
            CMRError
        """
        going, said = iter(steps), None
        while True:
            try:
                step = going.send(said)
            except StopIteration as end:
                result: R = end.value
                return result
            said = await self._take(step)

    async def iterate(self, steps: Generator[Step, Any, None]) -> AsyncIterator[Any]:
        """Yield the items that the flow finds."""
        said = None
        while True:
            try:
                step = steps.send(said)
            except StopIteration:
                return
            if isinstance(step, Found):
                said = None
                yield step.value
            else:
                said = await self._take(step)

    async def _take(self, step: Step) -> Any:
        if isinstance(step, Call):
            return await self._make(step)
        assert isinstance(step, float)
        await asyncio.sleep(step)
        return None

    async def _make(self, call: Call[Any]) -> Any:
        tries = Tries(call, self.retries)
        while (wait := tries.wait(outcome := await self._try(call))) is not None:
            await asyncio.sleep(wait)
        return result_of(call, outcome)

    async def _try(self, call: Call[Any]) -> Outcome:
        try:
            answer = await self.http.send(_request(self.http, call), stream=True)
            if not (call.streamed and answer.is_success):
                try:
                    await answer.aread()
                finally:
                    await answer.aclose()
        except httpx.TransportError as error:
            return error
        return answer


K = TypeVar("K", bound=Sync | Async)


class Group(Generic[K]):
    """Group of operations on one subject."""

    def __init__(self, transport: K) -> None:
        self._transport = transport


class Operation(Generic[P, R]):
    """A method that describes its steps.

    `Client` executes them and returns the result. `AsyncClient` returns an awaitable.
    """

    def __init__(self, describe: Callable[Concatenate[Any, P], Steps[R]]) -> None:
        self.describe = describe
        update_wrapper(self, describe)  # type: ignore[arg-type]  # for its name and its docstring

    @overload
    def __get__(self, group: None, owner: type) -> Self: ...
    @overload
    def __get__(self, group: Group[Sync], owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, group: Group[Async], owner: type) -> Callable[P, Awaitable[R]]: ...
    def __get__(self, group: Group[Any] | None, owner: type) -> Any:
        if group is None:
            return self

        def operate(*args: P.args, **kwargs: P.kwargs) -> Any:
            return group._transport.run(self.describe(group, *args, **kwargs))

        return update_wrapper(operate, self.describe)


class Items(Generic[T, K]):
    """Items that are fetched during iteration.

    Use `for` with `Client` and `async for` with `AsyncClient`.
    """

    def __init__(self, transport: K, steps: Generator[Step, Any, None]) -> None:
        self._transport = transport
        self._steps = steps

    def __iter__(self: Items[T, Sync]) -> Iterator[T]:
        return iter(self._transport.iterate(self._steps))

    def __aiter__(self: Items[T, Async]) -> AsyncIterator[T]:
        return self._transport.iterate(self._steps)


class Lines(Generic[T, K]):
    """An answer that is read line by line: open it with `with`, then iterate over it."""

    def __init__(self, transport: K, call: Call[httpx.Response], kind: type[T]) -> None:
        self._transport = transport
        self._call = call
        self._decoder = msgspec.json.Decoder(kind)
        self._answer: httpx.Response | None = None

    @property
    def answer(self) -> httpx.Response:
        assert self._answer is not None, "open it first: with … as lines"
        return self._answer

    @property
    def through(self) -> int:
        """Return the sequence up to which the answer reflects the stream."""
        return int(self.answer.headers["X-Through-Sequence"])

    def __enter__(self: Lines[T, Sync]) -> Lines[T, Sync]:
        self._answer = self._transport.run(self._call)
        return self

    def __exit__(self: Lines[T, Sync], *error: object) -> None:
        self.answer.close()

    def __iter__(self: Lines[T, Sync]) -> Iterator[T]:
        lines = _Lines()
        try:
            for piece in self.answer.iter_bytes():
                yield from map(self._decoder.decode, lines.whole(piece))
        except httpx.TransportError as error:
            raise _cut_off() from error

    async def __aenter__(self: Lines[T, Async]) -> Lines[T, Async]:
        self._answer = await self._transport.run(self._call)
        return self

    async def __aexit__(self: Lines[T, Async], *error: object) -> None:
        await self.answer.aclose()

    async def __aiter__(self: Lines[T, Async]) -> AsyncIterator[T]:
        lines = _Lines()
        try:
            async for piece in self.answer.aiter_bytes():
                for line in lines.whole(piece):
                    yield self._decoder.decode(line)
        except httpx.TransportError as error:
            raise _cut_off() from error


class _Lines:
    """Splits pieces of bytes into lines.

    httpx splits at U+2028, too, which a `ref` may contain.
    """

    def __init__(self) -> None:
        self.rest = b""

    def whole(self, piece: bytes) -> list[bytes]:
        """Return the lines that *piece* completes."""
        *lines, self.rest = (self.rest + piece).split(b"\n")
        return lines


def _cut_off() -> Unreachable:
    return Unreachable("cut_off", "The answer was cut off", "The answer was cut off: begin again")
