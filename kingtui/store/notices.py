"""Notices that wait to be sent, each with the address it goes to. One that was sent is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.store.schema import notices


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that was not sent yet."""

    id: int
    text: str
    at: datetime
    attempts: int
    next_try: datetime | None


async def add(tx: AsyncConnection, addresses: Iterable[str], texts: Iterable[str], now: datetime) -> None:
    """These texts shall go to each of these addresses."""
    lines = list(texts)
    rows = [{"address": address, "text": text, "at": now} for address in addresses for text in lines]
    if rows:
        await tx.execute(notices.insert(), rows)


async def waiting(connection: AsyncConnection, address: str) -> list[Waiting]:
    """What waits for an address, oldest first."""
    rows = await connection.execute(sa.select(notices).where(notices.c.address == address).order_by(notices.c.id))
    return [Waiting(row.id, row.text, row.at, row.attempts, row.next_try) for row in rows]


async def sent(tx: AsyncConnection, ids: Collection[int]) -> None:
    """These have arrived."""
    await tx.execute(notices.delete().where(notices.c.id.in_(ids)))


async def failed(tx: AsyncConnection, ids: Collection[int], next_try: datetime) -> None:
    """These did not arrive and are tried again then."""
    await tx.execute(
        notices.update().where(notices.c.id.in_(ids)).values(attempts=notices.c.attempts + 1, next_try=next_try)
    )


async def forget_others(tx: AsyncConnection, addresses: Collection[str]) -> None:
    """Addresses that are no longer set get nothing more."""
    await tx.execute(notices.delete().where(notices.c.address.not_in(addresses)))
