"""The API's tokens: made, revoked, used."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.models import Scope, Token
from kingtui.store.schema import tokens

_COLUMNS = [tokens.c[field.name] for field in fields(Token)]


def _token(row: sa.Row[Any]) -> Token:
    data = dict(row._mapping)
    data["scopes"] = tuple(Scope(word) for word in data["scopes"].split())
    return Token(**data)


async def add(tx: AsyncConnection, token: Token) -> None:
    """Remember a new token."""
    await tx.execute(
        tokens.insert().values(
            id=token.id, name=token.name, scopes=" ".join(token.scopes), created_at=token.created_at,
            expires_at=token.expires_at,
        )
    )  # fmt: skip


async def get(connection: AsyncConnection, token_id: str) -> Token | None:
    """A token that is remembered."""
    row = (await connection.execute(sa.select(*_COLUMNS).where(tokens.c.id == token_id))).one_or_none()
    return None if row is None else _token(row)


async def every(connection: AsyncConnection) -> list[Token]:
    """All of them, the oldest first."""
    return [_token(row) for row in await connection.execute(sa.select(*_COLUMNS).order_by(tokens.c.created_at))]


async def usable(connection: AsyncConnection, now: datetime) -> bool:
    """Whether a token was made here that has not expired and was not revoked."""
    query = sa.select(tokens.c.id).where(
        tokens.c.revoked_at.is_(None), tokens.c.expires_at > now, tokens.c.scopes != ""
    )
    return (await connection.execute(query.limit(1))).first() is not None


async def revoke(tx: AsyncConnection, token_id: str, now: datetime) -> None:
    """From now on a token counts no more, wherever it was signed. The first moment stays."""
    row = {"id": token_id, "name": "", "scopes": "", "created_at": now, "revoked_at": now}
    first = sa.func.coalesce(tokens.c.revoked_at, now)
    await tx.execute(
        insert(tokens).values(row).on_conflict_do_update(index_elements=["id"], set_={"revoked_at": first})
    )


async def revoked(connection: AsyncConnection) -> set[str]:
    """The ids that count no more."""
    found = await connection.scalars(sa.select(tokens.c.id).where(tokens.c.revoked_at.is_not(None)))
    return set(found)


async def used(tx: AsyncConnection, token_id: str, day: date) -> None:
    """A token was shown on a day."""
    await tx.execute(tokens.update().where(tokens.c.id == token_id).values(last_used=day))
