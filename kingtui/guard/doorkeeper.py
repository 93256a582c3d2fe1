"""Who asks: the home's own secret, a token, or nobody known. What was verified once is remembered."""

from __future__ import annotations

import hashlib
import hmac

from kingtui.clock import Clock
from kingtui.guard.answers import Message
from kingtui.guard.book import TokenBook
from kingtui.guard.callers import ANYBODY, NOBODY, OWN, Caller
from kingtui.guard.keys import BadToken, Keyring, Verified

REMEMBERED = 1024
_BEARER = b"bearer "
_OFFERED = "bearer."


class Doorkeeper:
    """``asks_tokens``: who shows none is nobody; else everybody may do everything, as on a loopback address."""

    def __init__(self, secret: str, keys: Keyring, book: TokenBook, clock: Clock, *, asks_tokens: bool) -> None:
        self._own = hashlib.sha256(secret.encode()).digest()
        self._keys = keys
        self._book = book
        self._clock = clock
        self._stranger = NOBODY if asks_tokens else ANYBODY
        self._verified: dict[bytes, Verified] = {}

    async def caller(self, shown: bytes | None) -> tuple[Caller, Verified | None]:
        """Who shows this token, and what was verified if it is one. Raises BadToken."""
        if shown is None:
            return self._stranger, None
        digest = hashlib.sha256(shown).digest()
        if hmac.compare_digest(digest, self._own):
            return OWN, None
        if not self._book.loaded:
            await self._book.load()
        found = self._verified.get(digest)
        if found is None:
            found = self._remember(digest, self._keys.verify(shown.decode("latin-1")))
        if found.id in self._book.revoked:
            raise BadToken("the token was revoked")
        if found.expires <= self._clock.now().timestamp():
            del self._verified[digest]
            raise BadToken("the token has expired")
        self._book.used(found.id)
        return found.caller, found

    def counts(self, token: Verified) -> bool:
        """Whether a token that counted still does."""
        return token.id not in self._book.revoked and token.expires > self._clock.now().timestamp()

    def _remember(self, digest: bytes, verified: Verified) -> Verified:
        if len(self._verified) >= REMEMBERED:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = verified
        return verified


def shown_token(scope: Message, authorization: bytes | None) -> bytes | None:
    """The token that a request shows: in its Authorization header, or among the subprotocols of a WebSocket.

    Raises BadToken for a header of another kind.
    """
    if authorization is not None:
        if authorization[: len(_BEARER)].lower() != _BEARER:
            raise BadToken("Authorization is no bearer token")
        return authorization[len(_BEARER) :].strip()
    for offered in scope.get("subprotocols", ()):
        if offered.startswith(_OFFERED):
            text: str = offered[len(_OFFERED) :]
            return text.encode("latin-1", errors="replace")
    return None
