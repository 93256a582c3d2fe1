"""Keys run steps, the board shows them, and their runs are workers of the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from kingtui.models import RunStatus, StepStatus
from kingtui.screens.dialogs import Confirm
from kingtui.screens.home import HomeScreen
from kingtui.screens.run import RunScreen
from kingtui.widgets.line import Line
from kingtui.widgets.log_view import LogView
from kingtui.widgets.masthead import Masthead
from kingtui.widgets.steps import StepRow
from tests.tui.dashboard import NARROW, WIDE, dashboard
from tests.world import SlowSource, until


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_keys_run_their_steps(tmp_path: Path, size: tuple[int, int]) -> None:
    async with dashboard(tmp_path, size) as seen:
        await seen.press("1", "2", "3", "4", "5", "6")

        async def all_ran() -> bool:
            return {run.step for run in await seen.history()} == {1, 2, 3, 4, 5, 6}

        await until(all_ran, "a run of every step")
        assert {run.trigger for run in await seen.history()} == {"manual"}
        await seen.notices("Step 6 asked: run")
        rows = [seen.one(f"#step-{number}", StepRow) for number in range(1, 7)]
        await until(lambda: all("✓ completed" in row.text for row in rows), "the board")
        assert all("just now: nothing due" in row.text for row in rows)
        assert "Extract Liquidation Clusters" in rows[4].text


async def test_a_running_step_is_a_worker_of_the_app(tmp_path: Path) -> None:
    source = SlowSource()
    async with dashboard(tmp_path, sources=[source]) as seen:
        await source.fetching.wait()
        workers = {worker.name: worker for worker in seen.app.workers}
        assert workers["step 1"].is_running
        assert workers["step 1"].group == "steps"
        assert {"triggers", "health", "housekeeping", "source slow"} <= workers.keys()
        row = seen.one("#step-1", StepRow)
        await until(lambda: row.has_class("-running") and "▶ running" in row.text, "the board")
        await until(lambda: "▶ working" in seen.one("#name", Line).text, "the health word")
        source.release.set()
        await until(lambda: all(worker.name != "step 1" for worker in seen.app.workers), "the end of the run")
        await until(lambda: "✓ completed" in row.text, "the result on the board")
        assert (await seen.history(step=1))[0].done == 1


async def test_a_second_request_joins_the_one_that_waits(tmp_path: Path) -> None:
    source = SlowSource()
    async with dashboard(tmp_path, sources=[source]) as seen:
        await source.fetching.wait()
        await seen.press("1")
        await seen.notices("Step 1 asked: run")
        await seen.press("1")
        await seen.notices("which waits already")
        source.release.set()


async def test_pause_and_resume(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        masthead = seen.one("Masthead", Masthead)
        await seen.press("p")
        await until(lambda: masthead.has_class("-paused"), "the badge")
        assert seen.one("#paused", Static).display
        assert (await seen.runtime.control.status()).paused
        await until(lambda: "automatic triggers are paused" in seen.one("#step-2", StepRow).text, "the reason")
        shown = {found.binding.description for found in seen.app.screen.active_bindings.values()}
        assert "Resume" in shown
        assert "Pause" not in shown
        await seen.press("p")
        await until(lambda: not masthead.has_class("-paused"), "the badge to go")
        assert not (await seen.runtime.control.status()).paused


async def test_cancel_asks_first_and_holds_the_step(tmp_path: Path) -> None:
    source = SlowSource()
    async with dashboard(tmp_path, sources=[source]) as seen:
        await source.fetching.wait()
        row = seen.one("#step-1", StepRow)
        await until(lambda: row.view is not None and row.view.status is StepStatus.RUNNING, "the run")
        row.focus()
        await seen.press("x")
        await seen.shown(Confirm)
        await seen.press("n")
        await seen.shown(HomeScreen)
        assert any(worker.name == "step 1" for worker in seen.app.workers)
        await seen.press("x", "y")

        async def cancelled() -> bool:
            return any(run.status is RunStatus.CANCELLED for run in await seen.history())

        await until(cancelled, "the cancelled run")
        await until(lambda: "cancelled: waits" in row.text, "why it waits")


async def test_enter_on_a_step_shows_its_run_with_the_log(tmp_path: Path) -> None:
    source = SlowSource()
    source.release.set()
    async with dashboard(tmp_path, sources=[source]) as seen:
        row = seen.one("#step-1", StepRow)
        await until(lambda: "1 done" in row.text, "the first run")
        row.focus()
        await seen.press("enter")
        screen = await seen.shown(RunScreen)
        facts = screen.query_one("#facts", Line)
        await until(lambda: "✓ success" in facts.text, "the facts")
        assert "1 Monitor & Download Images" in facts.text
        await until(lambda: any("only.jpg" in line for line in screen.query_one(LogView).texts), "its log")
        await seen.press("escape")
        await seen.shown(HomeScreen)
