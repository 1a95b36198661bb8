"""Outgoing HTTP requests, with a guard against requests to private addresses (SSRF).

The guard runs where the socket is created, for every connection and after every DNS look-up. It
checks the address that will really be connected to. So no host name, redirect or second look-up
(DNS rebinding) can bypass it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import time
from collections.abc import Mapping
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import StreamWriter
from django.conf import settings
from yarl import URL

from core.errors import DomainError
from core.request_outcome import Outcome

#: How many bytes of a response's body are read.
MAX_ANSWER_BYTES = 4_096
#: How many bytes are received for one request: interim responses, headers and body together.
MAX_TAKEN_BYTES = 65_536
MAX_URL = 2_000
#: How many of a name's addresses are tried. A name with hundreds of addresses would otherwise make
#: us connect to all of them.
MAX_ADDRESSES = 4
#: What every request says of us.
OUR_HEADERS = {"User-Agent": "CMR-Webhooks/1", "Accept-Encoding": "identity"}
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

# Python's own lists differ between versions, so we keep our own. It has all networks that are not
# globally routable, and those whose addresses embed such an address.
FORBIDDEN = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 "
        "224.0.0.0/4 240.0.0.0/4 "
        # It looks public, but is the host's own agent on every machine of one cloud (Azure).
        "168.63.129.16/32 "
        # Everything but 2000::/3, the only part of IPv6 that is routed; then the parts of 2000::/3
        # that are not.
        "::/3 4000::/2 8000::/1 2001::/23 2001:db8::/32 2002::/16 3fff::/20"
    ).split()
]
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]

# How a URL's host and port may be written: no user, no %, no zone, only ASCII digits.
AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@%]+)(:[0-9]{1,5})?")
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*")
#: Hosts that resolvers read as (part of) an IPv4 address: 127.1, 2130706433, 0x7f.1, 0177.0.0.1.
ENDS_IN_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")


class ForbiddenAddress(OSError):
    """The connection would go to an address that no webhook may reach."""

    def __init__(self) -> None:
        # Each error has the same message. If all of a name's addresses are forbidden, happy
        # eyeballs raises the error that they have in common, instead of a new combined one.
        super().__init__("the URL leads to an address that is not public")


class ForbiddenUrl(DomainError, ValueError):
    """The URL is not allowed for a webhook; the message says why."""

    code = "forbidden_url"
    field = "url"


class Answer(NamedTuple):
    """Result of one request. Without a response `status` is None, and `text` gives the reason."""

    outcome: Outcome
    status: int | None
    text: str
    latency_ms: int
    retry_after: str = ""


def is_forbidden(address: str, *, allow_loopback: bool = False) -> bool:
    """Return whether we must not connect to *address*, a literal IPv4 or IPv6 address.

    Raises:
        ValueError: *address* is not an IP address, or not in its plain notation.
    """
    if "%" in address:
        return True  # It has a zone, which public addresses never have.
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if allow_loopback and any(ip in network for network in LOOPBACK):
        return False
    return any(ip in network for network in FORBIDDEN)


# -- Checks of the URL ----------------------------------------------------------------------------


def check_url(url: str) -> URL:
    """Check a URL without looking its host up. Return the URL as it will be requested.

    The guard of the socket checks the resolved address later.

    Raises:
        ForbiddenUrl: the URL is not https (or http, where loopback is allowed), or too long. It has
            a user, a password, a fragment or invisible characters. It has no host, or a port that
            is not in `OUTBOUND_PORTS`. Its host is a forbidden address, or an address in an unusual
            notation.
    """
    return _checked(url, settings.OUTBOUND_ALLOW_LOOPBACK, tuple(settings.OUTBOUND_PORTS))


@lru_cache(maxsize=10_000)  # It is called before every request.
def _checked(url: str, allow_loopback: bool, ports: tuple[int, ...]) -> URL:
    if len(url) > MAX_URL or not url.isprintable() or " " in url or "\\" in url:
        raise ForbiddenUrl(
            "the URL is too long, or contains spaces or other characters that are not allowed"
        )
    try:
        authority = urlsplit(url).netloc
        parsed = URL(url)
    except ValueError as error:
        raise ForbiddenUrl("this is not a URL") from error
    if parsed.scheme != "https" and not (allow_loopback and parsed.scheme == "http"):
        raise ForbiddenUrl("the URL must start with https://")
    if "@" in authority:
        raise ForbiddenUrl("the URL must not hold a user name or password")
    if "#" in url:
        raise ForbiddenUrl("the URL must not have a fragment")
    if not AUTHORITY.fullmatch(authority):
        raise ForbiddenUrl("the URL has no usable host or port")
    if parsed.port == 0 or not (parsed.port in ports or allow_loopback):
        raise ForbiddenUrl(f"the port must be one of {', '.join(map(str, ports))}")
    _check_host(parsed.raw_host or "", allow_loopback)
    return _keep_target(parsed, url.partition("://")[2].removeprefix(authority))


#: All characters that a URL may contain unencoded (RFC 3986), and % for those already encoded.
IN_A_TARGET = "!#$%&'()*+,/:;=?@[]~"


def _keep_target(parsed: URL, target: str) -> URL:
    """Return *parsed* with its path and query as they were written.

    The library (yarl) decodes sequences that it considers equivalent, such as %2F in a query. A
    signature over the URL would then be invalid. Only characters that a URL cannot contain, such
    as ü, are encoded.
    """
    written = quote(target, safe=IN_A_TARGET)
    return URL(f"{parsed.scheme}://{parsed.raw_authority}{written}", encoded=True)


def _check_host(host: str, allow_loopback: bool) -> None:
    """Refuse a forbidden or malformed host. A name is checked again after its look-up.

    *host* is in the form that will be requested: full-width digits and similar characters have
    been normalised.

    Raises:
        ForbiddenUrl
    """
    bare = host.removesuffix(".")
    if ":" not in bare and not ENDS_IN_NUMBER.fullmatch(bare):
        if not NAME.fullmatch(bare):
            raise ForbiddenUrl("the URL has no usable host or port")
        return
    try:
        forbidden = is_forbidden(host, allow_loopback=allow_loopback)
    except ValueError as error:
        raise ForbiddenUrl("write the IP address plainly, as in 192.0.2.1") from error
    if forbidden:
        raise ForbiddenUrl("the URL leads to an address that is not public")


# -- The guard at the socket ----------------------------------------------------------------------


def guarded_socket(address: tuple[Any, ...]) -> socket.socket:
    """Create the socket for one resolved address, unless the address is forbidden.

    Raises:
        ForbiddenAddress: before any packet is sent.
    """
    family, kind, proto, _, sockaddr = address
    try:
        forbidden = is_forbidden(str(sockaddr[0]), allow_loopback=settings.OUTBOUND_ALLOW_LOOPBACK)
    except ValueError:
        # It is no IP address, so the system would look it up again, and we could not check the
        # result.
        forbidden = True
    if forbidden:
        raise ForbiddenAddress
    return socket.socket(family=family, type=kind, proto=proto)


class _Connection(ResponseHandler):
    """Connection that receives at most `MAX_TAKEN_BYTES` for each request.

    Interim responses, headers and body all count. An endpoint that never stops sending would
    otherwise keep the event loop busy until the deadline, and all other requests would wait.
    """

    room = MAX_TAKEN_BYTES

    def set_response_params(self, **given: Any) -> None:
        self.room = MAX_TAKEN_BYTES
        super().set_response_params(**given)

    @property
    def should_close(self) -> bool:
        """Return whether the connection ends with this request.

        It also does if the server has answered before it read the whole request.
        """
        transport = self.transport
        is_sent = transport is None or transport.get_write_buffer_size() == 0
        return super().should_close or not is_sent

    def is_connected(self) -> bool:
        """Return whether the connection can be used for another request.

        It cannot be if the server has sent data that belongs to no request.
        """
        return super().is_connected() and not self._buffer

    def data_received(self, data: bytes) -> None:
        self.room -= len(data)
        if self.room >= 0:
            super().data_received(data)
        else:
            self._take_no_more(data[: self.room])

    def _take_no_more(self, last: bytes) -> None:
        """Stop receiving. Waiting readers get an error; a body that has begun ends here."""
        self.room = 0
        super().data_received(last)
        if self.transport is not None:
            self.transport.pause_reading()
        self.set_exception(aiohttp.ClientPayloadError("there is no end to the answer"))
        if self._payload is not None:
            self._payload.feed_eof()


class _Connector(aiohttp.TCPConnector):
    """Connector that overrides internals of aiohttp, which has no public API for this.

    The hostile tests fail if a new version of aiohttp changes these internals.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._factory = partial(_Connection, loop=self._loop)  # type: ignore[assignment]

    async def _resolve_host(self, *given: Any, **more: Any) -> list[ResolveResult]:
        return (await super()._resolve_host(*given, **more))[:MAX_ADDRESSES]


