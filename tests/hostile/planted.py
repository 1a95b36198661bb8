"""Bugs in the guard, each of which the table has to show."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import aiohttp
from yarl import URL

from core.http import outbound


def _any_socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, proto, _, _ = address
    return socket.socket(family, kind, proto)


def _any_url(url: str, *_: object) -> URL:
    return URL(url)


def _by_python(address: str, *, allow_loopback: bool = False) -> bool:
    """What many take for enough."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.is_private and not (allow_loopback and ip.is_loopback)


def _first_version(address: str, *, allow_loopback: bool = False) -> bool:
    """Only what comes to mind."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inside = ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
    found = any(ip in ipaddress.ip_network(each) for each in (*inside, "::1/128", "fc00::/7"))
    return found and not (allow_loopback and ip.is_loopback)


def _following(self: aiohttp.ClientSession, url: Any, **given: Any) -> Any:
    return self.request("POST", url, **{**given, "allow_redirects": True})


def _session_with(**more: Any) -> Callable[..., aiohttp.ClientSession]:
    made = aiohttp.ClientSession
    return lambda **given: made(**{**given, **more})


#: By what it says of itself: whose attribute is replaced, and by what.
BUGS: dict[str, tuple[Any, str, Any]] = {
    "the socket is not guarded": (outbound, "guarded_socket", _any_socket),
    "nobody looks at the URL": (outbound, "_checked", _any_url),
    "Python's is_private is trusted": (outbound, "is_forbidden", _by_python),
    "the list has only what comes to mind": (outbound, "is_forbidden", _first_version),
    "a host and port may have any form": (outbound, "AUTHORITY", re.compile(".*")),
    "an answer may be of any length": (outbound, "MAX_TAKEN_BYTES", 10**15),
    "every address of a name is tried": (outbound, "MAX_ADDRESSES", 1_000),
    "redirects are followed": (aiohttp.ClientSession, "post", _following),
    "proxies from the environment are used": (
        *(aiohttp, "ClientSession"),
        _session_with(trust_env=True),
    ),
    "certificates are not checked": (
        *(aiohttp.connector, "_SSL_CONTEXT_VERIFIED"),
        aiohttp.connector._SSL_CONTEXT_UNVERIFIED,
    ),
    "answers are decompressed": (
        *(aiohttp, "ClientSession"),
        _session_with(auto_decompress=True),
    ),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    owner, attribute, bug = BUGS[name]
    outbound._checked.cache_clear()
    with patch.object(owner, attribute, bug):
        yield
    outbound._checked.cache_clear()
