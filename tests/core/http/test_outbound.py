"""Where a webhook may never go, however the address is dressed up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from brands.models import Outcome
from core.http import outbound
from core.http.outbound import Answer

INSIDE = [
    *["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254"],
    *["172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1"],
    *["198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1"],
    *["255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"],
    *["::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001:db8::1", "2001::1"],
    *["2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%lo"],
    *["fec0::1", "ff02::1"],
]
OUTSIDE = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", INSIDE)
def test_is_forbidden_private_address_is_true(address: str) -> None:
    assert outbound.is_forbidden(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_is_forbidden_public_address_is_false(address: str) -> None:
    assert not outbound.is_forbidden(address)


def test_is_forbidden_setting_allows_loopback_only() -> None:
    opened = [a for a in INSIDE if not outbound.is_forbidden(a, allow_loopback=True)]
    assert opened == ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]


def post(url: str) -> Answer:
    async def once() -> Answer:
        async with outbound.open_session() as session:
            return await outbound.post(session, url, body=b"{}", headers={})

    return asyncio.run(once())


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A listener that nobody may ever connect to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        yield listener


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1"])
def test_post_to_private_address_makes_no_connection(
    settings: Settings, trap: socket.socket, host: str
) -> None:
    """Names, and numbers that only the resolver takes for addresses, are judged at the socket."""
    settings.OUTBOUND_ALLOW_LOOPBACK = False
    answer = post(f"https://{host}:{trap.getsockname()[1]}/hook")
    assert answer.outcome in (Outcome.FORBIDDEN, Outcome.UNREACHABLE)
    with pytest.raises(TimeoutError):
        trap.accept()


def test_resolve_hanging_names_blocks_no_thread() -> None:
    """Where they do, a few names that are never answered hold up everybody's."""

    async def looks_up() -> object:
        async with outbound.open_session() as session:
            assert isinstance(session.connector, aiohttp.TCPConnector)
            return session.connector._resolver

    assert isinstance(asyncio.run(looks_up()), aiohttp.AsyncResolver)


PIECES = {
    "a length": [b"Content-Length: 8\r\n\r\n", b"one,", b" two"],
    "chunks": [b"Transfer-Encoding: chunked\r\n\r\n", b"8\r\none, two\r\n", b"0\r\n\r\n"],
    "one by one": [b"Content-", b"Length: 8\r\n\r", b"\none, t", b"w", b"o"],
}


@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES)
def test_post_answer_in_pieces_is_joined(pieces: list[bytes]) -> None:
    connections = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while await reader.readuntil(b"{}"):
            for piece in [b"HTTP/1.1 200 OK\r\n", *pieces]:
                writer.write(piece)
                await asyncio.sleep(0.01)

    async def thrice() -> set[str]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with server, outbound.open_session() as session:
            answers = [await outbound.post(session, url, body=b"{}", headers={}) for _ in range(3)]
        return {answer.text for answer in answers}

    assert asyncio.run(thrice()) == {"one, two"}
    assert len(connections) == 1


def test_post_stale_answer_is_ignored() -> None:
    """It comes while the connection rests, and would be taken for the next request's."""
    stale = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        if stale.is_set():
            writer.write(b"HTTP/1.1 503 Really\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 Too early\r\nContent-Length: 0\r\n\r\n")
        stale.set()

    async def twice() -> list[int | None]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with server, outbound.open_session() as session:
            first = await outbound.post(session, url, body=b"{}", headers={})
            await stale.wait()
            await asyncio.sleep(0.05)
            second = await outbound.post(session, url, body=b"{}", headers={})
        return [first.status, second.status]

    assert asyncio.run(twice()) == [200, 503]


def test_post_answered_before_it_is_read_closes_connection() -> None:
    """The rest of its body would otherwise come before the next request."""
    connections = []
    too_large = b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(too_large)

    async def twice() -> list[int | None]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        body = bytes(50_000_000)  # more than the system takes for a reader that reads nothing
        async with server, outbound.open_session() as session:
            answers = [await outbound.post(session, url, body=body, headers={}) for _ in range(2)]
        return [answer.status for answer in answers]

    assert asyncio.run(twice()) == [413, 413]
    assert len(connections) == 2


