"""Sending answers as fast as the client reads them. A client that stops reading is disconnected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
#: The size of one piece given to the server, in bytes.
PIECE = 65_536


class ClientStopped(Exception):
    """The client disconnected, or read nothing for too long."""


class AnswerSender:
    """Sends one answer. The client must read something of each piece within *idle_seconds*."""

    def __init__(self, send: Send, *, idle_seconds: float) -> None:
        self._send = send
        self._idle_seconds = idle_seconds
        #: The status of the answer; 0 before it began.
        self.status = 0
        #: Whether its last byte was passed to the server.
        self.is_whole = False

    async def start(self, status: int, headers: Headers) -> None:
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def send_whole(self, content: bytes) -> None:
        """Send the whole body.

        Raises:
            ClientStopped
        """
        for begin in range(0, len(content) - PIECE, PIECE):
            await self.send_piece(content[begin : begin + PIECE])
        rest = len(content) % PIECE or PIECE
        await self._send_body(content[-rest:], more=False)

    async def send_piece(self, piece: bytes) -> None:
        """Send a part of the body.

        Raises:
            ClientStopped
        """
        await self._send_body(piece, more=True)

    async def end(self) -> None:
        """End the body.

        Raises:
            ClientStopped
        """
        await self._send_body(b"", more=False)

    async def _send_body(self, piece: bytes, *, more: bool) -> None:
        message = {"type": "http.response.body", "body": piece, "more_body": more}
        try:
            async with asyncio.timeout(self._idle_seconds):
                await self._send(message)
        except (TimeoutError, RuntimeError, OSError) as error:
            raise ClientStopped from error
        self.is_whole = not more


def send_from_thread(
    pieces: Iterable[bytes], sender: AnswerSender, loop: asyncio.AbstractEventLoop
) -> None:
    """Send *pieces* from a thread, each after the client took the one before.

    Raises:
        ClientStopped
    """
    # The server sends the headers only with the first piece, which may take long to be produced.
    asyncio.run_coroutine_threadsafe(sender.send_piece(b""), loop).result()
    for piece in pieces:
        if piece:
            asyncio.run_coroutine_threadsafe(sender.send_piece(piece), loop).result()
    asyncio.run_coroutine_threadsafe(sender.end(), loop).result()
