"""Professional reports: what was written, by symbol and day. The texts themselves are files of the home."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.models import Report
from kingtui.store.schema import reports


def _report(row: sa.Row[*tuple[Any, ...]]) -> Report:
    return Report(row.id, row.symbol, row.file, row.at, figure=row.figure)


_COLUMNS = (reports.c.id, reports.c.symbol, reports.c.file, reports.c.at, reports.c.figure)


async def get(connection: AsyncConnection, report_id: int) -> Report | None:
    """One report, without its text."""
    row = (await connection.execute(sa.select(*_COLUMNS).where(reports.c.id == report_id))).one_or_none()
    return None if row is None else _report(row)


async def listed(
    connection: AsyncConnection, *, symbol: str | None = None, beginning: str, day: date | None, limit: int,
    before: int | None,
) -> tuple[list[Report], int]:  # fmt: skip
    """Reports without their texts, newest first, and how many there are in all of these symbols and that day (UTC).

    ``beginning``: the letters and digits that a symbol begins with.
    """
    conditions: list[sa.ColumnElement[bool]] = [] if symbol is None else [reports.c.symbol == symbol]
    if beginning:
        conditions.append(reports.c.symbol.startswith(beginning, autoescape=True))
    if day is not None:
        start = datetime.combine(day, time(), UTC)
        conditions += [reports.c.at >= start, reports.c.at < start + timedelta(days=1)]
    total = await connection.scalar(sa.select(sa.func.count()).select_from(reports).where(*conditions))
    if before is not None:
        conditions.append(reports.c.id < before)
    rows = await connection.execute(sa.select(*_COLUMNS).where(*conditions).order_by(reports.c.id.desc()).limit(limit))
    return [_report(row) for row in rows], int(total or 0)


async def days(connection: AsyncConnection) -> list[tuple[date, int]]:
    """The days (UTC) on which reports were written, newest first, and how many on each."""
    day = sa.func.substr(sa.cast(reports.c.at, sa.String), 1, 10)
    rows = await connection.execute(sa.select(day, sa.func.count()).group_by(day).order_by(day.desc()))
    return [(date.fromisoformat(row[0]), int(row[1])) for row in rows]
