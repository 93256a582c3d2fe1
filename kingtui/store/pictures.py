"""What befell one picture: its deliveries, its failures, and the pictures that repeat it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.models import Attempt, Receipt, Stage
from kingtui.store.schema import attempts, images, receipts


async def duplicates_of(connection: AsyncConnection, image_id: int) -> int:
    """How many pictures repeat this one."""
    query = sa.select(sa.func.count()).select_from(images).where(images.c.original_id == image_id)
    return int(await connection.scalar(query) or 0)


async def receipts_of(connection: AsyncConnection, image_id: int, limit: int) -> list[Receipt]:
    """The newest deliveries of a picture, oldest first."""
    rows = await connection.execute(
        sa.select(
            receipts.c.source,
            receipts.c.received_at,
            receipts.c.message_at,
            receipts.c.caption,
            receipts.c.withdrawn_at,
        )
        .where(receipts.c.image_id == image_id)
        .order_by(receipts.c.id.desc())
        .limit(limit)
    )
    return [Receipt(*row) for row in rows][::-1]


async def failures_of(connection: AsyncConnection, image_id: int, limit: int) -> list[Attempt]:
    """The newest failed attempts on a picture, oldest first."""
    rows = await connection.execute(
        sa.select(attempts.c.at, attempts.c.stage, attempts.c.error)
        .where(attempts.c.image_id == image_id)
        .order_by(attempts.c.id.desc())
        .limit(limit)
    )
    return [Attempt(row.at, Stage(row.stage), row.error) for row in rows][::-1]
