"""Step 6: one professional report per symbol whose record has changed since its last."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Hashable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kingtui.events import ReportWritten
from kingtui.home import write_bytes, write_text
from kingtui.models import Backlog, Evidence, KingError, StepInfo, SymbolRecord, summary
from kingtui.reports.figure import figure_data
from kingtui.reports.grounding import Words
from kingtui.reports.professional import professional
from kingtui.reports.rates import ages_at
from kingtui.reports.record import record
from kingtui.runner import Job
from kingtui.steps.base import Outcome, RunContext, Toolbox, info
from kingtui.steps.filing import Filing, Move, unbroken
from kingtui.steps.items import BACKOFF_SECONDS, raise_if_of_the_machine, sentence
from kingtui.steps.words import narrative
from kingtui.store import summaries, symbols
from kingtui.store.summaries import Computed

Due = tuple[str, datetime]
"""A symbol and when its evidence last changed."""


class Report:
    """Computes the record anew from the evidence, so that age alone can change a report."""

    number = 6

    def __init__(self, tools: Toolbox, filing: Filing) -> None:
        self.tools = tools
        self._filing = filing
        self._failures: dict[str, tuple[int, float]] = {}
        """Symbol → how often its report failed, and when it is tried again on the monotonic clock."""

    @property
    def info(self) -> StepInfo:
        return info(self.number)

    async def backlog(self) -> Backlog:
        waiting = self._waiting()
        async with self.tools.database.read() as connection:
            found, _ = await symbols.backlog(connection, waiting)
        if not found.waiting:
            return found
        rest = min(waiting.values()) - self.tools.clock.monotonic()
        return replace(found, next_try=self.tools.clock.now() + timedelta(seconds=rest))

    def _waiting(self) -> dict[str, float]:
        """Symbols whose report failed and is not tried again yet."""
        now = self.tools.clock.monotonic()
        return {symbol: next_try for symbol, (_, next_try) in self._failures.items() if next_try > now}

    async def run(self, run: RunContext) -> None:
        async with self.tools.database.write() as tx:
            await symbols.aged(tx, self.tools.clock.now())
        await run.each(
            self._due, lambda due: self._attempt(due, run), key=lambda due: due[0], width=self.tools.runner.width
        )

    async def _due(self, limit: int, seen: Collection[Hashable]) -> list[Due]:
        async with self.tools.database.read() as connection:
            return await symbols.due(connection, limit, {*map(str, seen), *self._waiting()})

    async def _attempt(self, due: Due, run: RunContext) -> Outcome:
        symbol, updated_at = due
        try:
            async with asyncio.timeout(self.tools.settings.item_timeout):
                await self._write(symbol, updated_at, run)
        except Exception as error:
            raise_if_of_the_machine(error, symbol)
            count = self._failures.get(symbol, (0, 0.0))[0] + 1
            wait = BACKOFF_SECONDS * 2 ** min(count, 8) * self.tools.random.uniform(0.75, 1.25)
            self._failures[symbol] = (count, self.tools.clock.monotonic() + wait)
            text = sentence(error, self.tools.settings.item_timeout)
            run.errors.append(f"{symbol}: {text}")
            run.log(f"the report of {symbol} failed, attempt {count}: {text}")
            return Outcome.FAILED
        self._failures.pop(symbol, None)
        return Outcome.DONE

    async def _write(self, symbol: str, updated_at: datetime, run: RunContext) -> None:
        now = self.tools.clock.now()
        async with self.tools.database.read() as connection:
            known = (await symbols.newest_evidence(connection, [symbol])).get(symbol, [])
        result = record(symbol, known, now)
        if result is None:
            raise KingError(f"there is no evidence about {symbol}")
        charted, result = result, await self._with_live_price(result, known)
        words = await narrative(self.tools, charted, now, run)
        figure = await self._figure(result)
        computed = Computed(symbol, updated_at, summary(charted), ages_at(known, now))
        sheet = await unbroken(self._file(result, computed, figure, words))
        self.tools.bus.post(ReportWritten(symbol, sheet.dst))
        run.log(f"report of {symbol}: {sheet.dst}")

    async def _with_live_price(self, result: SymbolRecord, known: Sequence[Evidence]) -> SymbolRecord:
        if self.tools.prices is None:
            return result
        live = await self.tools.prices.price(result.symbol)
        return (live and record(result.symbol, known, result.computed_at, live)) or result

    async def _file(self, result: SymbolRecord, computed: Computed, figure: bytes | None, words: Words | None) -> Move:
        symbol, now = result.symbol, result.computed_at
        name = f"report_{symbol}_{now:%Y%m%d_%H%M%S}"
        folder = f"downloads/MD Reports/{now:%Y-%m-%d}"
        digest = hashlib.sha256(f"{symbol}{now.isoformat()}".encode()).hexdigest()
        root, waiting = self.tools.home.root, f"downloads/MD Reports/.{symbol}.part"
        moves = []
        if figure is not None:
            await asyncio.to_thread(write_bytes, root / f"{waiting}.png", figure)
        async with self.tools.database.write() as tx:
            if figure is not None:
                moves.append(await self._filing.plan(tx, f"{waiting}.png", folder, f"{name}.png", digest, now))
            picture = moves[0].dst.rsplit("/", 1)[1] if moves else None
            text = await asyncio.to_thread(
                professional, result, now=now, figure=picture, demo=self.tools.settings.demo, words=words
            )
            await asyncio.to_thread(write_text, root / f"{waiting}.md", text)
            sheet = await self._filing.plan(tx, f"{waiting}.md", folder, f"{name}.md", digest, now)
            moves.append(sheet)
            shown = moves[0].dst if figure is not None else None
            await symbols.reported(tx, symbol, computed.seen, sheet.dst, shown, now, computed.until)
            await summaries.keep(tx, [computed])
        await self._filing.follow(*moves)
        return sheet

    async def _figure(self, result: SymbolRecord) -> bytes | None:
        data = figure_data(result, demo=self.tools.settings.demo)
        return None if data is None else await self.tools.runner.run(Job("figure", data))
