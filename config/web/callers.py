"""Identifying the caller of a request, so that limits apply to each caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from cmr.rate_limits import group_address


def find_caller(scope: Mapping[str, Any]) -> str:
    """Return the caller's IPv4 address, or the /64 of its IPv6 address: one caller has all of it.

    Behind trusted proxies, it is the address that the outermost of them saw.
    """
    address = _forwarded_for(scope) or scope["client"][0]
    return group_address(str(address))


def _forwarded_for(scope: Mapping[str, Any]) -> str:
    proxies = settings.TRUSTED_PROXIES or 0
    if not proxies:
        return ""
    given = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    hops = b",".join(given).decode("latin-1").split(",")
    return hops[-min(proxies, len(hops))].strip()
