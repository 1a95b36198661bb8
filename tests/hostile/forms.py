"""Every way we know to have a webhook go where it must not: `make hostile` prints the table.

What is counted is real: each `connect` of this process (an audit hook sees it) that does not go to
the row's own server, and each connection that arrives at a trap. The last row is the control: an
address that is allowed, once, so that the count is seen to count.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address
from itertools import count
from typing import Any
from unittest.mock import patch

from django.conf import settings

from brands import outbound
from brands.models import Outcome
from brands.outbound import FORBIDDEN, Answer

#: From a name to the address of each of its look-ups, in turn; the last goes on.
Names = dict[str, list[list[str]]]
DEADLINE = 0.6  # seconds
MEGABYTE = 1_000_000


@dataclass
class Form:
    """One way: where it would lead to, and what it takes."""

    group: str
    url: str
    names: Names = field(default_factory=dict)
    #: The server that the form itself needs; it may be connected to.
    serve: Callable[[socket.socket], None] | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Result:
    form: Form
    answer: Answer
    #: To wherever it must not go.
    connections: int


# -- Counting ------------------------------------------------------------------------------------


class Connects:
    """Where this process connects to; an audit hook cannot be taken away, so there is one."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            self.seen.append((str(arguments[1][0]), int(arguments[1][1])))


CONNECTS = Connects()


def attempt(form: Form, *, allow_loopback: bool = False) -> Result:
    """Post to the form's URL as a worker would, and count."""
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(_serving(form.serve)) if form.serve else 0
        stack.enter_context(_set(OUTBOUND_ALLOW_LOOPBACK=allow_loopback or bool(own)))
        stack.enter_context(patch.dict(os.environ, form.environment))
        stack.enter_context(_names(form.names))
        before = len(CONNECTS.seen)
        answer = asyncio.run(_post(form.url.replace("OWN", f"127.0.0.1:{own}")))
        went = [port for _, port in CONNECTS.seen[before:] if port != own]
    return Result(form, answer, len(went))


async def _post(url: str) -> Answer:
    async with outbound.client(seconds=DEADLINE) as session:
        return await outbound.post(session, url, body=b"{}", headers={})


@contextlib.contextmanager
def _set(**values: Any) -> Iterator[None]:
    before = {name: getattr(settings, name) for name in values}
    try:
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


@contextlib.contextmanager
def _names(names: Names) -> Iterator[None]:
    """The look-ups of a name server that is on the attacker's side."""
    looks: Counter[str] = Counter()
    ask = asyncio.BaseEventLoop.getaddrinfo

    async def lie(loop: Any, host: str, port: int, **more: Any) -> list[Any]:
        if host not in names:
            return await ask(loop, host, port, **more)
        answers = names[host][min(looks[host], len(names[host]) - 1)]
        looks[host] += 1
        return [_looked_up(address, port) for address in answers]

    with patch.object(asyncio.BaseEventLoop, "getaddrinfo", lie):
        yield


def _looked_up(address: str, port: int) -> tuple[Any, ...]:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


# -- Servers that are no friends -------------------------------------------------------------------


@contextlib.contextmanager
def _serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """One that takes connections and treats each as *serve* says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_take_each, args=(listener, serve), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _take_each(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                serve(connection)


def redirecting(status: int, to: str) -> Callable[[socket.socket], None]:
    answer = f"HTTP/1.1 {status} Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
    return lambda connection: connection.sendall(answer.encode())


def endlessly(head: bytes, chunk: bytes) -> Callable[[socket.socket], None]:
    """*head*, and then *chunk* until the other side has had enough."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in count():
            connection.sendall(chunk)

    return serve


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    stop = threading.Event()
    while not stop.wait(0.05):
        connection.sendall(b"X")


def bombing(connection: socket.socket) -> None:
    body = gzip.compress(bytes(50 * MEGABYTE))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


# -- The forms ------------------------------------------------------------------------------------

TRAP = "127.0.0.1:443"
INSIDE = "http://169.254.169.254/latest/meta-data"


def forms() -> list[Form]:
    return [*_literals(), *_spellings(), *_looked_up_names(), *_dressed_up(), *_servers()]


def _ends() -> Iterator[tuple[Any, str]]:
    """The first and the last address of each forbidden network."""
    for network in FORBIDDEN:
        for address in dict.fromkeys((network[0], network[-1])):
            yield network, str(address)


def _literals() -> Iterator[Form]:
    for network, address in _ends():
        host = address if isinstance(network, IPv4Network) else f"[{address}]"
        yield Form("literal address", f"https://{host}/")
        if isinstance(network, IPv4Network):
            packed = IPv6Address(f"::ffff:{address}")
            yield Form("IPv4 in IPv6", f"https://[::ffff:{address}]/")
            yield Form("IPv4 in IPv6", f"https://[{packed.compressed}]/")
            yield Form("IPv4 in IPv6", f"https://[64:ff9b::{address}]/")