def open_session(
    *, seconds: float | None = None, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """Return a session with keep-alive connections but no cookies, proxies or decompression.

    Each request may take *seconds*, by default `DELIVERY_DEADLINE_SECONDS`. Names are looked up by
    *resolver*, by default as this machine does. Threads are never used for look-ups, because names
    that hang would block all of them.
    """
    connector = _Connector(
        limit=0,
        ttl_dns_cache=30,
        resolver=resolver,
        socket_factory=guarded_socket,
        keepalive_timeout=10,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=seconds or settings.DELIVERY_DEADLINE_SECONDS),
    )


# -- Below the library's session ------------------------------------------------------------------
#
# `session.request` can follow redirects, keep cookies, use proxies and passwords, and retry. None
# of that may happen here, and it takes a quarter of a request's time. So we call what it calls:
# the connector, the request and the response.


class _Request(aiohttp.ClientRequest):
    """Request whose headers and body are written at once.

    Before Python 3.12, the library starts a task for each body.
    """

    def __init__(
        self,
        method: str,
        url: URL,
        *,
        content: bytes,
        headers: Mapping[str, str],
    ) -> None:
        length = {"Content-Length": str(len(content))} if content else {}
        given = {**OUR_HEADERS, **headers, **length}
        super().__init__(method, url, headers=given, loop=asyncio.get_running_loop())
        self.content = content

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        assert conn.protocol is not None
        writer = StreamWriter(conn.protocol, self.loop)
        await writer.write_headers(f"{self.method} {self.url.raw_path_qs} HTTP/1.1", self.headers)
        # It does not wait until all is sent: an endpoint may answer before it has read the body.
        await writer.write(self.content, drain=False)
        writer.set_eof()
        return aiohttp.ClientResponse(
            self.method,
            self.url,
            writer=None,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=[],
            loop=self.loop,
            session=self.session,
            stream_writer=writer,
        )


