"""Whose requests are counted together: a client's address, as far as proxies may be believed."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from kingtui.guard.answers import Message

UNKNOWN = "unknown"
_REMEMBERED = 4096
_NETWORK = 64
"""Bits of an IPv6 address that name a network: whoever has one has all its addresses."""


@lru_cache(_REMEMBERED)
def client_of(address: str) -> str:
    """An address as it is counted: IPv6 by its network, IPv4 in IPv6 as IPv4; UNKNOWN for no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0].strip().strip("[]"))
    except ValueError:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _NETWORK), strict=False).network_address)


def client(scope: Message, forwarded: bytes | None, hops: int) -> str:
    """Whose request it is. ``forwarded``: X-Forwarded-For, of which the last ``hops`` entries were written by proxies
    that count; what a client may have written before them does not."""
    peer: str = scope["client"][0] if scope.get("client") else ""
    if hops and forwarded:
        entries = forwarded.decode("latin-1").split(",")
        told = client_of(_without_port(entries[max(len(entries) - hops, 0)].strip()))
        if told != UNKNOWN:
            return told
    return client_of(peer)


def _without_port(entry: str) -> str:
    """Some proxies write the port too."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
