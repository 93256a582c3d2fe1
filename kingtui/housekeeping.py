"""Keeps the home small: old runs, logs and reports go, pictures never."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from kingtui.steps.base import Toolbox
from kingtui.store import model_calls, runs, symbols

log = logging.getLogger("kingtui.housekeeping")

FIRST_SECONDS = 60.0
DAY_SECONDS = 86_400.0
LEFTOVER_SECONDS = 86_400.0
OUR_PART = f".{'[0-9a-f]' * 24}.part"
"""What step 1 began to write. Others' unfinished files in downloads are left alone."""


class Housekeeping:
    """A minute after the start and then daily."""

    def __init__(self, tools: Toolbox) -> None:
        self._tools = tools

    async def run(self) -> None:
        """Keep house until cancelled."""
        await self._tools.clock.sleep(FIRST_SECONDS)
        while True:
            await self.clean()
            await self._tools.clock.sleep(DAY_SECONDS)

    async def clean(self) -> None:
        """Remove what is older than the settings keep."""
        settings, now = self._tools.settings, self._tools.clock.now()
        async with self._tools.database.write() as tx:
            forgotten = await runs.prune(tx, now - timedelta(days=settings.keep_runs))
            await model_calls.prune(tx, now - timedelta(days=settings.keep_runs))
        removed = await self._reports()
        today = now.timestamp()
        logs = await asyncio.to_thread(
            _remove_older, self._tools.home.logs, "run-*.log", today - settings.keep_run_logs * DAY_SECONDS
        )
        parts = 0
        home = self._tools.home
        for folder, pattern in ((home.downloads, OUR_PART), (home.mdfiles, ".*.part"), (home.reports, ".*.part.*")):
            parts += await asyncio.to_thread(_remove_older, folder, pattern, today - LEFTOVER_SECONDS)
        await self._tools.database.shrink()
        log.info(
            "housekeeping: %d runs, %d run logs, %d reports, %d unfinished files removed",
            forgotten,
            logs,
            removed,
            parts,
        )

    async def _reports(self) -> int:
        horizon = self._tools.clock.now() - timedelta(days=self._tools.settings.keep_reports)
        async with self._tools.database.read() as connection:
            old = await symbols.old_reports(connection, horizon)
        for row in old:
            files = [self._tools.home.root / name for name in (row.file, row.figure) if name]
            await asyncio.to_thread(_remove, files)
            async with self._tools.database.write() as tx:
                await symbols.forget_report(tx, row.id)
        return len(old)


def _remove(files: Sequence[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _remove_older(folder: Path, pattern: str, horizon: float) -> int:
    old = [path for path in folder.glob(pattern) if path.is_file() and path.stat().st_mtime < horizon]
    _remove(old)
    return len(old)
