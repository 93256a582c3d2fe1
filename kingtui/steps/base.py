"""What a step is, and the run it works in."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

from kingtui.clock import Clock
from kingtui.events import EventBus, RunProgressed
from kingtui.home import Home
from kingtui.models import STEPS, Backlog, Progress, Run, StepInfo
from kingtui.runner import Runner
from kingtui.services import Prices
from kingtui.services.openai.assistant import Assistant
from kingtui.services.openai.budget import Spending
from kingtui.settings import Settings
from kingtui.store.database import Database

log = logging.getLogger("kingtui.steps")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What every step works with."""

    settings: Settings
    home: Home
    database: Database
    runner: Runner
    bus: EventBus
    clock: Clock
    random: random.Random
    assistant: Assistant | None = None
    prices: Prices | None = None


class Outcome(Enum):
    """How an item of a run ended."""

    DONE = "done"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    WAITS = "waits"
    """Nothing was wrong and nothing was done: it comes again later. Not counted."""


class Step(Protocol):
    """One of the six. Its items are in the store; a run takes those that are due."""

    @property
    def info(self) -> StepInfo:
        """Number, name and module file."""
        ...

    async def backlog(self) -> Backlog:
        """What waits for it."""
        ...

    async def run(self, run: RunContext) -> None:
        """Work on due items until none is left or the run is full."""
        ...


class RunContext:
    """One run at work: it counts, reports progress, keeps the log, and takes items as they come.

    ``feeding`` tells whether the step before is at work or is about to be: then a run that has nothing left waits a
    little for more items rather than ending and being asked again for each.
    """

    LINGER_SECONDS = 20.0

    def __init__(
        self, run: Run, tools: Toolbox, *, backlog: Callable[[], Awaitable[Backlog]],
        feeding: Callable[[], Awaitable[bool]], finished_item: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.run = run
        self.tools = tools
        self.counts: dict[Outcome, int] = dict.fromkeys(Outcome, 0)
        self.errors: list[str] = []
        self.spent = Spending()
        """What was asked of a language model."""
        self.current = Progress()
        self.moved_at = tools.clock.monotonic()
        self._backlog = backlog
        self._feeding = feeding
        self._finished_item = finished_item
        self._fed = asyncio.Event()

    def fed(self) -> None:
        """More items are due: look again. Safe to call at any time."""
        self._fed.set()

    def log(self, text: str, level: int = logging.INFO) -> None:
        """Write a line to the log and to the run's own."""
        log.log(level, "%s", text, extra={"step": self.run.step, "run": self.run.id})

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell how far the run is; this is also its sign of life."""
        self.moved_at = self.tools.clock.monotonic()
        self.current = Progress(done, total, note)
        self.tools.bus.post(RunProgressed(self.run.id, self.run.step, self.current))

    @property
    def taken(self) -> int:
        """Items that ended in this run, in any way."""
        return sum(self.counts.values())

    async def each(
        self, fetch: Callable[[int, Collection[Hashable]], Awaitable[list[Item]]],
        handle: Callable[[Item], Coroutine[None, None, Outcome]], *, key: Callable[[Item], Hashable], width: int = 1,
    ) -> None:  # fmt: skip
        """Handle every due item once, ``width`` at a time, until none is left or the run is full.

        ``fetch(limit, seen)`` gives due items that are not among ``seen``; ``handle`` records its item's failure itself
        and raises only where the whole run cannot go on.
        """
        limit = self.tools.settings.batch
        seen: set[Hashable] = set()
        active: set[asyncio.Task[Outcome]] = set()
        try:
            while True:
                self._fed.clear()
                room = min(width - len(active), limit - len(seen))
                for item in await fetch(room, seen) if room > 0 else ():
                    seen.add(key(item))
                    active.add(asyncio.create_task(handle(item)))
                if active:
                    await self._wait(active)
                    await self._collect(active, limit)
                elif len(seen) >= limit or not await self._linger():
                    return
        finally:
            for task in active:
                task.cancel()
            await asyncio.gather(*active, return_exceptions=True)

    async def _wait(self, active: set[asyncio.Task[Outcome]]) -> None:
        fed = asyncio.create_task(self._fed.wait())
        try:
            await asyncio.wait({*active, fed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            fed.cancel()

    async def _collect(self, active: set[asyncio.Task[Outcome]], limit: int) -> None:
        finished = {task for task in active if task.done()}
        if not finished:
            return
        active -= finished
        for task in finished:
            self.counts[task.result()] += 1
        backlog = await self._backlog()
        self.progress(self.taken, min(limit, self.taken + backlog.due))
        self._finished_item()

    async def _linger(self) -> bool:
        """Wait for more items while the step before is at work; False where none came."""
        if not await self._feeding():
            return False
        waited = asyncio.create_task(self._fed.wait())
        pause = asyncio.create_task(self.tools.clock.sleep(self.LINGER_SECONDS))
        try:
            await asyncio.wait({waited, pause}, return_when=asyncio.FIRST_COMPLETED)
            return waited.done()
        finally:
            waited.cancel()
            pause.cancel()


def info(number: int) -> StepInfo:
    """The step's number, name and module file."""
    return STEPS[number - 1]
