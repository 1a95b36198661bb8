"""Requests that leave the building, and the guard on where they may go.

The guard stands where the socket is made: it sees the address that will really be connected to,
after every look-up and for every connection, so no name, redirect or second look-up gets around it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from django.conf import settings
from yarl import URL

from core.http.outcome import Outcome

#: How much of an answer's body is read at all, in bytes.
MAX_ANSWER_BYTES = 4_096
#: How much is taken in for one request, in bytes: headers, what comes before them, and the body.
MAX_TAKEN_BYTES = 65_536
MAX_URL = 2_000
#: How many of a name's addresses are tried: a name of a hundred would have us knock at all of them.
MAX_ADDRESSES = 4

# Python's own lists differ from version to version, so these are ours: everything that is not
# globally routable, and what carries such an address inside.
FORBIDDEN = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 "
        "224.0.0.0/4 240.0.0.0/4 "
        # Looks public, but is the host's own agent on every machine of one cloud (Azure).
        "168.63.129.16/32 "
        # All but 2000::/3, the only part of IPv6 that is routed; then what is not within that.
        "::/3 4000::/2 8000::/1 2001::/23 2001:db8::/32 2002::/16 3fff::/20"
    ).split()
]
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]

# How a URL's host and port may be written: no user, no %, no zone, no digits but ASCII's.
AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@%]+)(:[0-9]{1,5})?")
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*")
#: What resolvers take for (part of) an IPv4 address: 127.1, 2130706433, 0x7f.1, 0177.0.0.1.
ENDS_IN_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")


class ForbiddenAddress(OSError):
    """The connection would go to an address that no webhook may reach."""

    def __init__(self) -> None:
        # The same words for each: where all of a name's addresses are forbidden, happy eyeballs
        # hands on the one error that they have in common, and not a new one of its own.
        super().__init__("the URL leads to an address that is not public")


class ForbiddenUrl(ValueError):
    """The URL is of a kind that no webhook may have; the text says why."""


class Answer(NamedTuple):
    """How one request ended. Where there was no answer `status` is empty, and `text` says why."""

    outcome: Outcome
    status: int | None
    text: str
    latency_ms: int
    retry_after: str = ""


def is_forbidden(address: str, *, allow_loopback: bool = False) -> bool:
    """Whether *address*, a literal IPv4 or IPv6 address, may not be connected to.

    Raises:
        ValueError: it is not one, or not plainly written.
    """
    if "%" in address:
        return True  # a zone: what is public has none
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if allow_loopback and any(ip in network for network in LOOPBACK):
        return False
    return any(ip in network for network in FORBIDDEN)


# -- What can be seen by looking at the URL -------------------------------------------------------


def check_url(url: str) -> URL:
    """Refuse what can be refused by looking at it; the socket's guard sees to the rest.

    Returns the URL as it will be requested.

    Raises:
        ForbiddenUrl: not https (or http, where loopback is allowed), with a user or password or a
            fragment, without a host, with a port that is not for the web, with a host that is
            a forbidden address or an address in another spelling than the plain one, with
            characters that do not show, or too long.
    """
    return _checked(url, settings.OUTBOUND_ALLOW_LOOPBACK, tuple(settings.OUTBOUND_PORTS))


@lru_cache(maxsize=10_000)  # it is asked before every request
def _checked(url: str, allow_loopback: bool, ports: tuple[int, ...]) -> URL:
    if len(url) > MAX_URL or not url.isprintable() or " " in url or "\\" in url:
        raise ForbiddenUrl("the URL is too long, or holds spaces or other signs that do not belong")
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


#: All that may stand in a URL as it is (RFC 3986), and the % of what is encoded already.
IN_A_TARGET = "!#$%&'()*+,/:;=?@[]~"


def _keep_target(parsed: URL, target: str) -> URL:
    """Return *parsed* with its path and query as they were written.

    The library decodes what it takes to be the same, as %2F in a query; a signature over the URL
    would not be valid any more. Only what a URL cannot hold, as ü, is encoded.
    """
    written = quote(target, safe=IN_A_TARGET)
    return URL(f"{parsed.scheme}://{parsed.raw_authority}{written}", encoded=True)


def _check_host(host: str, allow_loopback: bool) -> None:
    """Judge an address; a name is judged when it has been looked up.

    *host* is as it will be asked for: full-width and other dressed-up signs are plain by now.
    """
    bare = host.removesuffix(".")
    if ":" not in bare and not ENDS_IN_NUMBER.fullmatch(bare):
        if not NAME.fullmatch(bare):
            raise ForbiddenUrl("the URL has no usable host or port")
        return
    try:
        forbidden = is_forbidden(host, allow_loopback=allow_loopback)
    except ValueError as error:
        raise ForbiddenUrl("an address must be written plainly, as in 192.0.2.1") from error
    if forbidden:
        raise ForbiddenUrl("the URL leads to an address that is not public")


# -- What stands where the socket is made ---------------------------------------------------------


def guarded_socket(address: tuple[Any, ...]) -> socket.socket:
    """Make the socket for one resolved address, unless it is forbidden.

    Raises:
        ForbiddenAddress: before any packet is sent.
    """
    family, kind, proto, _, sockaddr = address
    try:
        forbidden = is_forbidden(str(sockaddr[0]), allow_loopback=settings.OUTBOUND_ALLOW_LOOPBACK)
    except ValueError:
        forbidden = True  # the system would look it up once more, and nobody would see the result
    if forbidden:
        raise ForbiddenAddress
    return socket.socket(family=family, type=kind, proto=proto)


class _Connection(ResponseHandler):
    """Takes in so much for each request and no more, be it headers, interim answers or a body.

    An endpoint that sends without an end would otherwise keep the loop busy until the deadline,
    and everybody else waiting.
    """

    room = MAX_TAKEN_BYTES

    def set_response_params(self, **given: Any) -> None:
        self.room = MAX_TAKEN_BYTES
        super().set_response_params(**given)

    def is_connected(self) -> bool:
        """Whether it may carry another request: not with an answer in it that nobody asked for."""
        return super().is_connected() and not self._buffer

    def data_received(self, data: bytes) -> None:
        self.room -= len(data)
        if self.room >= 0:
            super().data_received(data)
        else:
            self._take_no_more(data[: self.room])

    def _take_no_more(self, last: bytes) -> None:
        """Who waits for an answer gets an error; one that has begun is taken to end here."""
        self.room = 0
        super().data_received(last)
        if self.transport is not None:
            self.transport.pause_reading()
        self.set_exception(aiohttp.ClientPayloadError("there is no end to the answer"))
        if self._payload is not None:
            self._payload.feed_eof()


class _Connector(aiohttp.TCPConnector):
    """What aiohttp has no other door for; the table of hostile forms tells when one has moved."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._factory = partial(_Connection, loop=self._loop)  # type: ignore[assignment]

    async def _resolve_host(self, *given: Any, **more: Any) -> list[ResolveResult]:
        return (await super()._resolve_host(*given, **more))[:MAX_ADDRESSES]


