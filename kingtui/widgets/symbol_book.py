"""The symbols' records as the faces know them: loaded once, then only those that changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual.app import App
from textual.signal import Signal

from kingtui.bridge import whole
from kingtui.control import Control
from kingtui.events import Event, Missed, SymbolUpdated
from kingtui.models import KingError, NotFound, SymbolRecord

PACE_SECONDS = 1.0
"""At most so often records are asked for."""
RENEW_SECONDS = 300.0
"""Rates age without an event: all are asked for again after this time."""
FEW = 20
"""More changed symbols than these are had faster by asking for all."""


class SymbolBook:
    """``run()`` keeps ``records`` as they are, until cancelled."""

    def __init__(self, app: App[None], control: Control) -> None:
        self.records: dict[str, SymbolRecord] = {}
        self.loaded = False
        self.changed: Signal[None] = Signal(app, "symbols changed")
        self._control = control
        self._wanted: set[str] = set()
        self._all = True
        self._woken = asyncio.Event()

    def take_events(self, events: Sequence[Event]) -> None:
        """Note which symbols changed."""
        for event in events:
            if isinstance(event, SymbolUpdated):
                self._wanted.add(event.symbol)
            elif isinstance(event, Missed):
                self._all = True
        if self._wanted or self._all:
            self._woken.set()

    async def run(self) -> None:
        """Load and keep up."""
        while True:
            self._woken.clear()
            names, everything = self._wanted, self._all or len(self._wanted) > FEW
            self._wanted, self._all = set(), False
            try:
                await self._load(None if everything else names)
            except KingError:  # the bridge tells of it; what was wanted is wanted still
                self._wanted |= names
                self._all = self._all or everything
            self.changed.publish(None)
            await asyncio.sleep(PACE_SECONDS)
            try:
                async with asyncio.timeout(RENEW_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                self._all = True

    def newest(self, limit: int) -> list[SymbolRecord]:
        """The records with the newest evidence first; of one age those first that have a price."""
        return sorted(
            self.records.values(),
            key=lambda found: (-found.last_updated.timestamp(), found.price is None, found.symbol),
        )[:limit]

    async def _load(self, names: set[str] | None) -> None:
        if names is None:
            self.records = {found.symbol: found for found in await whole(self._control.symbols())}
            self.loaded = True
            return
        for name in names:
            try:
                self.records[name] = await whole(self._control.data(name))
            except NotFound:
                self.records.pop(name, None)