async def _request(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    most: int,
    body: bytes = b"",
    headers: Mapping[str, str] = NO_HEADERS,
) -> tuple[aiohttp.ClientResponse, bytes]:
    """Send one request. Return the response and the first *most* bytes of its body.

    The session's deadline is for all of it, from the look-up to the last byte.
    """
    request = _Request(method, url, content=body, headers=headers)
    async with asyncio.timeout(session.timeout.total):
        response = await _send(session, request)
        try:
            return response, await _read_body(response, most)
        finally:
            response.release()


async def _send(session: aiohttp.ClientSession, request: _Request) -> aiohttp.ClientResponse:
    """Send *request* on a new or kept connection. Return the response when its headers came."""
    assert session.connector is not None
    connection = await session.connector.connect(request, traces=[], timeout=session.timeout)
    try:
        assert connection.protocol is not None
        connection.protocol.set_response_params(read_until_eof=True, auto_decompress=False)
        response = await request.send(connection)
        return await response.start(connection)
    except BaseException:
        connection.close()
        raise


async def _read_body(response: aiohttp.ClientResponse, most: int) -> bytes:
    body = b""
    while len(body) < most and not response.content.at_eof():
        body += await response.content.read(most - len(body))
    if not response.content.at_eof():
        response.close()  # The rest is not needed, so the connection is not reused.
    return body