def open_session(
    *, seconds: float | None = None, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """A session that keeps connections, but no cookies, proxies or decompression.

    Each request may take *seconds*, or what the setting says. Names are looked up by *resolver*,
    or as this machine does; never in threads, of which names that hang would take all.
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
        headers={"User-Agent": "CMR-Webhooks/1", "Accept-Encoding": "identity"},
    )


# -- One request ----------------------------------------------------------------------------------


async def post(
    session: aiohttp.ClientSession, url: str, *, body: bytes, headers: Mapping[str, str]
) -> Answer:
    """POST *body* once. Never raises for what the other side does, and follows no redirect."""
    return await _timed(session, url, data=body, headers=headers)


async def get(session: aiohttp.ClientSession, url: str) -> Answer:
    """GET *url* once, as carefully."""
    return await _timed(session, url, method="GET")


async def fetch(session: aiohttp.ClientSession, url: str, *, most: int) -> bytes | None:
    """GET *url* once, as carefully; return the body of a 200 of up to *most* bytes, else None."""
    try:
        async with session.get(check_url(url), allow_redirects=False) as got:
            body = await got.content.read(-1) if got.status == 200 else None
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return None
    return body if body is not None and len(body) <= most else None


async def _timed(session: aiohttp.ClientSession, url: str, **given: Any) -> Answer:
    started = time.monotonic()
    outcome, status, text, retry_after = await _outcome(session, url, **given)
    return Answer(outcome, status, text, round((time.monotonic() - started) * 1_000), retry_after)


async def _outcome(
    session: aiohttp.ClientSession, url: str, *, method: str = "POST", **sent: Any
) -> tuple[Outcome, int | None, str, str]:
    try:
        where = check_url(url)
        async with session.request(method, where, allow_redirects=False, **sent) as got:
            text = await _beginning(got)
            outcome = Outcome.DELIVERED if 200 <= got.status < 300 else Outcome.REFUSED
            return outcome, got.status, text, got.headers.get("Retry-After", "")
    except (ForbiddenUrl, ForbiddenAddress) as error:
        return Outcome.FORBIDDEN, None, str(error), ""
    except TimeoutError:
        return Outcome.TIMED_OUT, None, "", ""
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if _by_guard(error):
            return Outcome.FORBIDDEN, None, str(ForbiddenAddress()), ""
        return Outcome.UNREACHABLE, None, _reason(error), ""


#: By what the library raises, why there was no answer; the first that fits.
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


async def _beginning(answer: aiohttp.ClientResponse) -> str:
    """The first bytes of the answer as text that any database column takes."""
    raw = b""
    while len(raw) < MAX_ANSWER_BYTES and not answer.content.at_eof():
        raw += await answer.content.read(MAX_ANSWER_BYTES - len(raw))
    if not answer.content.at_eof():
        answer.close()  # the rest is not worth reading, so the connection is not kept
    return raw.decode("utf-8", "replace").replace("\0", "")[:500]


def _by_guard(error: BaseException | None) -> bool:
    """Whether our guard is at the root of *error*: libraries wrap what a socket raises."""
    while error is not None:
        if isinstance(error, ForbiddenAddress):
            return True
        error = getattr(error, "os_error", None) or error.__cause__ or error.__context__
    return False
