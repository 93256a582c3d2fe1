"""Who may do what over the API: scopes, and the tokens that carry them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a token allows. One that is further down includes those above it."""

    READ = "read"
    """See everything."""
    TRIGGER = "trigger"
    """Have work done: trigger, cancel, pause, add and retry pictures."""
    ADMIN = "admin"
    """Restart, switch the API, and sign in to Telegram."""


def with_lesser(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """The scopes and all that they include."""
    order = list(Scope)
    highest = max((order.index(scope) for scope in scopes), default=-1)
    return frozenset(order[: highest + 1])


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the API as it is remembered: not what it says, which only its holder has."""

    id: str
    """Its ``jti``."""
    name: str
    """Empty for a token that was signed elsewhere and revoked here."""
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    last_used: date | None = None
    """The last day (UTC) on which it was shown."""
