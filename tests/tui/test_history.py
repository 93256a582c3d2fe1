"""The history: what is at work stands above what ended, filters, a run's end by hand, and another run of its step."""

from __future__ import annotations

from pathlib import Path

from kingtui.models import RunStatus
from kingtui.screens.asking import Pick
from kingtui.screens.dialogs import Confirm
from kingtui.screens.history import HistoryScreen
from kingtui.screens.run import RunScreen
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from tests.tui.dashboard import dashboard
from tests.world import SlowSource, until


async def test_a_run_at_work_is_ended_from_the_history_and_asked_again(tmp_path: Path) -> None:
    source = SlowSource()
    async with dashboard(tmp_path, sources=[source]) as seen:
        await source.fetching.wait()
        await seen.press("g", "r")
        screen = await seen.shown(HistoryScreen)
        await until(lambda: screen.chosen is not None and screen.chosen.status is RunStatus.RUNNING, "the run at work")
        run_id = screen.chosen.id if screen.chosen else 0
        await seen.press("enter")
        run = await seen.shown(RunScreen)
        facts = run.query_one("#facts", Line)
        await until(lambda: "▶ running" in facts.text, "the facts")
        await seen.press("x")
        await seen.shown(Confirm)
        await seen.press("y")
        await seen.shown(RunScreen)
        await until(lambda: "■ cancelled" in facts.text, "its end")
        await until(lambda: not run.check_action("cancel", ()), "nothing left to cancel")
        source.release.set()
        await seen.press("a")
        await seen.notices("Step 1 asked")
        await seen.press("escape")
        table = screen.query_one(KeyedTable)
        await until(lambda: any(found.id > run_id and found.finished_at for found in screen.items.values()), "the next")

        await seen.press("f")
        await seen.shown(Pick)
        await seen.press("c")
        await until(lambda: list(table.keys) == [str(run_id)], "the cancelled ones")
        await seen.press("s")
        await seen.shown(Pick)
        await seen.press("2")
        await until(lambda: "No run is like that" in screen.query_one(".empty", Line).text, "word of it")
        assert screen.heading() == "History (UTC) · step 2 · cancelled"
