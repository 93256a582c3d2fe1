"""Answers from the store alone, for a home whose owner cannot be asked or that has none. Nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui import __version__
from kingtui.clock import Clock, SystemClock
from kingtui.control.answers import StoreAnswers
from kingtui.control.shapes import report_json, run_json, status_json
from kingtui.home import Home, Owner, owner
from kingtui.models import (
    STEPS,
    Backlog,
    Health,
    HealthWord,
    RunStatus,
    Stage,
    Status,
    StepStatus,
    StepView,
)
from kingtui.settings import Settings
from kingtui.store import cursors, images, runs, symbols
from kingtui.store.database import Database

_STAGES = {2: Stage.NEW, 3: Stage.SORTED, 4: Stage.UNIQUE, 5: Stage.ANALYSED}


class StoreReader:
    """What the store says, in the shapes of the API's routes."""

    def __init__(self, settings: Settings, home: Home, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._home = home
        self._database = database
        self._clock = clock
        self._answers = StoreAnswers(home, database, clock)

    async def status(self) -> dict[str, Any]:
        """``GET /status``; health is ``stopped``, unless a process without an API owns the home."""
        now = self._clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        held_by = owner(self._home)
        async with self._database.read() as connection:
            last, states = await runs.last_ended(connection), await runs.step_state(connection)
            waiting, views = await _backlogs(connection, now), []
            current = {run.step: run for run in await runs.unended(connection)} if held_by else {}
            for info in STEPS:
                number = info.number
                held_at, idle = states.get(number, (None, True))
                view = StepView(
                    info, StepStatus.IDLE, backlog=waiting.get(number, Backlog()), last_run=last.get(number),
                    current_run=current.get(number), held=held_at is not None,
                )  # fmt: skip
                views.append(replace(view, status=_status(view, idle=idle)))
            total, today, newest = await images.arrivals(connection, midnight)
            paused, count = bool(await cursors.flag(connection, "paused")), await runs.ended_count(connection)
        return status_json(
            Status(
                at=now, steps=tuple(views), health=_health(held_by), paused=paused, demo=self._settings.demo,
                history_count=count, pictures_total=total, pictures_today=today, last_picture_at=newest,
                source=sources_in_words(self._settings), api_address=None, home=str(self._home.root),
                version=__version__,
            )
        )  # fmt: skip

    async def history(
        self, *, limit: int = 100, before: int | None = None, step: int | None = None, status: str | None = None
    ) -> dict[str, Any]:
        """``GET /history``. Raises WrongUse."""
        ended, total = await self._answers.history(limit=limit, before=before, step=step, status=status)
        return {"history": [run_json(run) for run in ended], "total": total}

    async def data(self, symbol: str) -> dict[str, Any]:
        """``GET /data/{symbol}``. Raises WrongUse, NotFound."""
        return (await self._answers.data(symbol)).flat()

    async def report(self, symbol: str) -> dict[str, Any]:
        """``GET /reports/{symbol}``. Raises WrongUse, NotFound."""
        return report_json(await self._answers.report(symbol))


@asynccontextmanager
async def stored(settings: Settings, clock: Clock | None = None) -> AsyncIterator[StoreReader]:
    """A reader of the home's store. Raises KingError where there is none, or where its schema is another."""
    clock, home = clock or SystemClock(), Home(settings.home)
    database = Database(home.database, read_only=True)
    await database.open(clock.now())
    try:
        yield StoreReader(settings, home, database, clock)
    finally:
        await database.close()


def sources_in_words(settings: Settings) -> str:
    """What step 1 pulls from by these settings, as ``/status`` names it."""
    if settings.demo:
        return "demo"
    return "none" if settings.inbox is None else f"inbox {settings.inbox}"


async def _backlogs(connection: AsyncConnection, now: datetime) -> dict[int, Backlog]:
    waiting = await images.backlogs(connection, _STAGES.values(), now)
    reports, _ = await symbols.backlog(connection)
    return {6: reports} | {number: waiting[stage] for number, stage in _STAGES.items()}


def _status(view: StepView, *, idle: bool) -> StepStatus:
    """The step's status as the orchestrator would give it."""
    if view.current_run is not None:
        return StepStatus(view.current_run.status.value)
    if idle or view.last_run is None or view.last_run.status is RunStatus.CANCELLED:
        return StepStatus.IDLE
    return StepStatus.COMPLETED if view.last_run.status is RunStatus.SUCCESS else StepStatus.FAILED


def _health(held_by: Owner | None) -> Health:
    if held_by is None:
        return Health(HealthWord.STOPPED, ("nothing runs in this home",))
    return Health(HealthWord.ATTENTION, (f"{held_by}, owns the home: it cannot be asked how it is",))
