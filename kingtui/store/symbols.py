"""Symbols: the evidence about them, when their reports are due, and how their records went over time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.models import Backlog, Evidence, Kind, Report, SymbolRecord
from kingtui.store import outbox
from kingtui.store.schema import evidence, images, reports, symbol_history, symbols

RECENT = 5
RECENT_PRICES = 100
_PRICED = (Kind.LIQUIDATION_MAP, Kind.LIQUIDATION_HEATMAP)


async def add_evidence(tx: AsyncConnection, *items: Evidence) -> None:
    """Add what pictures say of symbols; the same picture again changes only a later time."""
    rows = [
        {
            "symbol": item.symbol, "sha256": item.sha256, "kind": item.kind, "image_id": item.image_id, "at": item.at,
            "at_source": item.at_source, "facts": dict(item.facts),
        }
        for item in items
    ]  # fmt: skip
    statement = insert(evidence)
    newer = statement.on_conflict_do_update(
        index_elements=["symbol", "sha256"],
        set_={name: statement.excluded[name] for name in ("at", "at_source", "facts")},
        where=evidence.c.at <= statement.excluded.at,
    )
    if rows:
        await tx.execute(newer, rows)


async def newest_evidence(
    connection: AsyncConnection, names: Collection[str] | None = None
) -> dict[str, list[Evidence]]:
    """Of each symbol and kind, the newest few pieces of evidence: symbol → evidence.

    Several, because the newest picture of a kind may lack a value that the one before it has; more of those with a
    price that are newer than the symbol's last few maps: they tell whether a cluster was passed since its map.
    """
    rank = (
        sa.func.row_number()
        .over(partition_by=(evidence.c.symbol, evidence.c.kind), order_by=(evidence.c.at.desc(), evidence.c.sha256))
        .label("rank")
    )
    keys = sa.select(evidence.c.symbol, evidence.c.sha256, evidence.c.kind, evidence.c.at, rank)
    if names is not None:
        keys = keys.where(evidence.c.symbol.in_(names))
    ranked = keys.cte("ranked")
    maps = (
        sa.select(ranked.c.symbol, sa.func.min(ranked.c.at).label("at"))
        .where(ranked.c.kind == Kind.LIQUIDATION_MAP, ranked.c.rank <= RECENT)
        .group_by(ranked.c.symbol)
        .subquery()
    )
    since_maps = sa.and_(ranked.c.kind.in_(_PRICED), ranked.c.rank <= RECENT_PRICES, ranked.c.at > maps.c.at)
    rows = await connection.execute(
        sa.select(evidence, images.c.name)
        .join(ranked, sa.and_(ranked.c.symbol == evidence.c.symbol, ranked.c.sha256 == evidence.c.sha256))
        .join(images, images.c.id == evidence.c.image_id)
        .outerjoin(maps, maps.c.symbol == evidence.c.symbol)
        .where(sa.or_(ranked.c.rank <= RECENT, since_maps))
    )
    found: dict[str, list[Evidence]] = {}
    for row in rows:
        item = Evidence(
            row.symbol, Kind(row.kind), row.sha256, row.at, row.at_source, row.facts, row.image_id, name=row.name
        )
        found.setdefault(item.symbol, []).append(item)
    return found


async def renew(tx: AsyncConnection, sha256: str, message_at: datetime, now: datetime) -> list[str]:
    """A chart without a printed time was sent again later: its evidence is as new as that message. Of which symbols."""
    older = sa.and_(evidence.c.sha256 == sha256, evidence.c.at_source != "chart", evidence.c.at < message_at)
    names = [row.symbol for row in await tx.execute(sa.select(evidence.c.symbol).where(older))]
    await tx.execute(evidence.update().where(older).values(at=message_at, at_source="message"))
    for name in names:
        await changed(tx, name, now, None)
    return names


async def withdraw(tx: AsyncConnection, sha256: str, says: Collection[str], now: datetime) -> list[str]:
    """A picture was read anew: what it is no longer said to tell is no evidence. The symbols of which it told more.

    A symbol of which nothing else tells is forgotten.
    """
    gone = sa.and_(evidence.c.sha256 == sha256, evidence.c.symbol.not_in(says))
    names = [row.symbol for row in await tx.execute(sa.select(evidence.c.symbol).where(gone))]
    if names:
        await tx.execute(evidence.delete().where(gone))
        known = sa.select(evidence.c.symbol).where(evidence.c.symbol.in_(names))
        await tx.execute(symbols.delete().where(symbols.c.symbol.in_(names), symbols.c.symbol.not_in(known)))
        await outbox.mark(tx, names, now)
    return names


async def changed(tx: AsyncConnection, symbol: str, now: datetime, ages_at: datetime | None) -> None:
    """A symbol's evidence changed: its report is due."""
    await all_changed(tx, now, {symbol: ages_at})


