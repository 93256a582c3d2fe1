"""What the store and the home's files say of reports: the list by symbol and day, a report's text and its figure."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

from kingtui.home import Home
from kingtui.models import NotFound, Report, WrongUse, symbol_of
from kingtui.store import reports, symbols
from kingtui.store.database import Database

MOST_ROWS = 1000
PNG = b"\x89PNG\r\n\x1a\n"


class ReportAnswers:
    """The part of Control that tells of reports."""

    _home: Home
    _database: Database

    async def reports(
        self, *, symbol: str | None = None, beginning: str = "", day: date | None = None, limit: int = 100,
        before: int | None = None,
    ) -> tuple[list[Report], int]:  # fmt: skip
        if not 1 <= limit <= MOST_ROWS:
            raise WrongUse(f"limit is {limit}: 1 to {MOST_ROWS} is allowed")
        async with self._database.read() as connection:
            return await reports.listed(
                connection, symbol=symbol, beginning=beginning.strip().upper(), day=day, limit=limit, before=before
            )

    async def report_days(self) -> list[tuple[date, int]]:
        async with self._database.read() as connection:
            return await reports.days(connection)

    async def report_text(self, report_id: int) -> Report:
        async with self._database.read() as connection:
            found = await reports.get(connection, report_id)
        if found is None:
            raise NotFound(f"Report {report_id} not found")
        try:
            return await self._with_text(found)
        except FileNotFoundError:
            raise NotFound(f"{found.file} is gone: somebody removed it. Step 6 writes a new report") from None

    async def _with_text(self, found: Report) -> Report:
        """A report with its text, whatever has become of its file. Raises NotFound, FileNotFoundError."""
        try:
            path = self._home.inside(self._home.root / found.file)
            return replace(found, text=await asyncio.to_thread(path.read_text, "utf-8", "replace"))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise NotFound(f"{found.file} cannot be read: {error.strerror}") from error

    async def report_figure(self, symbol: str, report_id: int | None = None) -> bytes:
        name = symbol_of(symbol)
        async with self._database.read() as connection:
            if report_id is None:
                found = await symbols.latest_report(connection, name)
            else:
                found = await reports.get(connection, report_id)
        if found is None or found.symbol != name:
            raise NotFound("No report found" if report_id is None else f"Report {report_id} is not one of {name}")
        if found.figure is None:
            raise NotFound(f"The report of {name} has no figure: only what rests on a liquidation map has one")
        return await asyncio.to_thread(self._figure, found.figure)

    def _figure(self, file: str) -> bytes:
        try:
            data = self._home.inside(self._home.root / file).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"{file} is gone: somebody removed it. Step 6 draws one with its next report") from None
        except OSError as error:
            raise NotFound(f"{file} cannot be read: {error.strerror}") from error
        if not data.startswith(PNG):
            raise NotFound(f"{file} is no PNG any more: somebody changed it")
        return data
