"""Grouping of IP addresses by caller, for counting."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

#: A longer text, in characters, is not cached, because thousands of them would fill the memory.
LONGEST_KEPT = 100


def group_address(text: str) -> str:
    """Return the key of the caller: an IPv4 address, or the /64 of an IPv6 address.

    A holder of one IPv6 address usually has a whole /64. Example: 2001:db8::1 gives 2001:db8::/64.
    """
    find = _group_address if len(text) <= LONGEST_KEPT else _group_address.__wrapped__
    return find(text)


@lru_cache(1_000)
def _group_address(text: str) -> str:
    try:
        address = ip_address(_remove_port(text))
    except ValueError:
        return text
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((int(address), 64), strict=False))
    return str(address)


def _remove_port(text: str) -> str:
    """Remove the port that some proxies add, because it differs with each connection."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