def test_post_without_answer_explains_why() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async def said() -> list[tuple[Outcome, str]]:
        server = await asyncio.start_server(garbage, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        urls = [f"https://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/", "https://no.invalid/"]
        async with server, outbound.open_session() as session:
            answers = [await outbound.post(session, url, body=b"{}", headers={}) for url in urls]
        async with outbound.open_session() as session:  # nobody listens there any more
            answers += [await outbound.post(session, urls[1], body=b"{}", headers={})]
        return [(answer.outcome, answer.text) for answer in answers]

    words = ["no TLS", "the answer is not HTTP", "no such name", "connection refused"]
    assert asyncio.run(said()) == [(Outcome.UNREACHABLE, word) for word in words]


TARGETS = [
    "/hook?sig=a%2Bb%2Fc%3D&sp=%2Ftriggers%2Fmanual%2Frun&t=2026-01-01T10%3A00%3A00%2B01%3A00",
    "/a%2fb/%7Euser/./c;v=1?x=%20+&y=[1]&z={}".replace("{}", "%7B%7D"),
    "/hook?a=1&a=2&=&b",
]


def requested(path: str) -> str:
    """The target in the first line of the request for *path*."""
    heard: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readline()).decode("ascii").split(" ")[1])
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 204 Done\r\nConnection: close\r\n\r\n")
        writer.close()

    async def once() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{path}"
        async with server, outbound.open_session() as session:
            assert (await outbound.post(session, url, body=b"{}", headers={})).status == 204

    asyncio.run(once())
    return heard[0]


@pytest.mark.parametrize("target", TARGETS)
def test_post_requests_url_as_registered(target: str) -> None:
    assert requested(target) == target


def test_post_encodes_forbidden_characters() -> None:
    assert requested('/grüße?an="zoë"&x=%2F') == "/gr%C3%BC%C3%9Fe?an=%22zo%C3%AB%22&x=%2F"
    assert requested("?x=1") == "/?x=1"
    assert requested("") == "/"


def test_check_url_international_host_becomes_ascii() -> None:
    url = outbound.check_url("https://Bücher.example/%2F?ü")
    assert str(url) == "https://xn--bcher-kva.example/%2F?%C3%BC"


def test_post_sends_only_its_own_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cookie of an answer before, and no password that this machine has for the host."""
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ana password secret\n")
    heads: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            assert await reader.readexactly(2) == b"{}"
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    async def twice() -> str:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, outbound.open_session() as session:
            for _ in range(2):
                given = {"webhook-id": "evt_1"}
                await outbound.post(session, f"http://{host}/hook", body=b"{}", headers=given)
        return host

    host = asyncio.run(twice())
    wanted = [
        *("POST /hook HTTP/1.1", f"Host: {host}", "User-Agent: CMR-Webhooks/1"),
        *("Accept-Encoding: identity", "webhook-id: evt_1", "Content-Length: 2", "Accept: */*"),
    ]
    assert [head.rstrip().split("\r\n") for head in heads] == [wanted, wanted]


def test_post_redirect_is_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_response(
        Response(status=302, headers={"Location": httpserver.url_for("/elsewhere")})
    )
    answer = post(httpserver.url_for("/hook"))
    assert (answer.outcome, answer.status) == (Outcome.REFUSED, 302)
    assert [request.path for request, _ in httpserver.log] == ["/hook"]


def test_post_ignores_proxy_of_environment(
    httpserver: HTTPServer, trap: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = f"http://127.0.0.1:{trap.getsockname()[1]}"
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
    httpserver.expect_request("/hook").respond_with_data("ok")
    assert post(httpserver.url_for("/hook")).outcome is Outcome.DELIVERED


def test_post_endless_answer_is_cut(httpserver: HTTPServer) -> None:
    def endless(request: Request) -> Response:
        return Response((b"x" * 65_536 for _ in range(10_000)), mimetype="text/plain")

    httpserver.expect_request("/hook").respond_with_handler(endless)
    answer = post(httpserver.url_for("/hook"))
    assert (answer.outcome, len(answer.text)) == (Outcome.DELIVERED, 500)


def test_post_slow_answer_ends_at_deadline(settings: Settings) -> None:
    """Each byte comes in time; all of them together never do."""
    settings.DELIVERY_DEADLINE_SECONDS = 0.6
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripping = threading.Thread(target=_drip, args=(listener, stop))
        dripping.start()
        answer = post(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        stop.set()
        dripping.join()
    assert answer.outcome is Outcome.TIMED_OUT


def _drip(listener: socket.socket, stop: threading.Event) -> None:
    connection, _ = listener.accept()
    with connection:
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000:
            if stop.wait(0.1):
                return
            connection.sendall(bytes([byte]))


def test_post_answer_text_is_made_storable(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(b"a\0b\xff", status=500)
    assert post(httpserver.url_for("/hook")).text == "ab\N{REPLACEMENT CHARACTER}"
