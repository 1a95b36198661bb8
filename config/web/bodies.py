"""Reading the body of a request: whole if it fits, else in pieces, and always with a time limit.

A body that is read whole has a deadline, which grows with its length. A client that sends a byte
now and then is therefore cut off, and occupies no thread meanwhile. The number of bytes in memory
is limited for each caller and for the process.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class BodyTooSlow(Exception):
    """The deadline passed before the body was complete."""


class ClientGone(Exception):
    """The client disconnected before the body was complete."""


class TooManyBodies(Exception):
    """The caller, or all callers together, have too many unfinished bodies."""


class Budget:
    """Counts the received bytes of unfinished bodies, for each caller and in total.

    A caller may use a quarter of the process's maximum. Only received bytes count, not the
    announced length, which costs a client nothing. Used by one event loop only, so it needs no
    lock.

    Example with a maximum of 200 MB: one caller may hold 50 MB. A further large body of that
    caller is refused, but its bodies up to 64 kB are accepted.
    """

    #: A body up to this many bytes is always accepted, so that large ones cannot block small ones …
    SMALL = 65_536
    #: … but only so many of one caller at once.
    MOST_OF_CALLER = 256

    def __init__(self, most: int) -> None:
        """Set the maximum in total, *most*, in bytes."""
        self.most = most
        self._bytes: Counter[str] = Counter()
        self._bodies: Counter[str] = Counter()

    @contextmanager
    def hold(self, caller: str) -> Iterator[Callable[[int], None]]:
        """Count one body of *caller* while the block runs.

        Yields a function that counts received bytes.

        Raises:
            TooManyBodies: also raised by the yielded function.
        """
        if self._bodies[caller] >= self.MOST_OF_CALLER:
            raise TooManyBodies
        self._bodies[caller] += 1
        held = 0

        def count(size: int) -> None:
            nonlocal held
            held += size
            self._bytes[caller] += size
            if held > self.SMALL and not self._has_room(caller):
                raise TooManyBodies

        try:
            yield count
        finally:
            self._bytes[caller] -= held
            self._bodies[caller] -= 1
            if not self._bodies[caller]:
                del self._bytes[caller], self._bodies[caller]

    def _has_room(self, caller: str) -> bool:
        return self._bytes[caller] <= self.most // 4 and self._bytes.total() <= self.most


async def read_whole(receive: Receive, *, within: float, count: Callable[[int], None]) -> bytes:
    """Return the body, which may take *within* seconds. Call *count* with each piece's size.

    Raises:
        BodyTooSlow, ClientGone, TooManyBodies
    """
    try:
        async with asyncio.timeout(within):
            return await _join_pieces(receive, count)
    except TimeoutError:
        raise BodyTooSlow from None


async def _join_pieces(receive: Receive, count: Callable[[int], None]) -> bytes:
    pieces, more = [], True
    while more:
        piece, more = await _receive_piece(receive)
        count(len(piece))
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def _receive_piece(receive: Receive) -> tuple[bytes, bool]:
    """Return the next bytes, and whether more follow.

    Raises:
        ClientGone
    """
    message = await receive()
    if message["type"] != "http.request":
        raise ClientGone
    return bytes(message.get("body", b"")), bool(message.get("more_body"))


class Unread(io.RawIOBase):
    """A body that is longer than allowed: reading it raises RequestDataTooBig."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise RequestDataTooBig("The body is longer than this call takes.")


class BodyStream(io.RawIOBase):
    """A body that a thread reads in pieces while the event loop receives them.

    Reading raises UnreadablePostError, as in Django, if the client disconnects. It also does
    if nothing arrives for *idle_seconds*, or if the speed stays below *least_speed* (bytes per
    second) after a grace period of *idle_seconds*.
    """

    def __init__(
        self,
        receive: Receive,
        loop: asyncio.AbstractEventLoop,
        *,
        idle_seconds: float,
        least_speed: float = 0.0,
    ) -> None:
        self._receive = receive
        self._loop = loop
        self._idle_seconds = idle_seconds
        self._least_speed = least_speed
        self._began = time.monotonic()
        self._received = 0
        self._rest = memoryview(b"")
        self._more = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* as soon as bytes are available. Return how many; 0 at the end."""
        while not self._rest and self._more:
            piece, self._more = self._wait_for_piece()
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def _wait_for_piece(self) -> tuple[bytes, bool]:
        future = asyncio.run_coroutine_threadsafe(self._receive_in_time(), self._loop)
        try:
            piece, more = future.result()
        except (TimeoutError, ClientGone) as error:
            raise UnreadablePostError("the body ended early") from error
        self._received += len(piece)
        spent = time.monotonic() - self._began
        if more and self._received < (spent - self._idle_seconds) * self._least_speed:
            raise UnreadablePostError("the body came too slowly")
        return piece, more

    async def _receive_in_time(self) -> tuple[bytes, bool]:
        async with asyncio.timeout(self._idle_seconds):
            return await _receive_piece(self._receive)
