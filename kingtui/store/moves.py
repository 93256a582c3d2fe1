"""Open moves: where a committed change says a file shall be, until it is there.

The commit that changes a row stores the move with it; the file follows; then the move is dropped. What a crash leaves
open is completed at the next start, before any folder is scanned.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.store.schema import moves


async def add(tx: AsyncConnection, src: str, dst: str, now: datetime) -> int:
    """Remember that ``src`` shall be at ``dst`` (both relative to the home); the move's id."""
    move_id: int = await tx.scalar(moves.insert().values(src=src, dst=dst, at=now).returning(moves.c.id))
    return move_id


async def done(tx: AsyncConnection, ids: Sequence[int]) -> None:
    """The files are where they shall be."""
    await tx.execute(moves.delete().where(moves.c.id.in_(ids)))


async def open_moves(connection: AsyncConnection) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """What is not moved yet, oldest first: (id, src, dst)."""
    return (await connection.execute(sa.select(moves.c.id, moves.c.src, moves.c.dst).order_by(moves.c.id))).all()


async def sources(connection: AsyncConnection) -> set[str]:
    """Paths that are about to be moved away."""
    return {row.src for row in await connection.execute(sa.select(moves.c.src))}


async def reserved(connection: AsyncConnection, dst: str) -> bool:
    """Whether a file is about to come to this path."""
    return (await connection.execute(sa.select(sa.literal(1)).where(moves.c.dst == dst))).first() is not None
