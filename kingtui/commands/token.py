"""``kingtui token``: asked of the home's owner, which alone may write; where nothing runs, done here with its lock."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

from kingtui.clock import SystemClock
from kingtui.commands.output import out, say, table, write, write_json
from kingtui.guard.book import TokenBook
from kingtui.guard.desk import token_json
from kingtui.guard.keys import keyring
from kingtui.home import Home, HomeLock, owner
from kingtui.models import Scope, WrongUse
from kingtui.settings import Settings
from kingtui.store.database import Database

Answer = Mapping[str, Any]
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Tokens(Protocol):
    """Whoever keeps the tokens of a home. Answers are as of ``/tokens``."""

    async def tokens(self) -> Answer: ...

    async def create_token(self, name: str, scopes: list[str], seconds: float) -> Answer: ...

    async def revoke_token(self, token_id: str) -> Answer: ...


def make_token(settings: Settings, name: str, scope: str, expires: str, *, as_json: bool) -> None:
    """Print a new token on standard output. Raises WrongUse."""
    scopes, lifetime = _scopes(scope), lifetime_of(expires)
    made = _ask(settings, lambda tokens: tokens.create_token(name, scopes, lifetime.total_seconds()))
    if as_json:
        write_json(made)
    else:
        write(str(made["token"]))
        say(f"token {made['id']} for {made['name']} counts until {_short(made['expires'])}; it is not shown again")


def show_tokens(settings: Settings, *, as_json: bool) -> None:
    """Print every token, without its text."""
    found = _ask(settings, lambda tokens: tokens.tokens())
    if as_json:
        write_json(found)
        return
    if not found["tokens"]:
        say("there is no token: kingtui token create --name NAME makes one")
        return
    rows = table("id", "name", "scopes", "made", "expires", "revoked", "used last")
    for row in found["tokens"]:
        rows.add_row(
            row["id"], row["name"] or "signed elsewhere", " ".join(row["scopes"]), _short(row["created"]),
            _short(row["expires"]), _short(row["revoked"]), row["last_used"] or "never",
        )  # fmt: skip
    out().print(rows)


def end_token(settings: Settings, token_id: str, *, as_json: bool) -> None:
    """Revoke a token. Raises NotFound."""
    ended = _ask(settings, lambda tokens: tokens.revoke_token(token_id))
    if as_json:
        write_json(ended)
    else:
        whose = f"of {ended['name']}" if ended["name"] else "which was not made here,"
        say(f"token {ended['id']} {whose} counts no more")


def lifetime_of(text: str) -> timedelta:
    """``12h``, ``30d`` or ``52w`` as a time. Raises WrongUse."""
    found = re.fullmatch(r"([1-9]\d{0,5})([mhdw])", text.strip().lower())
    if found is None:
        raise WrongUse(f"--expires is {text[:40]!r}: a number and m, h, d or w are allowed, such as 30d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _scopes(text: str) -> list[str]:
    words = [word for word in re.split(r"[\s,]+", text.strip().lower()) if word]
    if wrong := [word for word in words if word not in list(Scope)] or (not words and [text]):
        raise WrongUse(f"--scope is {wrong[0][:40]!r}: read, trigger or admin are allowed, with commas between them")
    return words


def _short(moment: str | None) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC" if moment else "–"


def _ask(settings: Settings, question: Callable[[Tokens], Awaitable[Answer]]) -> Answer:
    async def ask() -> Answer:
        async with _keeper(settings) as tokens:
            return await question(tokens)

    return asyncio.run(ask())


@asynccontextmanager
async def _keeper(settings: Settings) -> AsyncIterator[Tokens]:
    home = Home(settings.home)
    held_by = owner(home)
    if held_by is not None:
        from kingtui.commands.owner import owner_api

        async with owner_api(home, held_by) as api:
            yield api
        return
    home.create()
    clock, database = SystemClock(), Database(home.database)
    with HomeLock(home, mode="token"):
        await database.open(clock.now())
        try:
            yield _Book(TokenBook(database, keyring(settings, home), clock))
        finally:
            await database.close()


class _Book:
    """The book in the shape of the API's answers."""

    def __init__(self, book: TokenBook) -> None:
        self._book = book

    async def tokens(self) -> Answer:
        return {"tokens": [token_json(token) for token in await self._book.every()]}

    async def create_token(self, name: str, scopes: list[str], seconds: float) -> Answer:
        made, text = await self._book.create(name, [Scope(word) for word in scopes], timedelta(seconds=seconds))
        return {**token_json(made), "token": text}

    async def revoke_token(self, token_id: str) -> Answer:
        return token_json(await self._book.revoke(token_id))
