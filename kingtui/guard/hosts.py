"""Under which names the API may be asked. A foreign name is a web page that had its own name lead here."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from functools import lru_cache

_HOST = re.compile(rb"([A-Za-z0-9_.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
_REMEMBERED = 256


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


class Hosts:
    """The names that count: this machine's own, those that were set, and the address that a connection came to.

    ``bound``: the addresses that are listened on, ``configured``: the name they were given by. ``*.example.org`` in
    ``more`` stands for every name that ends so.
    """

    def __init__(self, bound: Iterable[str], configured: str, more: Iterable[str] = ()) -> None:
        names = set(LOCAL) | {_literal(address) for address in bound} | {configured.lower()}
        if not all(is_loopback(address) for address in bound):
            names.add(socket.gethostname().lower())
        self._names = frozenset(names | {name for name in more if not name.startswith("*.")})
        self._endings = tuple(name[1:] for name in more if name.startswith("*."))
        self.allows = lru_cache(_REMEMBERED)(self._allows)

    def _allows(self, host: bytes, here: str | None) -> bool:
        """Whether a Host header counts on a connection to the address ``here``."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found[1].decode().lower().rstrip(".")
        return (
            name in self._names
            or (bool(self._endings) and name.endswith(self._endings))
            or (here is not None and name == _literal(here))
        )


def _literal(address: str) -> str:
    """An address as it stands in a URL."""
    plain = address.partition("%")[0].lower()
    return f"[{plain}]" if ":" in plain else plain
