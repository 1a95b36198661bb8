"""Bugs in the guard, each of which the table has to show."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import aiohttp
from yarl import URL

from core.http import outbound

_once = outbound._request


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


async def _following(session: aiohttp.ClientSession, method: str, url: URL, **given: Any) -> Any:
    got, body = await _once(session, method, url, **given)
    if got.status in range(300, 400) and "Location" in got.headers:
        return await _following(session, method, url.join(URL(got.headers["Location"])), **given)
    return got, body


class _Proxied(outbound._Request):
    """Goes by the proxy that the environment names."""

    def __init__(self, method: str, url: URL, **given: Any) -> None:
        super().__init__(method, url, **given)
        if proxy := os.environ.get("http_proxy"):
            self.update_proxy(URL(proxy), None, None)


class _Decompressing(outbound._Connection):
    def set_response_params(self, **given: Any) -> None:
        super().set_response_params(**given | {"auto_decompress": True})


#: By what it says of itself: whose attribute is replaced, and by what.
BUGS: dict[str, tuple[Any, str, Any]] = {
    "the socket is not guarded": (outbound, "guarded_socket", _any_socket),
    "nobody looks at the URL": (outbound, "_checked", _any_url),
    "Python's is_private is trusted": (outbound, "is_forbidden", _by_python),
    "the list has only what comes to mind": (outbound, "is_forbidden", _first_version),
    "a host and port may have any form": (outbound, "AUTHORITY", re.compile(".*")),
    "an answer may be of any length": (outbound, "MAX_TAKEN_BYTES", 10**15),
    "every address of a name is tried": (outbound, "MAX_ADDRESSES", 1_000),
    "redirects are followed": (outbound, "_request", _following),
    "proxies from the environment are used": (outbound, "_Request", _Proxied),
    "certificates are not checked": (
        *(aiohttp.connector, "_SSL_CONTEXT_VERIFIED"),
        aiohttp.connector._SSL_CONTEXT_UNVERIFIED,
    ),
    "answers are decompressed": (outbound, "_Connection", _Decompressing),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    owner, attribute, bug = BUGS[name]
    outbound._checked.cache_clear()
    with patch.object(owner, attribute, bug):
        yield
    outbound._checked.cache_clear()