# -- One request ----------------------------------------------------------------------------------


async def post(
    session: aiohttp.ClientSession, url: str, *, body: bytes, headers: Mapping[str, str]
) -> Answer:
    """POST *body* once, without following redirects. Errors of the other side never raise."""
    return await _timed(session, url, body=body, headers=headers)


async def get(session: aiohttp.ClientSession, url: str) -> Answer:
    """GET *url* once, with the same precautions as `post`."""
    return await _timed(session, url, method="GET")


async def fetch(session: aiohttp.ClientSession, url: str, *, most: int) -> bytes | None:
    """GET *url* once, with the same precautions as `post`.

    Return the body of a 200 response of at most *most* bytes, else None.
    """
    try:
        got, body = await _request(session, "GET", check_url(url), most=most + 1)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return None
    return body if got.status == 200 and len(body) <= most else None


async def _timed(session: aiohttp.ClientSession, url: str, **given: Any) -> Answer:
    started = time.monotonic()
    outcome, status, text, retry_after = await _outcome(session, url, **given)
    return Answer(outcome, status, text, round((time.monotonic() - started) * 1_000), retry_after)


async def _outcome(
    session: aiohttp.ClientSession, url: str, *, method: str = "POST", **sent: Any
) -> tuple[Outcome, int | None, str, str]:
    try:
        where = check_url(url)
        got, body = await _request(session, method, where, most=MAX_ANSWER_BYTES, **sent)
        outcome = Outcome.DELIVERED if 200 <= got.status < 300 else Outcome.REFUSED
        return outcome, got.status, _storable_text(body), got.headers.get("Retry-After", "")
    except (ForbiddenUrl, ForbiddenAddress) as error:
        return Outcome.FORBIDDEN, None, str(error), ""
    except TimeoutError:
        return Outcome.TIMED_OUT, None, "", ""
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if _by_guard(error):
            return Outcome.FORBIDDEN, None, str(ForbiddenAddress()), ""
        return Outcome.UNREACHABLE, None, _reason(error), ""


#: Exceptions of the library, and why there was no response. The first match counts.
REASONS: list[tuple[type[Exception], str]] = [
    (aiohttp.ClientConnectorDNSError, "no such name"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not valid"),
    (aiohttp.ClientSSLError, "no TLS"),
    (aiohttp.ClientConnectorError, "no connection"),
    (aiohttp.ClientPayloadError, "the answer broke off"),
    (aiohttp.ServerConnectionError, "the connection broke"),
    (aiohttp.ClientResponseError, "the answer is not HTTP"),
]


def _reason(error: Exception) -> str:
    if isinstance(getattr(error, "os_error", None), ConnectionRefusedError):
        return "connection refused"
    return next((reason for kind, reason in REASONS if isinstance(error, kind)), "")


def _storable_text(body: bytes) -> str:
    """Return the beginning of a body as text that can be stored in any text column."""
    return body.decode("utf-8", "replace").replace("\0", "")[:500]


def _by_guard(error: BaseException | None) -> bool:
    """Return whether our guard caused *error*; libraries wrap the exceptions of a socket."""
    while error is not None:
        if isinstance(error, ForbiddenAddress):
            return True
        error = getattr(error, "os_error", None) or error.__cause__ or error.__context__
    return False
