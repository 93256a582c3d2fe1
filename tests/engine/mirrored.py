"""A mirror at work on a store of its own and a server on loopback, in a time that passes when somebody sleeps."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.events import Event, EventBus
from kingtui.home import Home
from kingtui.mirror import Mirror, mirror_of
from kingtui.mirror.documents import documents
from kingtui.models import Evidence, Kind, Stage
from kingtui.models.mirrored import COLUMNS
from kingtui.services.airtable import TYPES
from kingtui.settings import Settings
from kingtui.steps.base import Toolbox
from kingtui.store import images, outbox, symbols
from kingtui.store.database import Database
from kingtui.store.images import Arrival
from tests.servers.airtable import BASE, TOKEN, Airtable, Table

START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class QuickClock:
    """Sleeping moves it on at once."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.elapsed += max(seconds, 0.0)
        await asyncio.sleep(0)


def all_columns() -> dict[str, Any]:
    """The columns of a table that takes everything."""
    return {column.name: TYPES[column.holds][0] for column in COLUMNS}


class World:
    """A home whose symbols change as a test says. ``mirror`` may be taken anew, as after a restart."""

    def __init__(self, home: Home, database: Database, server: Airtable, **settings: Any) -> None:
        self.clock = QuickClock()
        self.home = home
        self.database = database
        self.server = server
        self.bus = EventBus()
        self.events = self.bus.subscribe()
        self.settings = Settings(
            home=home.root, airtable_api_key=TOKEN, airtable_base_id=BASE, airtable_endpoint_url=server.address,
            **settings,
        )  # fmt: skip
        self._pictures = 0
        self.restart()

    def restart(self, **settings: Any) -> None:
        """A new mirror on the same store."""
        self.settings = self.settings.model_copy(update=settings)
        runner: Any = None
        tools = Toolbox(
            self.settings, self.home, self.database, runner, self.bus, self.clock, random.Random(7)
        )  # fmt: skip
        mirror = mirror_of(tools)
        assert mirror is not None
        self.mirror: Mirror = mirror

    async def change(self, *names: str, price: float = 100.0, long: float = 60.0, report: str | None = "") -> None:
        """A new map and a new ratio row of these symbols, at whose report step 6 has been unless it is None."""
        async with self.database.write() as tx:
            for name in names:
                await self._change(tx, name, price, long)
                if report is not None:
                    await self._report(tx, name, report or f"# Report {self._pictures} of {name}\n")

    async def _change(self, tx: AsyncConnection, name: str, price: float, long: float) -> None:
        now = self.clock.now()
        self._pictures += 1
        sheet, picture, sha = f"HistoryData/{self._pictures}.md", f"{self._pictures}.jpg", f"{self._pictures:064x}"
        (self.home.root / sheet).write_text(f"# Map {self._pictures} of {name}\n=1+1\n")
        image = await images.register(tx, Arrival(picture, picture, sha, 1, 1, "drop", picture), now)
        await images.move_on(tx, image, Stage.EXTRACTED, now, analysis=sheet)
        facts = {
            "price": price, "price_verified": True, "bars": [], "bars_verified": True, "leverage": "all",
            "clusters": {"-1": {"price": price * 0.9, "strength": 1.0, "verified": True}},
            "exchanges": [], "cumulated": {"long_end": None, "short_end": None}, "price_step": 1.0,
        }  # fmt: skip
        row = {"long": long, "short": 100 - long, "arrow": None, "verified": True, "leverage": "all"}
        await symbols.add_evidence(
            tx,
            Evidence(name, Kind.LIQUIDATION_MAP, sha, now, "arrival", facts, image),
            Evidence(name, Kind.SHORT_TERM_RATIO, f"r{sha[1:]}", now, "arrival", row, image),
        )
        await symbols.all_changed(tx, now, {name: None})

    async def report(self, name: str, text: str) -> None:
        """Step 6 wrote a report."""
        async with self.database.write() as tx:
            await self._report(tx, name, text)

    async def _report(self, tx: AsyncConnection, name: str, text: str) -> None:
        self._pictures += 1
        file = f"downloads/MD Reports/report_{name}_{self._pictures}.md"
        (self.home.root / file).write_text(text)
        now = self.clock.now()
        seen = dict(await symbols.due(tx, 10_000)).get(name, now)
        await symbols.reported(tx, name, seen, file, None, now, None)

    async def pass_time(self, seconds: float, step: float = 5.0) -> None:
        """The mirror's loop, for so long."""
        until = self.clock.elapsed + seconds
        while self.clock.elapsed < until:
            await self.mirror.deliver()
            await self.clock.sleep(step)

    async def tally(self) -> outbox.Tally:
        async with self.database.read() as connection:
            return await outbox.tally(connection, self.clock.now())

    async def is_mirrored(self, table: Table, **names: str) -> None:
        """The table holds what the store says, and nothing else of ours."""
        async with self.database.read() as connection:
            known = [row.symbol for row in await connection.execute(symbols.symbols.select())]
        wanted = await documents(self.database, self.home, known, self.clock.now())
        theirs = {column: names.get(column, column) for column in next(iter(wanted.values()), {})}
        rows = table.by(theirs["Symbol"])
        for symbol, document in wanted.items():
            said = {
                theirs[name]: value
                for name, value in document.items()
                if value is not None and theirs[name] in table.columns
            }
            assert rows[symbol] == said, symbol
        assert rows.keys() == wanted.keys()

    def told(self) -> list[Event]:
        """What was posted since the last time."""
        found = list(self.events._waiting.values())
        self.events._waiting.clear()
        return found


@contextlib.asynccontextmanager
async def mirrored(root: Path, server: Airtable, **settings: Any) -> AsyncIterator[World]:
    """A world in ``root``."""
    home = Home(root)
    home.create()
    database = Database(home.database)
    await database.open(START)
    try:
        world = World(home, database, server, **settings)
        yield world
        world.mirror._table.close()
    finally:
        await database.close()
