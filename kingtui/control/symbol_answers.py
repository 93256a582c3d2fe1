"""What is known of symbols: records, lists of summaries, and how a record went. Nothing here holds the loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from kingtui.clock import Clock
from kingtui.models import (
    SYMBOL_SORTS,
    NotFound,
    SymbolHistory,
    SymbolPage,
    SymbolRecord,
    SymbolSort,
    SymbolSummary,
    Value,
    WrongUse,
    summary,
    symbol_of,
)
from kingtui.reports.rates import ages_at
from kingtui.reports.record import record
from kingtui.services import Prices
from kingtui.store import summaries, symbols
from kingtui.store.database import Database, StoreFailed
from kingtui.store.summaries import Computed, Row

MOST_ROWS = 500
MOST_POINTS = 1000
SLICE = 20
"""Records of so many symbols are computed at a time: their evidence is taken out of the store in a few milliseconds."""
PRICE_SECONDS = 1.5
"""How long who asks for one symbol waits for its live price, where none is at hand."""
SLICES = 3
"""At most so many slices of what has aged are computed for one answer."""


class SymbolAnswers:
    """The part of Control that is about symbols; needs nothing but the store."""

    _database: Database
    _clock: Clock
    _prices: Prices | None = None

    async def symbols(self, names: Sequence[str] | None = None) -> list[SymbolRecord]:
        now = self._clock.now()
        if names is None:
            async with self._database.read() as connection:
                names = await summaries.names(connection)
        else:
            names = sorted({symbol_of(name) for name in names})
        found: list[SymbolRecord] = []
        for first in range(0, len(names), SLICE):
            some = names[first : first + SLICE]
            records = await self._records(some, now, self._live(some))
            found += [known for known, _ in records.values() if known is not None]
        return found

    async def data(self, symbol: str) -> SymbolRecord:
        name = symbol_of(symbol)
        live = self._live([name])
        found, _ = (await self._records([name], self._clock.now(), live))[name]
        if found is None:
            raise NotFound("Symbol not found")
        if self._prices is not None and (price := await self._prices.price(name, PRICE_SECONDS)) and not live:
            renewed, _ = (await self._records([name], self._clock.now(), {name: price}))[name]
            return renewed or found
        return found

    async def symbol_page(
        self, *, find: str = "", sort: SymbolSort = "symbol", descending: bool = False, limit: int = 100,
        offset: int = 0,
    ) -> SymbolPage:  # fmt: skip
        _check(sort, limit, offset)
        now = self._clock.now()
        async with self._database.read() as connection:
            rows, total = await summaries.listed(
                connection, now, find=_meant(find), sort=sort, descending=descending, limit=limit, offset=offset
            )
            known, aged = await summaries.counts(connection, now)
        live = self._live([row.symbol for row in rows])
        computed = await self._computed([row for row in rows if row.summary is None or row.symbol in live], now, live)
        settling = aged
        if aged and not self._database.read_only:
            with contextlib.suppress(StoreFailed):  # a full disk: what is shown is right, but is not kept
                settling = await self._settle(aged, now)
        shown = [computed.get(row.symbol, row.summary) for row in rows]
        return SymbolPage(tuple(found for found in shown if found is not None), total, known, settling)

    async def symbol_history(self, symbol: str, limit: int = 300) -> SymbolHistory:
        name = symbol_of(symbol)
        if not 1 <= limit <= MOST_POINTS:
            raise WrongUse(f"limit is {limit}: 1 to {MOST_POINTS} is allowed")
        async with self._database.read() as connection:
            return await summaries.history(connection, name, limit)

    async def _settle(self, aged: int, now: datetime) -> int:
        """Compute some of the summaries that do not hold any more, and keep them; how many are left."""
        for _ in range(SLICES):
            async with self._database.read() as connection:
                rows = await summaries.outdated(connection, now, SLICE)
            if not rows:
                return 0
            records = await self._records([row.symbol for row in rows], now)
            async with self._database.write() as tx:
                await summaries.keep(tx, [_kept(row, *records[row.symbol]) for row in rows])
            aged -= len(rows)
        return max(aged, 0)

    def _live(self, names: Sequence[str]) -> dict[str, Value]:
        """The live prices that are at hand. They are shown and never kept: they hold for a minute."""
        prices = self._prices
        found = {} if prices is None else {name: prices.known(name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    async def _computed(
        self, rows: Sequence[Row], now: datetime, live: Mapping[str, Value]
    ) -> dict[str, SymbolSummary]:
        found: dict[str, SymbolSummary] = {}
        for first in range(0, len(rows), SLICE):
            records = await self._records([row.symbol for row in rows[first : first + SLICE]], now, live)
            found |= {name: summary(known) for name, (known, _) in records.items() if known is not None}
        return found

    async def _records(
        self, names: Sequence[str], now: datetime, live: Mapping[str, Value] = MappingProxyType({})
    ) -> dict[str, tuple[SymbolRecord | None, datetime | None]]:
        """Of each symbol its record as of now, and when its rates change by age alone."""
        async with self._database.read() as connection:
            known = await symbols.newest_evidence(connection, names)
        return await asyncio.to_thread(
            lambda: {
                name: (record(name, known.get(name, ()), now, live.get(name)), ages_at(known.get(name, ()), now))
                for name in names
            }
        )


def _check(sort: str, limit: int, offset: int) -> None:
    if sort not in SYMBOL_SORTS:
        raise WrongUse(f"sort is {sort!r}: {', '.join(SYMBOL_SORTS)} are allowed")
    if not 1 <= limit <= MOST_ROWS:
        raise WrongUse(f"limit is {limit}: 1 to {MOST_ROWS} is allowed")
    if not 0 <= offset < 2**31:
        raise WrongUse(f"offset is {offset}: 0 or more is allowed")


def _kept(row: Row, found: SymbolRecord | None, until: datetime | None) -> Computed:
    return Computed(row.symbol, row.seen, None if found is None else summary(found), until)


def _meant(find: str) -> str:
    """What a text in the making looks for: the symbol it means already, else its letters."""
    try:
        return symbol_of(find)
    except WrongUse:
        return find.strip().upper()[:64]
