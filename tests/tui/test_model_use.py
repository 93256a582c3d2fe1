"""What a language model and live prices add to the screens: a run's cost, an opinion, how it stands with both."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kingtui.screens.history import HistoryScreen
from kingtui.screens.run import RunScreen
from kingtui.screens.setup import SetupScreen
from kingtui.widgets.line import Line
from tests.engine.test_words import a_map, chart_like, honest, settings
from tests.servers.openai import OpenAiServer
from tests.servers.venues import Venues
from tests.tui.dashboard import dashboard
from tests.world import at_rest, until


@pytest.mark.slow
async def test_what_a_run_asked_and_how_it_stands_are_shown(tmp_path: Path) -> None:
    venues = Venues(lambda: datetime.now(UTC), {"ETH": "3765"})
    async with OpenAiServer(honest).serving() as server, venues.serving():
        assert isinstance(server, OpenAiServer)
        async with dashboard(tmp_path, **settings(server), **venues.settings) as seen:
            (seen.runtime.home.downloads / "eth.png").write_bytes(a_map())
            (seen.runtime.home.downloads / "odd.png").write_bytes(chart_like("x"))
            await until(lambda: len(server.questions) == 3, "the questions")
            await at_rest(seen.runtime)
            await seen.press("g", "r")
            history = await seen.shown(HistoryScreen)
            await until(lambda: any(run.step == 6 and run.finished_at for run in history.items.values()), "the runs")
            await seen.press("enter")
            run = await seen.shown(RunScreen)
            facts = run.query_one("#facts", Line)
            await until(lambda: "1 call, 820 tokens, $0.0026" in facts.text, "what it cost")
            await seen.press("escape", "g", "c")
            setup = await seen.shown(SetupScreen)
            await until(lambda: "openai" in setup.services, "the services")
            assert "today 3 of 200 calls, $0.0078 of $1.00" in setup.services["openai"].detail
            assert "last from binance" in setup.services["prices"].detail
