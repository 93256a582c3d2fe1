"""A dashboard attached to a kingtui over its real API: the same screens, and a connection that comes and goes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.widgets import DataTable

from kingtui.app import KingApp
from kingtui.client import live as live_module
from kingtui.client.doors import HomeDoor
from kingtui.client.remote import RemoteControl
from kingtui.events import PauseChanged
from kingtui.models import Attachment
from kingtui.runtime import Runtime
from kingtui.screens.dialogs import Confirm, Told
from kingtui.screens.history import HistoryScreen
from kingtui.screens.home import HomeScreen
from kingtui.screens.log import LogScreen
from kingtui.screens.pictures import PicturesScreen
from kingtui.screens.reports import ReportsScreen
from kingtui.screens.setup import SetupScreen
from kingtui.screens.symbols import SymbolsScreen
from kingtui.widgets.line import Line
from tests.tui.dashboard import WIDE, Dashboard
from tests.world import SlowSource, at_rest, ratio_chart, ratio_picture, running, until

ROW = ratio_chart(3, rows=8, short_term=True).rows[0]


@dataclass
class Attached(Dashboard):
    """A dashboard whose ``runtime`` is what it is attached to."""

    remote: RemoteControl

    def line(self, name: str) -> str:
        return str(self.one(f"Masthead #{name}", Line).content)

    async def cut_off(self) -> None:
        await self.runtime.set_api(False)
        await until(lambda: "connection lost" in self.line("name"), "the loss on the screen")

    async def let_in(self) -> None:
        await self.runtime.set_api(True)
        await until(lambda: "connection lost" not in self.line("name"), "the connection on the screen")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "DELAYS", (0.2, 0.5))


@contextlib.asynccontextmanager
async def attached(runtime: Runtime) -> AsyncIterator[Attached]:
    remote = RemoteControl(HomeDoor(runtime.home), greeting="attached for a test")
    assert runtime.address is not None
    app = KingApp(
        remote.control, start=remote.start, stop=remote.stop, theme="kingfisher", choices={},
        attachment=Attachment(runtime.address),
    )  # fmt: skip
    async with app.run_test(size=WIDE) as pilot:
        await until(lambda: app.live.status is not None and app.live.book.loaded, "the first status")
        await until(lambda: remote.attachment is not None, "the live channel")
        yield Attached(runtime, app, pilot, remote)
        if not app._exit:
            app.leave()
            await until(lambda: app._exit, "the app to leave")


async def test_it_shows_what_happens_there_and_asks_for_what_is_keyed(tmp_path: Path) -> None:
    async with running(tmp_path, api=True, port=0) as runtime, attached(runtime) as seen:
        assert seen.line("api") == f"attached to {runtime.address}"
        await seen.notices("Attached for a test")
        seen.drop(ratio_picture(3, rows=8, short_term=True))
        await until(lambda: ROW.symbol in seen.app.live.book.records, "the symbol")
        await seen.press("3")
        await seen.notices("Step 3 asked: run ")
        await seen.press("p")
        await until(lambda: seen.app.live.status is not None and seen.app.live.status.paused, "the pause")
        assert (await runtime.control.status()).paused
        await seen.press("p")
        await at_rest(runtime)
        for keys, screen in (
            ("s", SymbolsScreen), ("e", ReportsScreen), ("r", HistoryScreen), ("p", PicturesScreen), ("l", LogScreen),
        ):  # fmt: skip
            await seen.press("g", keys)
            shown = await seen.shown(screen)
            if screen is not LogScreen:
                await until(lambda: shown.query(DataTable).first().row_count, f"rows of {screen.__name__}")  # noqa: B023
        await until(lambda: any("was read" in entry.text for entry in shown.entries), "the log there")  # type: ignore[attr-defined]
        await seen.press("w")
        assert f"Attached {runtime.address}" in str((await seen.shown(Told)).content)


async def test_a_lost_connection_shows_on_every_screen_and_heals_with_what_was_missed(tmp_path: Path) -> None:
    async with running(tmp_path, api=True, port=0) as runtime, attached(runtime) as seen:
        await seen.press("g", "p")
        await seen.shown(PicturesScreen)
        await seen.cut_off()
        assert "as of" in seen.line("name")
        assert "closed the live channel" in seen.line("reason") or "cannot be asked" in seen.line("reason")
        assert seen.app.has_class("-lost")
        await seen.press("2")
        await seen.notices("cannot be asked")
        for keys, screen in (("r", HistoryScreen), ("c", SetupScreen), ("h", HomeScreen)):
            await seen.press("g", keys)
            await seen.shown(screen)
            assert "connection lost, " in seen.line("name")
        before = runtime.address
        seen.drop(ratio_picture(3, rows=8, short_term=True))
        await until(lambda: list(runtime.home.reports.rglob(f"report_{ROW.symbol}_*.md")), "work without us")
        await at_rest(runtime)
        await seen.let_in()
        assert not seen.app.has_class("-lost")
        assert runtime.address != before or seen.line("api") == f"attached to {runtime.address}"
        await until(lambda: seen.line("api") == f"attached to {runtime.address}", "the new address")
        await until(lambda: ROW.symbol in seen.app.live.book.records, "the symbol that was missed")
        await seen.press("g", "p")
        shown = await seen.shown(PicturesScreen)
        await until(lambda: len(shown.items) == 1, "the picture that was missed")
        await until(lambda: seen.app.live.trouble is None, "no trouble")


async def test_quitting_asks_nothing_and_leaves_it_running(tmp_path: Path) -> None:
    source = SlowSource()
    async with running(tmp_path, api=True, port=0, sources=[source]) as runtime:
        async with attached(runtime) as first, attached(runtime) as second:
            await source.fetching.wait()
            await until(lambda: first.app.live.status is not None and first.app.live.status.is_running, "the run")
            await first.press("q")
            await until(lambda: first.app._exit, "the end of the first")
            assert first.app.return_code in (None, 0)
            assert (await runtime.control.status()).is_running
            await second.press("2")
            await second.notices("Step 2 asked")
        source.release.set()
        await at_rest(runtime)
        ended, _ = await runtime.control.history(step=1)
        assert ended[0].done == 1
        assert {run.status.value for run in ended} == {"success"}


async def test_stopping_the_api_from_afar_is_asked_about_and_said(tmp_path: Path) -> None:
    async with running(tmp_path, api=True, port=0) as runtime, attached(runtime) as seen:
        await seen.press("g", "c")
        await seen.shown(SetupScreen)
        await until(lambda: seen.app.screen.check_action("stop_api", ()), "the services")
        await seen.press("a")
        assert "It cuts off this dashboard" in (await seen.shown(Confirm)).question
        await seen.press("n")
        await seen.shown(SetupScreen)
        assert runtime.address is not None
        await seen.press("a", "y")
        await until(lambda: runtime.address is None, "the end of the API")
        await until(lambda: "connection lost" in seen.line("name"), "the loss on the screen")
        await seen.let_in()


async def test_what_it_asks_follows_events_and_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, api=True, port=0) as runtime, attached(runtime) as seen:
        await at_rest(runtime)
        asked: list[str] = []
        control = seen.remote._client.control

        async def counted(method: str, *rest: object, **more: object) -> object:
            asked.append(method)
            return await control(method, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(seen.remote._client, "control", counted)
        while True:  # what came of the start
            asked.clear()
            await seen.pilot.pause(2)
            if not asked:
                break
        await seen.pilot.pause(3)
        assert asked in ([], ["status"])  # at rest: a status every 8 seconds
        asked.clear()
        runtime.control.bus.post(PauseChanged(False))
        await until(lambda: "status" in asked, "a status after an event")