def _spellings() -> Iterator[Form]:
    hosts = "127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.0.0.1. 0 0.0"
    more = ["１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "%31%32%37.0.0.1", "LOCALHOST"]
    more += ["localhost", "localhost.", "ip6-localhost", "[::1%25lo]", "[fe80::1%25eth0]", "[::]"]
    for host in [*hosts.split(), *more]:
        yield Form("other spelling", f"https://{host}/")


def _looked_up_names() -> Iterator[Form]:
    public = ["93.184.216.34"]
    for number, (_, address) in enumerate(_ends()):
        name = f"n{number}.example"
        yield Form("name that leads there", f"https://{name}/", {name: [[address]]})
    for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"):
        both = {"both.example": [[address, address]]}
        yield Form("all answers lead there", "https://both.example/", both)
        turn = {"turn.example": [[address], public]}
        yield Form("changes between look-ups", "https://turn.example/", turn)


def _dressed_up() -> Iterator[Form]:
    urls = [
        *["https://user:pass@10.0.0.1/", "https://user@example.org/", "https://@10.0.0.1/"],
        *["https://example.org@10.0.0.1/", "https://10.0.0.1#@example.org/"],
        *["https://10.0.0.1\\@example.org/", "https://example.org:80@10.0.0.1/"],
    ]
    for url in urls:
        yield Form("user information", url)
    for port in (0, 1, 22, 25, 53, 80, 5432, 6379, 8000, 9200, 11211, 65_535, 65_536, -1):
        yield Form("odd port", f"https://example.org:{port}/")
    for scheme in ("http", "ftp", "file", "gopher", "ws", "wss", "unix", "data", "javascript", ""):
        yield Form("scheme", f"{scheme}://127.0.0.1/" if scheme else "//127.0.0.1/")
    for url in ("https://example.org/\r\nHost: 10.0.0.1", "https://example.org /", "https://", " "):
        yield Form("control characters, no host", url)
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        # The name leads nowhere: whoever goes to the proxy is caught connecting.
        where = {name: "http://127.0.0.1:3128"}
        yield Form("proxy from the environment", "https://no.such.invalid/", {}, None, where)


def _servers() -> Iterator[Form]:
    for status in (301, 302, 303, 307, 308):
        for to in (f"http://{TRAP}/", INSIDE, "//10.0.0.1/", "https://localhost/"):
            yield Form("redirect", "http://OWN/", serve=redirecting(status, to))
    ok = b"HTTP/1.1 200 OK\r\n"
    yield Form("slow drip", "http://OWN/", serve=dripping)
    yield Form("endless body", "http://OWN/", serve=endlessly(ok + b"\r\n", b"x" * 65_536))
    yield Form(
        "endless headers", "http://OWN/", serve=endlessly(ok, b"X-Y: " + b"z" * 900 + b"\r\n")
    )
    yield Form("endless header", "http://OWN/", serve=endlessly(ok + b"X-Y: ", b"z" * 65_536))
    continues = b"HTTP/1.1 100 Continue\r\n\r\n" * 100
    yield Form("endless 100 Continue", "http://OWN/", serve=endlessly(b"", continues))
    yield Form("compressed bomb", "http://OWN/", serve=bombing)


def control() -> Result:
    """An allowed address is connected to, once, and that is seen."""
    with _serving(redirecting(204, "/")) as port:
        form = Form("control: an allowed address", f"http://127.0.0.1:{port}/")
        return attempt(form, allow_loopback=True)


# -- The table ------------------------------------------------------------------------------------


def table(results: Sequence[Result]) -> str:
    lines = [f"{'form':34}{'tried':>6}  {'connections':>11}  ended as"]
    for group in dict.fromkeys(each.form.group for each in results):
        own = [each for each in results if each.form.group == group]
        ended = Counter(_how(each.answer) for each in own)
        ways = ", ".join(f"{number} {how}" for how, number in ended.most_common())
        lines.append(f"{group:34}{len(own):>6}  {sum(e.connections for e in own):>11}  {ways}")
    return "\n".join(lines)


def _how(answer: Answer) -> str:
    return answer.outcome.value if answer.status is None else f"{answer.outcome} {answer.status}"


def main() -> None:
    results = [attempt(form) for form in forms()]
    print(table(results))
    made = sum(each.connections for each in results)
    print(f"\n{len(results)} forms tried, {made} connections made to where they must not go.")
    seen = control()
    print(f"{seen.form.group}: {seen.connections} connection, {_how(seen.answer)}")
    assert seen.answer.outcome is Outcome.DELIVERED and seen.connections == 1
    raise SystemExit(made > 0)
