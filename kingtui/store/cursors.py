"""Where each source stands, and small flags that outlive a restart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.store.schema import cursors, flags


async def cursor(connection: AsyncConnection, source: str) -> Any:
    """What the source remembered last (JSON data), or None."""
    return await connection.scalar(sa.select(cursors.c.value).where(cursors.c.source == source))


async def advance(tx: AsyncConnection, source: str, value: Any, now: datetime) -> None:
    """Remember where the source stands."""
    row = {"source": source, "value": value, "updated_at": now}
    await tx.execute(insert(cursors).values(row).on_conflict_do_update(index_elements=["source"], set_=row))


async def flag(connection: AsyncConnection, name: str) -> Any:
    """A flag's value (JSON data), or None."""
    return await connection.scalar(sa.select(flags.c.value).where(flags.c.name == name))


async def set_flag(tx: AsyncConnection, name: str, value: Any) -> None:
    """Set a flag."""
    row = {"name": name, "value": value}
    await tx.execute(insert(flags).values(row).on_conflict_do_update(index_elements=["name"], set_=row))