async def all_changed(tx: AsyncConnection, now: datetime, ages_at: Mapping[str, datetime | None]) -> None:
    """The evidence of these symbols changed; to each, when its rates change by age alone. Summaries hold no more,
    and mirrors are behind."""
    rows = [
        {"symbol": symbol, "updated_at": now, "due_since": now, "ages_at": moment, "summary_until": now}
        for symbol, moment in ages_at.items()
    ]
    statement = insert(symbols)
    columns = {name: statement.excluded[name] for name in ("updated_at", "ages_at", "summary_until")}
    keep = sa.func.coalesce(symbols.c.due_since, statement.excluded.due_since)
    if rows:
        await tx.execute(
            statement.on_conflict_do_update(index_elements=["symbol"], set_=columns | {"due_since": keep}), rows
        )
        await outbox.mark(tx, ages_at, now)


async def aged(tx: AsyncConnection, now: datetime) -> int:
    """Make due the symbols whose rates have changed by age alone; how many there are."""
    result = await tx.execute(
        symbols.update()
        .where(symbols.c.ages_at <= now)
        .values(due_since=sa.func.coalesce(symbols.c.due_since, symbols.c.ages_at), ages_at=None)
    )
    return result.rowcount


async def remember(tx: AsyncConnection, records: Sequence[tuple[Evidence, SymbolRecord]]) -> None:
    """Append what each symbol's record is after a picture to its history, once per symbol and picture."""
    rows = [
        {
            "symbol": item.symbol, "sha256": item.sha256, "at": item.at,
            "price": found.price.value if found.price else None, "score": found.score, "record": found.flat(),
        }
        for item, found in records
    ]  # fmt: skip
    if rows:
        await tx.execute(insert(symbol_history).on_conflict_do_nothing(), rows)


async def due(connection: AsyncConnection, limit: int, exclude: Collection[str] = ()) -> list[tuple[str, datetime]]:
    """Symbols whose report is older than their record, longest due first: (symbol, updated_at)."""
    rows = await connection.execute(
        sa.select(symbols.c.symbol, symbols.c.updated_at)
        .where(symbols.c.due_since.is_not(None), symbols.c.symbol.not_in(exclude))
        .order_by(symbols.c.due_since, symbols.c.symbol)
        .limit(limit)
    )
    return [(row.symbol, row.updated_at) for row in rows]


async def backlog(connection: AsyncConnection, exclude: Collection[str] = ()) -> tuple[Backlog, datetime | None]:
    """What waits for a report, and since when the first does. Symbols of ``exclude`` wait for their next try."""
    is_due = symbols.c.symbol.not_in(exclude)
    row = (
        await connection.execute(
            sa.select(
                sa.func.count().filter(is_due),
                sa.func.count().filter(~is_due),
                sa.func.max(symbols.c.updated_at).filter(is_due),
                sa.func.min(symbols.c.due_since).filter(is_due),
            ).where(symbols.c.due_since.is_not(None))
        )
    ).one()
    return Backlog(due=row[0], waiting=row[1], newest=row[2]), row[3]


async def next_ageing(connection: AsyncConnection) -> datetime | None:
    """When the next symbol's rates change by age."""
    moment: datetime | None = await connection.scalar(sa.select(sa.func.min(symbols.c.ages_at)))
    return moment


async def reported(
    tx: AsyncConnection, symbol: str, seen: datetime, file: str, figure: str | None, now: datetime,
    ages_at: datetime | None,
) -> None:  # fmt: skip
    """A report was written of the record as of ``seen``; another change keeps the symbol due. Mirrors get it."""
    await tx.execute(reports.insert().values(symbol=symbol, file=file, figure=figure, at=now))
    unchanged = sa.case((symbols.c.updated_at == seen, None), else_=symbols.c.due_since)
    await tx.execute(symbols.update().where(symbols.c.symbol == symbol).values(due_since=unchanged, ages_at=ages_at))
    await outbox.mark(tx, [symbol], now)


async def latest_report(connection: AsyncConnection, symbol: str) -> Report | None:
    """The newest report of a symbol, of any day, without its text."""
    row = (
        await connection.execute(
            sa.select(reports)
            .where(reports.c.symbol == symbol)
            .order_by(reports.c.at.desc(), reports.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else Report(row.id, row.symbol, row.file, row.at, figure=row.figure)


async def old_reports(connection: AsyncConnection, before: datetime) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Reports written before a moment, but never a symbol's latest: (id, file, figure)."""
    latest = sa.select(sa.func.max(reports.c.id)).group_by(reports.c.symbol)
    rows = await connection.execute(
        sa.select(reports.c.id, reports.c.file, reports.c.figure).where(
            reports.c.at < before, reports.c.id.not_in(latest)
        )
    )
    return rows.all()


async def forget_report(tx: AsyncConnection, report_id: int) -> None:
    """A report was deleted."""
    await tx.execute(reports.delete().where(reports.c.id == report_id))
