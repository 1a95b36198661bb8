"""A load of requests over kept connections, by one thread that does as little as it can."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END = b"\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"
PATIENCE = 30.0  # seconds


class Refused(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status: int, answer: bytes) -> None:
        super().__init__(f"{status}: {answer[-600:]!r}")
        self.status = status


@dataclass(slots=True)
class Load:
    """What came of it. Latencies are in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def request(
    path: str,
    body: bytes = b"",
    *,
    bearer: str = "",
    cookie: str = "",
    media_type: str = "application/json",
) -> bytes:
    """The bytes of a POST, or of a GET where there is no body."""
    head = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if body:
        head += [f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    if bearer:
        head.append(f"Authorization: Bearer {bearer}")
    if cookie:
        head.append(f"Cookie: {cookie}")
    return "\r\n".join(head).encode() + END + body


class _Line:
    """One connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self.got = b""

    def send(self, message: bytes) -> None:
        self.got = b""
        self.began = time.perf_counter()
        self.socket.sendall(message)

    def receive(self) -> bool:
        """Whether the answer is whole. Raises Refused."""
        more = self.socket.recv(262_144)
        if not more:
            raise ConnectionError(f"the server hung up after {self.got[:200]!r}")
        self.got += more
        if not _is_whole(self.got):
            return False
        if self.got[9:10] != b"2":
            raise Refused(int(self.got[9:12]), self.got)
        return True


def _is_whole(answer: bytes) -> bool:
    head = answer.find(END)
    if head < 0:
        return False
    if length := LENGTH.search(answer, 0, head + 2):
        return len(answer) >= head + len(END) + int(length[1])
    return answer.endswith(LAST_CHUNK)


def send(port: int, message: bytes) -> bytes:
    """Send one request on a connection of its own, and return the body. Raises Refused."""
    line = _Line(port)
    try:
        line.send(message)
        while not line.receive():
            pass
        return line.got.partition(END)[2]
    finally:
        line.socket.close()


def drive(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Load:
    """Keep every connection busy for so long. Raises Refused."""
    load, lines = Load(), [_Line(port) for _ in range(connections)]
    try:
        began = time.perf_counter()
        _exchange(load, lines, requests, until=began + seconds)
        load.seconds = time.perf_counter() - began
    finally:
        for line in lines:
            line.socket.close()
    return load


def time_pairs(port: int, pairs: Iterable[tuple[bytes, bytes]]) -> tuple[list[float], list[float]]:
    """Return how long each request of each pair took, in seconds, the two one after the other.

    Which of the two goes first turns from pair to pair. Raises Refused.
    """
    line = _Line(port)
    took: tuple[list[float], list[float]] = ([], [])
    try:
        for nth, pair in enumerate(pairs):
            for side in (0, 1) if nth % 2 else (1, 0):
                line.send(pair[side])
                while not line.receive():
                    pass
                took[side].append(time.perf_counter() - line.began)
    finally:
        line.socket.close()
    return took


def _exchange(load: Load, lines: list[_Line], requests: Iterator[bytes], *, until: float) -> None:
    with selectors.DefaultSelector() as ready:
        for line in lines:
            ready.register(line.socket, selectors.EVENT_READ, line)
            line.send(next(requests))
        under_way = len(lines)
        while under_way:
            for key, _ in ready.select(PATIENCE):
                under_way -= not _turn(load, key.data, requests, until)


def _turn(load: Load, line: _Line, requests: Iterator[bytes], until: float) -> bool:
    """Take what has come; whether the line still has a request under way."""
    if not line.receive():
        return True
    now = time.perf_counter()
    load.latencies.append(now - line.began)
    if now >= until:
        return False
    line.send(next(requests))
    return True
