"""Endpoints that may be reached, and then misbehave: each writes bytes, or waits."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from brands.models import Outcome

#: What to send next: bytes, or seconds to wait first.
Script = Iterator[bytes | float]
FOREVER = 3_600.0
BOMB = gzip.compress(b"\0" * 50_000_000)
OK = b"HTTP/1.1 200 OK\r\n"
NOVEL = b"9" * 4_000 + b"\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"


class Misbehaviour(NamedTuple):
    kind: str
    name: str
    #: Given the port of a trap.
    script: Callable[[int], Script]
    expected: set[Outcome]
    #: Whether only the deadline ends it.
    hangs: bool = False


class Endpoint:
    """Answers each connection by the script, and keeps what it was sent and how much it sent."""

    def __init__(self, script: Callable[[], Script], *, tls: bool = False) -> None:
        self.script = script
        self.heads: list[bytes] = []
        self.sent = 0
        self.connections = 0
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        with connection:
            try:
                self.heads.append(self._first(connection))
                for step in self.script():
                    if self._stopped.is_set():
                        return
                    self._take(connection, step)
            except OSError:
                return

    def _first(self, connection: socket.socket) -> bytes:
        while not self._stopped.is_set():
            try:
                return connection.recv(65_536)
            except TimeoutError:
                continue
        return b""

    def _take(self, connection: socket.socket, step: bytes | float) -> None:
        if isinstance(step, float):
            self._stopped.wait(step)
            return
        left = memoryview(step)
        while left and not self._stopped.is_set():
            try:
                count = connection.send(left)
            except TimeoutError:
                continue  # it does not read for now
            self.sent += count
            left = left[count:]


def _repeat(start: bytes, more: bytes, pause: float = 0.0) -> Callable[[int], Script]:
    """*start*, and then *more* without an end."""

    def script(trap: int) -> Script:
        yield start
        while True:
            yield more
            if pause:
                yield pause

    return script


def _once(*steps: bytes | float) -> Callable[[int], Script]:
    return lambda trap: iter(steps)


def _redirect(status: int, where: str, header: str = "Location") -> Callable[[int], Script]:
    def script(trap: int) -> Script:
        line = f"HTTP/1.1 {status} Elsewhere\r\n{header}: {where.format(trap=trap)}\r\n"
        yield line.encode() + EMPTY

    return script


DELIVERED, REFUSED = {Outcome.DELIVERED}, {Outcome.REFUSED}
BROKEN, TIMED_OUT = {Outcome.UNREACHABLE}, {Outcome.TIMED_OUT}
LENGTH = b"Content-Length: %d\r\n\r\n"
GZIP = OK + b"Content-Encoding: gzip\r\n"
TRAP = "http://127.0.0.1:{trap}/"

REDIRECTS = [
    *(
        Misbehaviour("a redirect", f"{status} to this machine", _redirect(status, TRAP), REFUSED)
        for status in (300, 301, 302, 303, 305, 307, 308)
    ),
    *(
        Misbehaviour("a redirect", f"302 to {where}", _redirect(302, where), REFUSED)
        for where in ("http://169.254.169.254/", "//127.0.0.1:{trap}/", "file:///etc/passwd", "/on")
    ),
    Misbehaviour("a redirect", "Refresh", _redirect(200, "0;url=" + TRAP, "Refresh"), DELIVERED),
    Misbehaviour("a redirect", "Alt-Svc", _redirect(200, 'h2=":{trap}"', "Alt-Svc"), DELIVERED),
    Misbehaviour("a redirect", "Link preload", _redirect(103, f"<{TRAP}>", "Link"), BROKEN),
    Misbehaviour("a redirect", "401, Basic", _redirect(401, "Basic", "WWW-Authenticate"), REFUSED),
    Misbehaviour(
        "a redirect", "407, Basic", _redirect(407, "Basic", "Proxy-Authenticate"), REFUSED
    ),
]
SLOW = [
    Misbehaviour("slow", "never answers", _once(FOREVER), TIMED_OUT, hangs=True),
    Misbehaviour("slow", "status line drips", _repeat(b"H", b"", 0.05), TIMED_OUT, hangs=True),
    Misbehaviour("slow", "a header drips", _repeat(OK + b"X: ", b"y", 0.05), TIMED_OUT, hangs=True),
    Misbehaviour("slow", "headers drip", _repeat(OK, b"A: b\r\n", 0.05), TIMED_OUT, hangs=True),
    Misbehaviour(
        "slow", "the body drips", _repeat(OK + LENGTH % 9999, b"z", 0.05), TIMED_OUT, hangs=True
    ),
    Misbehaviour(
        "slow",
        "chunks drip",
        _repeat(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nz\r\n", 0.05),
        TIMED_OUT,
        hangs=True,
    ),
    Misbehaviour(
        "slow", "a body that stops", _once(OK + LENGTH % 100 + b"z", FOREVER), TIMED_OUT, hangs=True
    ),
    Misbehaviour(
        "slow",
        "interim answers drip",
        _repeat(b"", b"HTTP/1.1 102 Wait\r\n\r\n", 0.05),
        TIMED_OUT,
        hangs=True,
    ),
]
ENDLESS = [
    Misbehaviour("endless", "a body", _repeat(OK + b"\r\n", b"x" * 65_536), DELIVERED),
    Misbehaviour(
        "endless", "a body of 500", _repeat(b"HTTP/1.1 500 No\r\n\r\n", b"x" * 65_536), REFUSED
    ),
    Misbehaviour(
        "endless",
        "a body of chunks",
        _repeat(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000),
        DELIVERED,
    ),
    Misbehaviour(
        "endless",
        "one chunk",
        _repeat(OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffff\r\n", b"x" * 65_536),
        DELIVERED,
    ),
    Misbehaviour(
        "endless",
        "a chunk's extension",
        _repeat(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 65_536),
        BROKEN | DELIVERED | TIMED_OUT,
    ),
    Misbehaviour(
        "endless",
        "trailers",
        _repeat(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n" * 10_000),
        BROKEN | DELIVERED | TIMED_OUT,
    ),
    Misbehaviour("endless", "a status line", _repeat(b"HTTP/1.1 200 ", b"x" * 65_536), BROKEN),
    Misbehaviour("endless", "a header", _repeat(OK + b"X: ", b"y" * 65_536), BROKEN),
    Misbehaviour("endless", "a header's name", _repeat(OK, b"y" * 65_536), BROKEN),
    Misbehaviour("endless", "headers", _repeat(OK, b"A: b\r\n" * 10_000), BROKEN),
    Misbehaviour("endless", "cookies", _repeat(OK, b"Set-Cookie: a=b\r\n" * 4_000), BROKEN),
    Misbehaviour("endless", "empty lines", _repeat(b"", b"\r\n" * 30_000), BROKEN),
    Misbehaviour("endless", "100 Continue", _repeat(b"", b"HTTP/1.1 100 \r\n\r\n" * 5_000), BROKEN),
    Misbehaviour(
        "endless",
        "103 with headers",
        _repeat(b"", b"HTTP/1.1 103 \r\nLink: </a>\r\n\r\n" * 2_000),
        BROKEN,
    ),
    Misbehaviour(
        "endless", "whole answers", _repeat(b"", (OK + EMPTY) * 2_000), DELIVERED | BROKEN
    ),
    Misbehaviour("endless", "noise", _repeat(b"", bytes(range(256)) * 256), BROKEN),
]
BOMBS = [
    Misbehaviour("a bomb", "gzip, 50 MB", _once(GZIP + LENGTH % len(BOMB) + BOMB), DELIVERED),
    Misbehaviour("a bomb", "gzip, endless", _repeat(GZIP + b"\r\n", BOMB), DELIVERED),
    Misbehaviour(
        "a bomb",
        "gzip in gzip",
        _once(OK + b"Content-Encoding: gzip, gzip\r\n\r\n" + gzip.compress(BOMB)),
        DELIVERED,
    ),
    Misbehaviour(
        "a bomb",
        "deflate",
        _once(OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"\0" * 50_000_000)),
        DELIVERED,
    ),
    *(
        Misbehaviour(
            "a bomb",
            f"{coding}, which it is not",
            _once(OK + b"Content-Encoding: %s\r\n" % coding.encode() + LENGTH % 3 + b"abc"),
            DELIVERED,
        )
        for coding in ("br", "zstd", "gzip", "bomb")
    ),
    Misbehaviour(
        "a bomb",
        "Transfer-Encoding: gzip",
        _once(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + b"3\r\nabc\r\n0\r\n\r\n"),
        DELIVERED | BROKEN,
    ),
]
MALFORMED = [
    Misbehaviour("malformed", name, _once(raw), expected)
    for name, raw, expected in [
        ("nothing", b"", BROKEN),
        ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n", BROKEN),
        ("HTTP/0.9", b"<html>hello</html>", BROKEN),
        ("HTTP/9.9", b"HTTP/9.9 200 OK\r\n" + EMPTY, DELIVERED | BROKEN),
        ("status 99", b"HTTP/1.1 99 Low\r\n" + EMPTY, BROKEN | REFUSED),
        ("status 999", b"HTTP/1.1 999 High\r\n" + EMPTY, REFUSED),
        ("status 99999", b"HTTP/1.1 99999 High\r\n" + EMPTY, BROKEN),
        ("status -1", b"HTTP/1.1 -1 No\r\n" + EMPTY, BROKEN),
        ("status of other digits", "HTTP/1.1 ２００ OK\r\n\r\n".encode(), BROKEN),
        ("a length below zero", OK + b"Content-Length: -1\r\n\r\n", BROKEN),
        ("a length beyond all", OK + b"Content-Length: " + b"9" * 40 + b"\r\n\r\nx", BROKEN),
        ("two lengths", OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", BROKEN),
        ("a length, and chunks", OK + b"Transfer-Encoding: chunked\r\n" + EMPTY, BROKEN),
        ("a chunk of no size", OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", BROKEN),
        ("a NUL in a header", OK + b"A: a\0b\r\n" + EMPTY, BROKEN),
        ("a folded header", OK + b"A: a\r\n b\r\n" + EMPTY, BROKEN | DELIVERED),
        ("less than it said", OK + LENGTH % 100 + b"abc", BROKEN),
        ("101 Switching", b"HTTP/1.1 101 On\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", REFUSED),
        ("204 with a body", b"HTTP/1.1 204 No\r\n" + LENGTH % 3 + b"abc", DELIVERED | BROKEN),
        (
            "Retry-After: a novel",
            b"HTTP/1.1 503 No\r\nRetry-After: " + b"9" * 4000 + b"\r\n" + EMPTY,
            REFUSED,
        ),
        ("no UTF-8", OK + LENGTH % 4 + b"\xff\0\xfe\x80", DELIVERED),
        ("TLS alert", b"\x15\x03\x01\x00\x02\x02\x28", BROKEN),
    ]
]
MISBEHAVIOURS = [*REDIRECTS, *SLOW, *ENDLESS, *BOMBS, *MALFORMED]
