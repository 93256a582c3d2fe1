"""What the store alone can answer: history, records, reports, pictures. The owner and mere readers share it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from kingtui.clock import Clock
from kingtui.control.picture_answers import PictureAnswers
from kingtui.control.report_answers import ReportAnswers
from kingtui.control.symbol_answers import SymbolAnswers
from kingtui.home import Home
from kingtui.logs import run_log_file
from kingtui.models import Image, KingError, NotFound, Report, Run, RunStatus, Stage, WrongUse, symbol_of
from kingtui.store import images, runs, symbols
from kingtui.store.database import Database

MOST_ROWS = 1000
_ENDED = tuple(word.value for word in RunStatus if word not in (RunStatus.PENDING, RunStatus.RUNNING))


class StoreAnswers(PictureAnswers, ReportAnswers, SymbolAnswers):
    """The part of Control that needs nothing but the store and the home's files."""

    def __init__(self, home: Home, database: Database, clock: Clock) -> None:
        self._home = home
        self._database = database
        self._clock = clock

    async def history(
        self, *, limit: int = 100, before: int | None = None, step: int | None = None, status: str | None = None
    ) -> tuple[list[Run], int]:
        if status is not None and status not in _ENDED:
            raise WrongUse(f"status is {status!r}: {', '.join(_ENDED)} are allowed")
        if not 1 <= limit <= MOST_ROWS:
            raise WrongUse(f"limit is {limit}: 1 to {MOST_ROWS} is allowed")
        async with self._database.read() as connection:
            return await runs.history(connection, limit=limit, before=before, step=step, status=status)

    async def run(self, run_id: int) -> Run:
        async with self._database.read() as connection:
            run = await runs.get(connection, run_id)
        if run is None:
            raise NotFound(f"Run {run_id} not found")
        return run

    async def run_log(self, run_id: int) -> str:
        run = await self.run(run_id)
        path = run_log_file(self._home, run.id, run.step)
        try:
            return await asyncio.to_thread(path.read_text, "utf-8", "replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise KingError(f"{path} cannot be read: {error.strerror}") from error

    async def report(self, symbol: str) -> Report:
        name = symbol_of(symbol)
        async with self._database.read() as connection:
            found = await symbols.latest_report(connection, name)
        if found is None:
            raise NotFound("No report found")
        try:
            return await self._with_text(found)
        except FileNotFoundError:
            raise NotFound("No report found") from None

    async def images(
        self, *, stages: Sequence[Stage] | None = None, limit: int = 100, before: int | None = None
    ) -> list[Image]:
        async with self._database.read() as connection:
            return await images.listed(connection, stages=stages, limit=min(limit, MOST_ROWS), before=before)
