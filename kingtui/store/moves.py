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

from kingtui.store.schema import images, moves, reports


async def add(tx: AsyncConnection, src: str, dst: str, sha256: str | None, now: datetime) -> int:
    """Remember that ``src`` shall be at ``dst`` (both relative to the home); the move's id."""
    values = {"src": src, "dst": dst, "sha256": sha256, "at": now}
    move_id: int = await tx.scalar(moves.insert().values(values).returning(moves.c.id))
    return move_id


async def redirect(tx: AsyncConnection, move_id: int, old: str, new: str) -> None:
    """The file shall go to another path: the move and the picture that it belongs to follow."""
    await tx.execute(moves.update().where(moves.c.id == move_id).values(dst=new))
    await tx.execute(images.update().where(images.c.path == old).values(path=new))
    await tx.execute(images.update().where(images.c.analysis == old).values(analysis=new))
    await tx.execute(reports.update().where(reports.c.file == old).values(file=new))
    await tx.execute(reports.update().where(reports.c.figure == old).values(figure=new))


async def done(tx: AsyncConnection, ids: Sequence[int]) -> None:
    """The files are where they shall be."""
    await tx.execute(moves.delete().where(moves.c.id.in_(ids)))


async def open_moves(connection: AsyncConnection) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """What is not moved yet, oldest first: (id, src, dst, sha256)."""
    return (await connection.execute(sa.select(moves).order_by(moves.c.id))).all()


async def sources(connection: AsyncConnection) -> set[str]:
    """Paths that are about to be moved away."""
    return {row.src for row in await connection.execute(sa.select(moves.c.src))}


async def source(connection: AsyncConnection, dst: str) -> str | None:
    """Where the file still may be that is about to come to this path; None where none is."""
    found: str | None = await connection.scalar(sa.select(moves.c.src).where(moves.c.dst == dst))
    return found


async def reserved(connection: AsyncConnection, dst: str) -> bool:
    """Whether a file is about to come to this path."""
    return (await connection.execute(sa.select(sa.literal(1)).where(moves.c.dst == dst))).first() is not None
