"""Readings, kept per hash of the bytes and version of the reader: a chart is read once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.store.schema import readings


async def get(connection: AsyncConnection, sha256: str, reader: str) -> bytes | None:
    """The reading's JSON, where this version of the reader has read these bytes."""
    query = sa.select(readings.c.data).where(readings.c.sha256 == sha256, readings.c.reader == reader)
    data: bytes | None = await connection.scalar(query)
    return data


async def keep(tx: AsyncConnection, sha256: str, reader: str, kind: str, data: bytes, now: datetime) -> None:
    """Keep a reading; one that is already kept stays."""
    row = {"sha256": sha256, "reader": reader, "kind": kind, "data": data, "read_at": now}
    await tx.execute(insert(readings).values(row).on_conflict_do_nothing())


async def newest(connection: AsyncConnection, sha256: str) -> tuple[bytes, str, datetime] | None:
    """The reading's JSON by whatever version of the reader read these bytes last, that version, and when."""
    query = (
        sa.select(readings.c.data, readings.c.reader, readings.c.read_at)
        .where(readings.c.sha256 == sha256)
        .order_by(readings.c.read_at.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (row.data, row.reader, row.read_at)


async def forget(tx: AsyncConnection, sha256: str, reader: str) -> None:
    """This version of the reader shall read these bytes anew."""
    await tx.execute(readings.delete().where(readings.c.sha256 == sha256, readings.c.reader == reader))
