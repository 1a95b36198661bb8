"""Requests that leave the building, and the guard on where they may go.

The guard stands where the socket is made: it sees the address that will really be connected to,
after every look-up and for every connection, so no name, redirect or second look-up gets around it.
"""

from __future__ import annotations

import ipaddress
import socket
import time
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import aiohttp
from django.conf import settings

from brands.models import Outcome

#: How much of an answer is read at all, in bytes.
MAX_ANSWER_BYTES = 4_096

# Python's own lists differ from version to version, so these are ours: everything that is not
# globally routable, and what carries such an address inside.
FORBIDDEN = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 "
        "224.0.0.0/4 240.0.0.0/4 "
        "::/96 ::1/128 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001:db8::/32 2001::/23 2002::/16 "
        "3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8"
    ).split()
]
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]


class ForbiddenAddress(OSError):
    """The connection would go to an address that no webhook may reach."""


class ForbiddenUrl(ValueError):
    """The URL is of a kind that no webhook may have; the text says why."""


class Answer(NamedTuple):
    """How one request ended. `status` and `text` are empty when there was no answer."""

    outcome: Outcome
    status: int | None
    text: str
    latency_ms: int
    retry_after: str = ""


def is_forbidden(address: str, *, allow_loopback: bool = False) -> bool:
    """Whether *address*, a literal IPv4 or IPv6 address, may not be connected to."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if allow_loopback and any(ip in network for network in LOOPBACK):
        return False
    return any(ip in network for network in FORBIDDEN)


def check_url(url: str) -> None:
    """Refuse what can be refused by looking at it; the socket's guard sees to the rest.

    Raises:
        ForbiddenUrl: not https (or http, where loopback is allowed), with a user or password or a
            fragment, without a host, with a port that is not for the web, or with a host that is
            a forbidden address in whatever spelling.
    """
    _check(url, settings.OUTBOUND_ALLOW_LOOPBACK, tuple(settings.OUTBOUND_PORTS))


@lru_cache(maxsize=10_000)  # it is asked before every request
def _check(url: str, allow_loopback: bool, ports: tuple[int, ...]) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenUrl("this is not a URL") from error
    if parts.scheme != "https" and not (allow_loopback and parts.scheme == "http"):
        raise ForbiddenUrl("the URL must start with https://")
    if not parts.hostname or any(ord(c) <= 32 or ord(c) == 127 for c in url):
        raise ForbiddenUrl("the URL has no usable host, or holds spaces")
    if port == 0 or (port is not None and port not in ports and not allow_loopback):
        raise ForbiddenUrl(f"the port must be one of {', '.join(map(str, ports))}")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenUrl("the URL must not hold a user name or password")
    if parts.fragment:
        raise ForbiddenUrl("the URL must not have a fragment")
    if _is_forbidden_literal(parts.hostname, allow_loopback):
        raise ForbiddenUrl("the URL leads to an address that is not public")


def _is_forbidden_literal(host: str, allow_loopback: bool) -> bool:
    plain = unicodedata.normalize("NFKC", unquote(host)).rstrip(".")
    try:
        return is_forbidden(_as_dotted(plain), allow_loopback=allow_loopback)
    except ValueError:
        return False  # a name: judged when it has been looked up


def _as_dotted(host: str) -> str:
    """What resolvers make of 127.1, 2130706433 or 0x7f000001; anything else as it is."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeEncodeError):
        return host


def guarded_socket(address: tuple[Any, ...]) -> socket.socket:
    """Make the socket for one resolved address, unless it is forbidden.

    Raises:
        ForbiddenAddress: before any packet is sent.
    """
    family, kind, proto, _, sockaddr = address
    if is_forbidden(str(sockaddr[0]), allow_loopback=settings.OUTBOUND_ALLOW_LOOPBACK):
        raise ForbiddenAddress(f"{sockaddr[0]} is not a public address")
    return socket.socket(family=family, type=kind, proto=proto)


def client(*, seconds: float | None = None) -> aiohttp.ClientSession:
    """A session that keeps connections, but no cookies, proxies or decompression.

    Each request may take *seconds*, or what the setting says.
    """
    connector = aiohttp.TCPConnector(
        limit=0, ttl_dns_cache=30, socket_factory=guarded_socket, keepalive_timeout=10
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=seconds or settings.DELIVERY_DEADLINE_SECONDS),
        headers={"User-Agent": "CMR-Webhooks/1", "Accept-Encoding": "identity"},
    )


async def post(
    session: aiohttp.ClientSession, url: str, *, body: bytes, headers: Mapping[str, str]
) -> Answer:
    """POST *body* once. Never raises for what the other side does, and follows no redirect."""
    started = time.monotonic()
    outcome, status, text, retry_after = await _outcome(session, url, body, headers)
    return Answer(outcome, status, text, round((time.monotonic() - started) * 1_000), retry_after)


async def _outcome(
    session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]
) -> tuple[Outcome, int | None, str, str]:
    try:
        check_url(url)
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as got:
            text = await _beginning(got)
            outcome = Outcome.DELIVERED if 200 <= got.status < 300 else Outcome.REFUSED
            return outcome, got.status, text, got.headers.get("Retry-After", "")
    except (ForbiddenUrl, ForbiddenAddress) as error:
        return Outcome.FORBIDDEN, None, str(error), ""
    except TimeoutError:
        return Outcome.TIMED_OUT, None, "", ""
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Outcome.FORBIDDEN if _by_guard(error) else Outcome.UNREACHABLE, None, "", ""


async def _beginning(answer: aiohttp.ClientResponse) -> str:
    """The first bytes of the answer as text that any database column takes."""
    raw = await answer.content.read(MAX_ANSWER_BYTES)
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
