"""Reports by symbol and day, and the history's counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from kingtui.models import MANUAL, RunStatus
from kingtui.store import reports, runs, symbols
from kingtui.store.database import Database

START = datetime(2026, 3, 4, 22, tzinfo=UTC)


async def test_reports_are_found_by_symbol_and_day_page_by_page(tmp_path: Path) -> None:
    database = Database(tmp_path / "kingtui.db")
    await database.open(START)
    async with database.write() as tx:
        for number in range(6):
            name = ("BTC", "BTC_", "ETH")[number % 3]
            await symbols.reported(tx, name, START, f"r{number}.md", None, START + timedelta(hours=number), None)
    async with database.read() as connection:
        found, total = await reports.listed(connection, beginning="", day=None, limit=4, before=None)
        assert [report.file for report in found] == ["r5.md", "r4.md", "r3.md", "r2.md"]
        assert total == 6
        older, total = await reports.listed(connection, beginning="", day=None, limit=4, before=found[-1].id)
        assert [report.file for report in older] == ["r1.md", "r0.md"]
        assert total == 6
        named, total = await reports.listed(connection, beginning="BTC_", day=None, limit=9, before=None)
        assert [report.file for report in named] == ["r4.md", "r1.md"]  # _ stands for itself
        dated, total = await reports.listed(connection, beginning="E", day=date(2026, 3, 5), limit=9, before=None)
        assert [(report.file, report.at) for report in dated] == [
            ("r5.md", START + timedelta(hours=5)),
            ("r2.md", START + timedelta(hours=2)),
        ]
        assert await reports.days(connection) == [(date(2026, 3, 5), 4), (date(2026, 3, 4), 2)]
        assert await reports.get(connection, found[0].id) == found[0]
        assert await reports.get(connection, 99) is None
    await database.close()


async def test_the_history_counts_what_has_ended(tmp_path: Path) -> None:
    database = Database(tmp_path / "kingtui.db")
    await database.open(START)
    async with database.write() as tx:
        for step, status in ((1, RunStatus.SUCCESS), (1, RunStatus.FAILED), (2, RunStatus.SUCCESS), (2, None)):
            run, _ = await runs.request(tx, step, MANUAL, START)
            await runs.begin(tx, run.id, START)
            if status is not None:
                await runs.end(tx, run.id, status, START)
        await runs.request(tx, 2, MANUAL, START)
    async with database.read() as connection:
        for step, status, expected in (
            (None, None, 3), (1, None, 2), (2, None, 1), (3, None, 0), (None, "success", 2), (1, "failed", 1),
            (2, "failed", 0),
        ):  # fmt: skip
            found, total = await runs.history(connection, limit=9, before=None, step=step, status=status)
            assert (len(found), total) == (expected, expected), (step, status)
        assert await runs.ended_count(connection) == 3
    await database.close()
