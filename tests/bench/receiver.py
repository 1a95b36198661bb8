"""An endpoint that takes webhooks and notes when: `python -m tests.bench.receiver PORT`.

`GET /marks` answers how many events came, when the first and the last did (seconds of the
machine's monotonic clock, which all processes share), and when each ledger entry did (as often as
it came); and forgets. A POST to a path that begins with `/hang` is never answered.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any

TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
ENTRY = re.compile(rb'"entry":"([0-9a-f-]{36})"')


@dataclass
class Marks:
    events: int = 0
    requests: int = 0
    first: float = 0.0
    last: float = 0.0
    entries: dict[str, list[float]] = field(default_factory=dict)

    def note(self, body: bytes) -> None:
        now = time.monotonic()
        self.first = self.first or now
        self.last = now
        self.requests += 1
        self.events += body.count(b'"sequence":')
        for entry in ENTRY.findall(body):
            self.entries.setdefault(entry.decode(), []).append(now)


class Receiver(asyncio.Protocol):
    def __init__(self, held: dict[str, Marks]) -> None:
        self.held = held
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (split := self.buffer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self.buffer, 0, split)
            end = split + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < end:
                return
            request, body = self.buffer[:split], self.buffer[split + 4 : end]
            self.buffer = self.buffer[end:]
            if not request.startswith(b"POST /hang"):
                self.transport.write(self._answer(request, body))

    def _answer(self, request: bytes, body: bytes) -> bytes:
        if request.startswith(b"GET"):
            return self._marks()
        self.held["marks"].note(body)
        return TAKEN

    def _marks(self) -> bytes:
        told: dict[str, Any] = dict(self.held["marks"].__dict__)
        self.held["marks"] = Marks()
        body = json.dumps(told).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def serve(port: int) -> None:
    held = {"marks": Marks()}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiver(held), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
