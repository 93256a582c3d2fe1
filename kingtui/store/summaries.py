"""Summaries of the symbols' records: kept where a record is computed, listed by name, sorting and page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.models import Figure, Horizon, Point, SymbolHistory, SymbolSort, SymbolSummary
from kingtui.store.schema import symbol_history, symbols

_HORIZONS: tuple[Horizon, ...] = ("24h", "7d", "1m")
_COLUMNS: dict[SymbolSort, sa.Column[Any]] = {
    "symbol": symbols.c.symbol, "price": symbols.c.price, "score": symbols.c.score, "below": symbols.c.below,
    "above": symbols.c.above, "rsi": symbols.c.rsi, "updated": symbols.c.last_updated,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A symbol of a list. ``summary`` is None where it must be computed anew; ``seen`` tells of which evidence."""

    symbol: str
    seen: datetime
    summary: SymbolSummary | None


@dataclass(frozen=True, slots=True)
class Computed:
    """A summary as of the evidence that was ``seen``, and until when it holds; None: there is no evidence."""

    symbol: str
    seen: datetime
    summary: SymbolSummary | None
    until: datetime | None


async def keep(tx: AsyncConnection, found: Iterable[Computed]) -> None:
    """Keep summaries, but not of symbols whose evidence has changed since."""
    rows = [
        {"name": item.symbol, "seen": item.seen, "summary_until": item.until, **_values(item.summary)} for item in found
    ]
    if rows:
        unchanged = sa.and_(symbols.c.symbol == sa.bindparam("name"), symbols.c.updated_at == sa.bindparam("seen"))
        values: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name not in ("name", "seen")}
        await tx.execute(symbols.update().where(unchanged).values(values), rows)


def _values(found: SymbolSummary | None) -> dict[str, Any]:
    if found is None:
        return dict.fromkeys(("last_updated", "price", "score", "below", "above", "rsi")) | {"summary": {}}
    below, above = found.distance(found.below), found.distance(found.above)
    return {
        "last_updated": found.last_updated,
        "price": found.price.value if found.price else None,
        "score": found.score,
        "below": None if below is None else abs(below),
        "above": None if above is None else abs(above),
        "rsi": found.rsi.value if found.rsi else None,
        "summary": {
            "verified": found.verified,
            "rates": [_pair(found.rates.get(horizon)) for horizon in _HORIZONS],
            **{name: _pair(getattr(found, name)) for name in ("price", "rsi", "below", "above")},
        },
    }


def _pair(figure: Figure | None) -> list[Any] | None:
    return None if figure is None else [figure.value, figure.verified]


def _figure(pair: list[Any] | None) -> Figure | None:
    return None if pair is None else Figure(*pair)


def _outdated(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(symbols.c.summary.is_(None), symbols.c.summary_until <= now)


async def listed(
    connection: AsyncConnection,
    now: datetime,
    *,
    find: str,
    sort: SymbolSort,
    descending: bool,
    limit: int,
    offset: int,
) -> tuple[list[Row], int]:
    """Symbols whose name has ``find`` in it, and how many there are in all.

    Those that begin with it come first, the very one before all; then by ``sort``, what is not available last.
    """
    column = _COLUMNS[sort]
    order: list[Any] = []
    if find:
        order += [symbols.c.symbol != find, sa.not_(symbols.c.symbol.startswith(find, autoescape=True))]
    order.append(sa.nulls_last(column.desc() if descending else column.asc()))
    if sort == "updated":
        order.append(symbols.c.price.is_(None))
    matches = symbols.c.symbol.contains(find, autoescape=True) if find else sa.true()
    rows = await connection.execute(
        sa.select(
            symbols.c.symbol, symbols.c.updated_at, symbols.c.last_updated, symbols.c.summary,
            _outdated(now).label("outdated"),
        )
        .where(matches)
        .order_by(*order, symbols.c.symbol)
        .limit(limit)
        .offset(offset)
    )  # fmt: skip
    found = [_row(row, now) for row in rows]
    total = await connection.scalar(sa.select(sa.func.count()).select_from(symbols).where(matches))
    return [row for row in found if row is not None], total or 0


def _row(row: Any, now: datetime) -> Row | None:
    if row.outdated:
        return Row(row.symbol, row.updated_at, None)
    if not row.summary:
        return None
    facts = row.summary
    rates = {horizon: _figure(pair) for horizon, pair in zip(_HORIZONS, facts["rates"], strict=True)}
    parts = {name: _figure(facts[name]) for name in ("price", "rsi", "below", "above")}
    kept = SymbolSummary(row.symbol, now, row.last_updated, rates=rates, verified=facts["verified"], **parts)
    return Row(row.symbol, row.updated_at, kept)


async def counts(connection: AsyncConnection, now: datetime) -> tuple[int, int]:
    """How many symbols are known, and the summaries of how many do not hold any more."""
    row = (await connection.execute(sa.select(sa.func.count(), sa.func.count().filter(_outdated(now))))).one()
    return row[0], row[1]


async def outdated(connection: AsyncConnection, now: datetime, limit: int) -> list[Row]:
    """Symbols whose summary does not hold any more."""
    rows = await connection.execute(
        sa.select(symbols.c.symbol, symbols.c.updated_at).where(_outdated(now)).order_by(symbols.c.symbol).limit(limit)
    )
    return [Row(row.symbol, row.updated_at, None) for row in rows]


async def names(connection: AsyncConnection) -> list[str]:
    """Every symbol that is known, by name."""
    return list(await connection.scalars(sa.select(symbols.c.symbol).order_by(symbols.c.symbol)))


async def history(connection: AsyncConnection, symbol: str, limit: int) -> SymbolHistory:
    """How a symbol's price and score went over its newest ``limit`` pictures.

    Each value stands at the time of the evidence that it rests on, not at that of the picture after which it was
    noted: a late picture moves nothing.
    """
    record = symbol_history.c.record
    times = [record[name].as_string() for name in ("CurrentPriceAt", "WinRate_24h_At")]
    rows = await connection.execute(
        sa.select(symbol_history.c.price, symbol_history.c.score, *times)
        .where(symbol_history.c.symbol == symbol)
        .order_by(symbol_history.c.at.desc(), symbol_history.c.id.desc())
        .limit(limit)
    )
    prices: dict[str, float] = {}
    scores: dict[str, float] = {}
    for price, score, price_at, score_at in rows:
        if price is not None and price_at is not None:
            prices.setdefault(price_at, price)
        if score is not None and score_at is not None:
            scores.setdefault(score_at, score)
    return SymbolHistory(symbol, _points(prices), _points(scores))


def _points(values: dict[str, float]) -> tuple[Point, ...]:
    return tuple(sorted((Point(datetime.fromisoformat(at), value) for at, value in values.items()), key=lambda p: p.at))
