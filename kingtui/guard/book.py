"""The tokens of a home: made, listed, revoked; what is revoked is known without asking the store."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta

from kingtui.clock import Clock
from kingtui.guard.keys import Keyring
from kingtui.models import KingError, NotFound, Scope, Token, WrongUse
from kingtui.store import tokens
from kingtui.store.database import Database

log = logging.getLogger("kingtui.guard")

LONGEST = timedelta(days=3650)
LONGEST_NAME = 80


class TokenBook:
    """All tokens of a home. ``load()`` before ``revoked`` is asked. Only the home's owner may write."""

    def __init__(self, database: Database, keys: Keyring, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self.revoked: set[str] = set()
        self.loaded = False
        self._noted: dict[str, int] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Learn what is revoked."""
        async with self._database.read() as connection:
            self.revoked |= await tokens.revoked(connection)
        self.loaded = True

    async def every(self) -> list[Token]:
        """All tokens that were made or revoked here, the oldest first."""
        async with self._database.read() as connection:
            return await tokens.every(connection)

    async def create(self, name: str, scopes: Iterable[Scope], lifetime: timedelta) -> tuple[Token, str]:
        """A new token and its text, which is kept nowhere. Raises WrongUse."""
        wanted = tuple(scope for scope in Scope if scope in set(scopes))
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise WrongUse(f"a token needs a name of 1 to {LONGEST_NAME} letters, such as that of who gets it")
        if not wanted:
            raise WrongUse("a token needs a scope: read, trigger or admin")
        if not timedelta() < lifetime <= LONGEST:
            raise WrongUse(f"a token lasts longer than nothing and at most {LONGEST.days} days")
        now = self._clock.now()
        token = Token(secrets.token_hex(8), name.strip(), wanted, now, now + lifetime)
        text = self._keys.sign(token.id, token.name, wanted, now, now + lifetime)
        async with self._database.write() as tx:
            await tokens.add(tx, token)
        log.info("token %s was made for %s: %s", token.id, token.name, ", ".join(wanted))
        return token, text

    async def revoke(self, token_id: str) -> Token:
        """From now on a token counts no more, wherever it was signed. Raises NotFound for no possible id."""
        if not 0 < len(token_id) <= 255 or not token_id.isprintable():
            raise NotFound(f"{token_id[:40]!r} is no token's id: kingtui token list shows them")
        async with self._database.write() as tx:
            await tokens.revoke(tx, token_id, self._clock.now())
            found = await tokens.get(tx, token_id)
        self.revoked.add(token_id)
        log.info("token %s was revoked", token_id)
        if found is None:
            raise KingError(f"token {token_id} was revoked but is not found")
        return found

    def used(self, token_id: str) -> None:
        """A token was shown: remember the day, writing it once a day."""
        day = self._clock.now().date()
        if self._noted.get(token_id) == day.toordinal():
            return
        if len(self._noted) > 10_000:
            self._noted.clear()
        self._noted[token_id] = day.toordinal()
        task = asyncio.create_task(self._note(token_id), name=f"use of token {token_id[:8]}")
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _note(self, token_id: str) -> None:
        try:
            async with self._database.write() as tx:
                await tokens.used(tx, token_id, self._clock.now().date())
        except KingError as error:
            log.warning("that token %s was used is not noted: %s", token_id, error)
