"""Whom an address stands for, where callers are counted."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network


def group_address(text: str) -> str:
    """Return what stands for the caller: an IPv4 address, or the /64 of an IPv6 address.

    Whoever has one IPv6 address has a whole /64 of them.
    """
    try:
        address = ip_address(_remove_port(text))
    except ValueError:
        return text
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((int(address), 64), strict=False))
    return str(address)


def _remove_port(text: str) -> str:
    """Drop the port that some proxies add: it differs with each connection."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
