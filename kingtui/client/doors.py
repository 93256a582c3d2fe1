"""Where a running kingtui is, and what must be shown to it: a fixed address, or whoever owns a home just now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from kingtui.client.errors import Unreachable
from kingtui.home import Home, own_secret, owner, trust
from kingtui.models import WrongUse

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class Place:
    """A kingtui to ask. ``name`` is how sentences call it."""

    address: str
    """Without a slash at its end."""
    name: str
    token: str | None = field(default=None, repr=False)
    verify: ssl.SSLContext | bool = field(default=True, repr=False)
    """By what the server of an https address is known."""

    def headers(self) -> dict[str, str]:
        """What every request says of who asks."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}


class Door(Protocol):
    """Finds the place, each time anew after it was lost. May read files; raises KingError."""

    def find(self) -> Place: ...


class AddressDoor:
    """A fixed address, as ``--attach`` names it."""

    def __init__(self, address: str, token: str | None = None) -> None:
        """Raises WrongUse where it is no http address."""
        where = checked_address(address)
        self._place = Place(where, f"kingtui at {where}", token or None, _verified(where))

    def find(self) -> Place:
        return self._place


class HomeDoor:
    """Whoever owns a home: after a restart that may be at another address. The home's own secret opens."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def find(self) -> Place:
        held_by = owner(self._home)
        if held_by is None:
            raise Unreachable(f"nothing runs in {self._home.root}")
        if held_by.address is None:
            raise Unreachable(f"{self._home.root} is owned by {held_by}: it cannot be asked, so wait for its end")
        name = f"process {held_by.pid} at {held_by.address}"
        return Place(held_by.address, name, own_secret(self._home), trust(self._home, held_by.address))


def checked_address(text: str) -> str:
    """An address of an API: ``http://127.0.0.1:5555``, without what follows the port. Raises WrongUse."""
    problem = WrongUse(f"{text[:100]!r} is no address of a kingtui: one such as http://127.0.0.1:5555 is allowed")
    try:
        parts = urlsplit(text.strip())
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:
        raise problem from None
    if wrong or parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise problem
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _verified(address: str) -> ssl.SSLContext | bool:
    """The authorities that this machine trusts; ``SSL_CERT_FILE`` names others."""
    if not address.startswith("https:"):
        return True
    import ssl

    return ssl.create_default_context()
