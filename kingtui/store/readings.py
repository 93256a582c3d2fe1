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
