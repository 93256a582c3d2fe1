"""The two places where a command can have steps run: a runtime of its own, or the process that owns the home."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from kingtui.commands.headless import task_spawner
from kingtui.commands.owner import OwnerApi
from kingtui.commands.progress import Progressing
from kingtui.control import Control
from kingtui.events import Event, Missed, Notice, RunFinished, RunProgressed
from kingtui.models import KingError, Run, RunStatus
from kingtui.runtime import Runtime
from kingtui.settings import Settings

POLL_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.2)
"""Waits between two questions to an owner, the last again and again: it allows 100 a minute."""
_OPEN = (RunStatus.PENDING, RunStatus.RUNNING)


class Alone:
    """A runtime without triggers: nothing runs in it but what is asked for."""

    def __init__(self, runtime: Runtime, events: AsyncIterator[Event]) -> None:
        self.runtime = runtime
        self._control: Control = runtime.control
        self._events = events

    async def run(self, step: int, told: Progressing) -> Run:
        asked = await self._control.trigger(step)
        return await self._end_of(asked.run_id, told)

    async def due(self) -> dict[int, tuple[int, int]]:
        status = await self._control.status()
        return {view.info.number: (view.backlog.due, view.backlog.waiting) for view in status.steps}

    async def ended_since(self, moment: datetime) -> list[Run]:
        runs, _ = await self._control.history(limit=1000)
        return [run for run in runs if run.finished_at is not None and run.finished_at >= moment]

    async def rest(self, told: Progressing) -> None:
        """Runs that a process before this one had accepted began with this one: let them end too."""
        for view in (await self._control.status()).steps:
            if view.current_run is not None:
                told.ended(await self._end_of(view.current_run.id, told))

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
                case Missed() if (run := await self._control.run(run_id)).status not in _OPEN:
                    return run
                case Notice(text=text, severity="error"):
                    if (await self._control.run(run_id)).status is RunStatus.PENDING:  # the store refused it
                        raise KingError(text)
        raise KingError(f"run {run_id} was not followed to its end")


@asynccontextmanager
async def alone(settings: Settings) -> AsyncIterator[Alone]:
    """Own the home for as long as the block lasts, without an API. Raises HomeOwned and other KingErrors."""
    quiet = settings.model_copy(update={"api": False})
    async with Runtime(quiet, mode="run", automatic=False) as runtime, task_spawner() as spawn:
        async with runtime.control.events() as events:
            await runtime.start(spawn)
            yield Alone(runtime, aiter(events))
        await runtime.stop()


class Beside:
    """The home's owner, asked over its API."""

    def __init__(self, api: OwnerApi) -> None:
        self._api = api

    async def run(self, step: int, told: Progressing) -> Run:
        run_id = int((await self._api.trigger(step))["run_id"])
        for poll in range(10**9):
            await asyncio.sleep(POLL_SECONDS[min(poll, len(POLL_SECONDS) - 1)])
            view = (await self._api.status())["steps"][f"step_{step}"]
            if view["run_id"] != run_id and (run := await self._ended(run_id, view)) is not None:
                return run
            if view["run_id"] == run_id and (progress := view["progress"]):
                told.at(step, progress["done"], progress["total"], progress["note"])
        raise AssertionError("a range that long does not end")

    async def due(self) -> dict[int, tuple[int, int]]:
        steps = (await self._api.status())["steps"]
        return {int(name.removeprefix("step_")): (step["backlog"], step["waiting"]) for name, step in steps.items()}

    async def ended_since(self, moment: datetime) -> list[Run]:
        history = (await self._api.history(limit=1000))["history"]
        return [run for entry in history if (run := _run(entry)).finished_at and run.finished_at >= moment]

    async def rest(self, told: Progressing) -> None:
        """The owner's runs go on without us."""

    async def _ended(self, run_id: int, view: dict[str, Any]) -> Run | None:
        """The run, if it has ended: it is its step's last, else it stands in the history."""
        last = view["last_run"]
        if last is not None and last["id"] == run_id:
            return _run(last)
        if last is None or last["id"] < run_id:
            return None  # its end is being written
        found = (await self._api.history(limit=1, before=run_id + 1))["history"]
        if found and found[0]["id"] == run_id:
            return _run(found[0])
        raise KingError(f"run {run_id} is no longer in the history of {self._api.owner}")


def _use(found: dict[str, Any] | None) -> dict[str, int]:
    """What a run asked of a language model, as the fields of a run."""
    if found is None:
        return {}
    return {"calls": found["calls"], "tokens": found["tokens"], "cost": round(found["cost"] * 1_000_000)}


def _run(entry: dict[str, Any]) -> Run:
    """An entry of the API's history as a run."""

    def moment(name: str) -> datetime | None:
        return None if entry[name] is None else datetime.fromisoformat(entry[name])

    status = RunStatus(entry["status"])
    return Run(
        entry["id"], entry["step"], status, entry["trigger"], datetime.fromisoformat(entry["requested_at"]),
        started_at=moment("started_at"), finished_at=None if status in _OPEN else moment("timestamp"),
        done=entry["done"], failed=entry["failed"], quarantined=entry["quarantined"], error=entry["error"],
        count=entry["count"], **_use(entry["model"]),
    )  # fmt: skip
