"""Step 5: what each picture says about each symbol, into the symbols' records and their history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.charts.reading import AnyReading
from kingtui.events import PictureStaged, SymbolUpdated
from kingtui.models import Evidence, Image, Stage, SymbolRecord, summary
from kingtui.reports.facts import facts_of
from kingtui.reports.rates import ages_at
from kingtui.reports.record import record
from kingtui.steps.base import Outcome, RunContext
from kingtui.steps.filing import unbroken
from kingtui.steps.items import ImageStep
from kingtui.steps.readings import evidence_time, reading_of
from kingtui.store import images, summaries, symbols
from kingtui.store.summaries import Computed


class Extract(ImageStep):
    """A ratio chart updates every symbol in it. The analysis goes to the archive."""

    number = 5
    stage = Stage.ANALYSED

    async def handle(self, image: Image, run: RunContext) -> Outcome:
        reading = await reading_of(self, image)
        found = await self._evidence(image, reading)
        withdrawn = await unbroken(self._store(image, found))
        self.tools.bus.post(PictureStaged(image.id, image.name, Stage.EXTRACTED))
        for name in [*(item.symbol for item in found), *withdrawn]:
            self.tools.bus.post(SymbolUpdated(name))
        if withdrawn:
            run.log(f"{image.name} was read anew and no longer tells of {', '.join(withdrawn)}")
        run.log(f"{image.name}: {f'{len(found)} symbols' if len(found) != 1 else found[0].symbol} updated")
        return Outcome.DONE

    async def _store(self, image: Image, found: Sequence[Evidence]) -> list[str]:
        """Keep what the picture says; the symbols of which it said more before."""
        now = self.tools.clock.now()
        async with self.tools.database.write() as tx:
            withdrawn = await symbols.withdraw(tx, image.sha256, [item.symbol for item in found], now)
            await self._update(tx, found, withdrawn)
            sheet = None
            if image.analysis is not None:
                name = image.analysis.rsplit("/", 1)[1]
                folder = f"HistoryData/{now:%Y-%m-%d}"
                sheet = await self.filing.plan(tx, image.analysis, folder, name, image.sha256, now)
            await images.move_on(tx, image.id, Stage.EXTRACTED, now, analysis=sheet.dst if sheet else None)
        if sheet is not None:
            await self.filing.follow(sheet)
        return withdrawn

    async def _evidence(self, image: Image, reading: AnyReading) -> list[Evidence]:
        at, at_source = await evidence_time(self, image, reading)
        facts: dict[str, dict[str, Any]] = facts_of(reading)
        return [
            Evidence(symbol, reading.kind, image.sha256, at, at_source, values, image.id, name=image.name)
            for symbol, values in sorted(facts.items())
        ]

    async def _update(self, tx: AsyncConnection, found: Sequence[Evidence], withdrawn: Sequence[str]) -> None:
        now = self.tools.clock.now()
        await symbols.add_evidence(tx, *found)
        newest = await symbols.newest_evidence(tx, [*(item.symbol for item in found), *withdrawn])
        # In a thread, because a picture may tell of 49 symbols
        records, ages = await asyncio.to_thread(_records, found, newest, now)
        await symbols.remember(tx, records)
        others = {name: ages_at(newest[name], now) for name in withdrawn if name in newest}
        await symbols.all_changed(tx, now, ages | others)
        known = {item.symbol: found for item, found in records}
        await summaries.keep(tx, [Computed(name, now, summary(found), ages[name]) for name, found in known.items()])


def _records(
    found: Sequence[Evidence], newest: Mapping[str, Sequence[Evidence]], now: datetime
) -> tuple[list[tuple[Evidence, SymbolRecord]], dict[str, datetime | None]]:
    """The record of each symbol that a picture tells of, and when its rates change by age."""
    records = []
    for item in found:
        result = record(item.symbol, newest[item.symbol], now)
        if result is None:
            raise LookupError(f"the evidence about {item.symbol} that was just stored is not there")
        records.append((item, result))
    return records, {item.symbol: ages_at(newest[item.symbol], now) for item in found}
