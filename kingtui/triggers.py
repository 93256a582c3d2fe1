"""Asks for runs when they are due: folder events, timers that fire again and again, finished work, and a full check."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from kingtui.events import Notice
from kingtui.models import KingError
from kingtui.orchestrator import Orchestrator
from kingtui.schedule import Due, Facts, LaneFacts, schedule
from kingtui.services import Source
from kingtui.steps.backlogs import backlogs
from kingtui.steps.base import Toolbox
from kingtui.steps.filing import Filing
from kingtui.steps.intake import Intake
from kingtui.store import images, symbols
from kingtui.watcher import FolderWatcher

log = logging.getLogger("kingtui.triggers")

YOUNG_AGAIN_SECONDS = 1.0
SET_BACK_SECONDS = 5.0
"""A clock that has gone back by less is being adjusted; whatever waits for its time waits so much longer."""


class Triggers:
    """The loop that looks and asks. ``wake()`` makes it look at once; ``next_due`` is what the faces show."""

    def __init__(
        self, tools: Toolbox, orchestrator: Orchestrator, intake: Intake, filing: Filing, sources: Sequence[Source]
    ) -> None:
        self.next_due: Mapping[int, Due | None] = {}
        self.problem: str | None = None
        """Why the last look did not succeed."""
        self._tools = tools
        self._orchestrator = orchestrator
        self._intake = intake
        self._filing = filing
        self._sources = sources
        self._woken = asyncio.Event()
        self._hint: str | None = None
        self._first = True
        self._had_pictures = False
        self._emptied_at: datetime | None = None
        self._started_at = tools.clock.now()
        self._clock_was = (tools.clock.now(), tools.clock.monotonic())
        self._checked = -1e9
        self._again_at: float | None = None
        self._watcher = FolderWatcher(tools.home.downloads, tools.settings.watch_buffer, self.wake)

    @property
    def checked(self) -> bool:
        """Whether the first full check was done."""
        return self._checked >= 0

    def wake(self) -> None:
        """Something happened: look now."""
        self._woken.set()

    def hint(self, why: str) -> None:
        """A source may have something."""
        self._hint = why
        self.wake()

    async def run(self) -> None:
        """Look and ask until cancelled. A look that fails is told of, and tried again at the next full check."""
        await self._watcher.start()
        try:
            while True:
                self._woken.clear()
                try:
                    await self._look()
                    wait = await self._ask()
                    self.problem = None
                except KingError as error:
                    wait = self._failed(str(error))
                except OSError as error:
                    wait = self._failed(f"downloads cannot be looked at: {error}")
                await self._rest(wait)
        finally:
            await self._watcher.stop()

    async def listen(self, source: Source) -> None:
        """Turn a source's hints into triggers, until cancelled."""
        async for _ in source.hints():
            self.hint(f"news from {source.name}")

    def _failed(self, text: str) -> float:
        if text != self.problem:
            log.error("%s", text)
            self._tools.bus.post(Notice(text, "error"))
        self.problem = text
        return self._tools.settings.monitor_interval

    async def _rest(self, seconds: float) -> None:
        woken = asyncio.create_task(self._woken.wait())
        timer = asyncio.create_task(self._tools.clock.sleep(max(seconds, 0.0)))
        try:
            await asyncio.wait({woken, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            timer.cancel()

    async def _look(self) -> None:
        """Take in new files: those that the watcher named, or all of them when a full check is due."""
        await self._notice_clock()
        clock, interval = self._tools.clock, self._tools.settings.monitor_interval
        noted = self._watcher.take()
        full = self._watcher.overflowed or clock.monotonic() - self._checked >= interval
        again = self._again_at is not None and clock.monotonic() >= self._again_at
        young = 0
        for settled in (True, False):
            if names := [name for name, ready in noted.items() if ready is settled]:
                young += (await self._intake.take(names, settled=settled)).young
        if full:
            await self._watcher.ensure()
            self._watcher.overflowed = False
            await self._filing.complete()
            self._checked = clock.monotonic()
        if full or again:
            self._again_at = None
            young += (await self._intake.scan()).young
        if young and self._again_at is None:
            self._again_at = clock.monotonic() + YOUNG_AGAIN_SECONDS

    async def _notice_clock(self) -> None:
        """Where the clock was set back, nothing shall wait for a time of day that is now far off."""
        now, monotonic = self._tools.clock.now(), self._tools.clock.monotonic()
        back = (monotonic - self._clock_was[1]) - (now - self._clock_was[0]).total_seconds()
        if back > SET_BACK_SECONDS:
            log.warning("the clock was set back by %.0f s: what waits for its time is tried now", back)
            await self._orchestrator.clock_set_back(timedelta(seconds=back))
            async with self._tools.database.write() as tx:
                await images.hasten(tx, now)
        self._clock_was = (now, monotonic)

    async def _ask(self) -> float:
        """Ask for what is due; the seconds until something else will be."""
        facts = await self._facts()
        self.next_due = schedule(facts)
        now = facts.now
        for number, due in self.next_due.items():
            if due is not None and due.at <= now:
                await self._orchestrator.request(number, due.why)
                if number == 1:
                    self._first, self._hint, self._emptied_at = False, None, None
        later = [due.at for due in self.next_due.values() if due is not None and due.at > now]
        waits = [(min(later) - now).total_seconds()] if later else []
        monotonic = self._tools.clock.monotonic()
        waits.append(self._checked + self._tools.settings.monitor_interval - monotonic)
        if self._again_at is not None:
            waits.append(self._again_at - monotonic)
        return min(waits)

    async def _facts(self) -> Facts:
        now, settings = self._tools.clock.now(), self._tools.settings
        asked = self._orchestrator.lanes
        were_busy = {number for number, lane in asked.items() if lane.is_taken}
        waiting = await backlogs((lane.step for lane in asked.values()), self._tools.database, now)
        lanes = {}
        for number, lane in asked.items():
            lanes[number] = LaneFacts(
                waiting[number],
                # A run that ended while the store was asked has done what waited then; its end asks anew.
                busy=lane.is_taken or number in were_busy,
                ended_at=lane.last.finished_at if lane.last else None,
                held_at=lane.held_at,
                not_before=lane.not_before,
            )
        self._notice_emptiness(lanes[2], now)
        async with self._tools.database.read() as connection:
            _, first_change = await symbols.backlog(connection)
            next_ageing = await symbols.next_ageing(connection)
        return Facts(
            now, self._started_at, lanes, paused=self._orchestrator.paused, sources=bool(self._sources),
            hint=self._hint, first=self._first, emptied_at=self._emptied_at, first_change=first_change,
            next_ageing=next_ageing, download_interval=timedelta(seconds=settings.download_interval),
            report_interval=timedelta(seconds=settings.report_interval),
        )  # fmt: skip

    def _notice_emptiness(self, unsorted: LaneFacts, now: datetime) -> None:
        has_pictures = bool(unsorted.backlog.due or unsorted.backlog.waiting)
        if self._had_pictures and not has_pictures:
            self._emptied_at = now
        elif has_pictures:
            self._emptied_at = None
        self._had_pictures = has_pictures
