"""Quitting asks while work runs, stops the runtime before the app ends, and says so in the history."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from kingtui.models import RunStatus
from kingtui.redaction import hidden
from kingtui.screens.dialogs import Leave
from kingtui.screens.home import HomeScreen
from tests.tui.dashboard import Dashboard, dashboard
from tests.world import SlowSource, until


async def stopped(seen: Dashboard) -> None:
    await until(lambda: not seen.app.is_running or seen.app._exit, "the app to end")
    assert seen.app.return_code in (None, 0)
    assert (await seen.runtime.control.logs())[-1].text == "kingtui has stopped"


async def test_q_stops_everything_when_nothing_runs(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        await seen.press("q")
        await stopped(seen)


async def test_q_asks_while_work_runs(tmp_path: Path) -> None:
    source = SlowSource()
    async with dashboard(tmp_path, sources=[source]) as seen:
        await source.fetching.wait()
        await until(lambda: seen.app.live.status is not None and seen.app.live.status.is_running, "the run")
        await seen.press("q")
        question = await seen.shown(Leave)
        assert "step 1 (Monitor & Download Images)" in question.question
        await seen.press("n")
        await seen.shown(HomeScreen)
        assert any(worker.name == "step 1" for worker in seen.app.workers)
        await seen.press("q")
        await seen.shown(Leave)
        await seen.press("s")
        await stopped(seen)
        assert not seen.app.goes_on
        (run,) = await seen.history(step=1)
        assert run.status is RunStatus.CANCELLED
        assert run.error == "kingtui was stopped"


async def test_what_runs_can_be_left_running(tmp_path: Path) -> None:
    source = SlowSource()
    async with dashboard(tmp_path, sources=[source]) as seen:
        await source.fetching.wait()
        await until(lambda: seen.app.live.status is not None and seen.app.live.status.is_running, "the run")
        await seen.press("q")
        await seen.shown(Leave)
        await seen.press("b")
        await stopped(seen)
        assert seen.app.goes_on


async def test_a_signal_leaves_without_a_question(tmp_path: Path) -> None:
    source = SlowSource()
    async with dashboard(tmp_path, sources=[source]) as seen:
        await source.fetching.wait()
        seen.app.leave()  # what the handlers of SIGTERM and SIGINT call
        await stopped(seen)


async def test_a_worker_that_breaks_is_told_of_and_the_app_goes_on(tmp_path: Path) -> None:
    async def broken() -> None:
        raise ValueError("[bold]a colour that is none[/bold]")

    async with dashboard(tmp_path) as seen:
        seen.app.spawn(broken(), name="a loop", group="loops")
        await seen.notices("A loop broke: ValueError('[bold]a colour that is none[/bold]')")
        assert any("a loop broke" in entry.text for entry in await seen.runtime.control.logs())
        await seen.press("2")
        await seen.notices("Step 2 asked")


async def test_the_bridge_begins_again_after_it_broke(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        bridge = next(worker for worker in seen.app.workers if worker.name == "bridge")
        seen.app.live.take_status = lambda status: 1 / 0  # type: ignore[method-assign]
        seen.app._bridge._on_status = seen.app.live.take_status
        seen.app._bridge.refresh()
        await until(lambda: bridge.is_finished, "the bridge to break")
        del seen.app.live.take_status
        seen.app._bridge._on_status = seen.app.live.take_status
        await until(
            lambda: any(worker.name == "bridge" and worker.is_running for worker in seen.app.workers), "another bridge"
        )


async def test_an_error_that_nobody_caught_shows_no_secret_and_is_in_the_log(tmp_path: Path) -> None:
    hidden.add(["sk-very-secret"])

    def breaks() -> None:
        password = "typed by somebody"  # noqa: F841 - what a traceback with variables would show
        raise RuntimeError("no: \x1b[2J" + "sk-very" + "-secret")

    home, shown = tmp_path, StringIO()
    with pytest.raises(RuntimeError):
        async with dashboard(home) as seen:
            seen.app.error_console.file = shown
            seen.app.call_later(breaks)
            await until(lambda: seen.app._exception is not None, "the error")
            await seen.pilot.pause()
    logged = (home / "orchestrator.log").read_text()
    for text in (shown.getvalue(), logged):
        assert "RuntimeError: no: " in text
        assert "in breaks" in text
        assert "typed" not in text
        assert "sk-very-secret" not in text
        assert "\x1b[2J" not in text
