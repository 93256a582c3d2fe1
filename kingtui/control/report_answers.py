"""What the store and the home's files say of reports: the list by symbol and day, and a report's text."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

from kingtui.home import Home
from kingtui.models import NotFound, Report, WrongUse
from kingtui.store import reports
from kingtui.store.database import Database

MOST_ROWS = 1000


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
            path = self._home.inside(self._home.root / found.file)
            text = await asyncio.to_thread(path.read_text, "utf-8", "replace")
        except FileNotFoundError:
            raise NotFound(f"{found.file} is gone: somebody removed it. Step 6 writes a new report") from None
        except OSError as error:
            raise NotFound(f"{found.file} cannot be read: {error.strerror}") from error
        return replace(found, text=text)
