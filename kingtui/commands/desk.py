"""The two places where a command can have steps run: a runtime of its own, or the process that owns the home."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from kingtui.commands.headless import task_spawner
from kingtui.commands.owner import owner_control
from kingtui.commands.progress import Progressing
from kingtui.control import Control
from kingtui.events import AttachmentChanged, Event, Missed, Notice, RunFinished, RunProgressed
from kingtui.home import Home, Owner
from kingtui.models import KingError, Run, RunStatus
from kingtui.runtime import Runtime
from kingtui.settings import Settings

_OPEN = (RunStatus.PENDING, RunStatus.RUNNING)


class Desk:
    """A Control that is asked for runs, and what happens meanwhile."""

    def __init__(self, control: Control, events: AsyncIterator[Event]) -> None:
        self._control = control
        self._events = events

    async def run(self, step: int, told: Progressing) -> Run:
        """Ask for a run and wait until it has ended."""
        asked = await self._control.trigger(step)
        return await self._end_of(asked.run_id, told)

    async def due(self) -> dict[int, tuple[int, int]]:
        """Of each step, how many items are due, and how many wait for another try."""
        status = await self._control.status()
        return {view.info.number: (view.backlog.due, view.backlog.waiting) for view in status.steps}

    async def ended_since(self, moment: datetime) -> list[Run]:
        """Every run that ended since then, oldest first."""
        runs, _ = await self._control.history(limit=1000)
        return [run for run in runs if run.finished_at is not None and run.finished_at >= moment]

    async def rest(self, told: Progressing) -> None:
        """Wait until no run is at work that would end with this process: of another's there are none."""

    async def _end_of(self, run_id: int, told: Progressing) -> Run:
        run = await self._control.run(run_id)
        if run.status not in _OPEN:
            return run
        async for event in self._events:
            match event:
                case RunProgressed(run_id=number, step=step, progress=progress) if number == run_id:
                    told.at(step, progress.done, progress.total, progress.note)
                case RunFinished(run=run) if run.id == run_id:
                    return run
                case Missed() | AttachmentChanged() if (run := await self._control.run(run_id)).status not in _OPEN:
                    return run
                case Notice(text=text, severity="error"):
                    if (await self._control.run(run_id)).status is RunStatus.PENDING:  # the store refused it
                        raise KingError(text)
        raise KingError(f"run {run_id} was not followed to its end")


class Alone(Desk):
    """A runtime without triggers: nothing runs in it but what is asked for."""

    def __init__(self, runtime: Runtime, events: AsyncIterator[Event]) -> None:
        super().__init__(runtime.control, events)
        self.runtime = runtime

    async def rest(self, told: Progressing) -> None:
        """Runs that a process before this one had accepted began with this one: let them end too."""
        for view in (await self._control.status()).steps:
            if view.current_run is not None:
                told.ended(await self._end_of(view.current_run.id, told))


@asynccontextmanager
async def alone(settings: Settings) -> AsyncIterator[Alone]:
    """Own the home for as long as the block lasts, without an API. Raises HomeOwned and other KingErrors."""
    quiet = settings.model_copy(update={"api": False})
    async with Runtime(quiet, mode="run", automatic=False) as runtime, task_spawner() as spawn:
        async with runtime.control.events() as events:
            await runtime.start(spawn)
            yield Alone(runtime, aiter(events))
        await runtime.stop()


@asynccontextmanager
async def beside(home: Home, owner: Owner) -> AsyncIterator[Desk]:
    """The home's owner, whose runs go on without us. Raises KingError where it cannot be asked."""
    async with owner_control(home, owner) as remote, task_spawner() as spawn:
        async with remote.control.events() as events:
            await remote.start(spawn)
            yield Desk(remote.control, aiter(events))
        await remote.stop()
