"""The symbols with the newest evidence as the faces know them, and the word that symbols have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual.app import App
from textual.signal import Signal

from kingtui.bridge import whole
from kingtui.control import Control
from kingtui.events import Event, Missed, SymbolUpdated
from kingtui.models import KingError, SymbolSummary

PACE_SECONDS = 1.0
"""At most so often they are asked for."""
RENEW_SECONDS = 300.0
"""Rates age without an event: they are asked for again after this time."""
AGAIN_SECONDS = 10.0
"""After an answer that could not be had."""
NEWEST = 60


class SymbolBook:
    """``run()`` keeps ``records`` as they are, until cancelled, and tells of every change."""

    def __init__(self, app: App[None], control: Control) -> None:
        self.records: dict[str, SymbolSummary] = {}
        """The newest first; of one age those first that have a price."""
        self.known = 0
        self.loaded = False
        self.changed: Signal[None] = Signal(app, "symbols changed")
        self._control = control
        self._woken = asyncio.Event()

    def take_events(self, events: Sequence[Event]) -> None:
        """Note that symbols changed."""
        if any(isinstance(event, (SymbolUpdated, Missed)) for event in events):
            self._woken.set()

    async def run(self) -> None:
        """Load and keep up."""
        while True:
            self._woken.clear()
            rest = await self._load()
            self.changed.publish(None)
            await asyncio.sleep(PACE_SECONDS)
            try:
                async with asyncio.timeout(rest):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _load(self) -> float:
        """Ask for the newest; for how long the answer may stand."""
        try:
            page = await whole(self._control.symbol_page(sort="updated", descending=True, limit=NEWEST))
        except KingError:  # the bridge tells of it
            return AGAIN_SECONDS
        self.records = {found.symbol: found for found in page.items}
        self.known, self.loaded = page.known, True
        return PACE_SECONDS if page.settling else RENEW_SECONDS
