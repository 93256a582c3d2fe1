"""Live prices in the whole: shown while they are fresh, never kept, and never in place of evidence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kingtui.models import Connection
from tests.engine.test_words import a_map, dropped
from tests.servers import venues as said
from tests.servers.venues import NAMES, Venues
from tests.world import running


async def test_a_live_price_is_shown_everywhere_and_kept_nowhere(tmp_path: Path) -> None:
    server = Venues(lambda: datetime.now(UTC), {"ETH": "3801.25"})
    async with server.serving(), running(tmp_path, **server.settings) as runtime:
        await dropped(runtime, tmp_path, eth=a_map())
        flat = (await runtime.control.data("eth")).flat()
        assert (flat["CurrentPrice"], flat["CurrentPriceSource"], flat["Verified"]) == (3801.25, "binance", True)
        assert flat["PriceNote"] is None
        assert "Price: **3,801.25** (binance," in (await runtime.control.report("ETH")).text
        page = await runtime.control.symbol_page()
        assert [item.price.value for item in page.items if item.price] == [3801.25]
        history = await runtime.control.symbol_history("ETH")
        assert [point.value for point in history.prices] == [3764.6], "the history is the charts'"
        (row,) = [row for row in await runtime.control.services() if row.name == "prices"]
        assert row.state is Connection.CONNECTED
        assert "last from binance" in row.detail
    async with running(tmp_path) as runtime:
        page = await runtime.control.symbol_page()
        assert [item.price.value for item in page.items if item.price] == [3764.6]
        assert (await runtime.control.data("ETH")).flat()["CurrentPriceSource"] == "liquidation map"


@pytest.mark.slow
async def test_prices_that_do_not_agree_are_told_of(tmp_path: Path) -> None:
    server = Venues(lambda: datetime.now(UTC), {"ETH": "3900"})
    async with server.serving(), running(tmp_path, **server.settings) as runtime:
        await dropped(runtime, tmp_path, eth=a_map())
        flat = (await runtime.control.data("ETH")).flat()
        assert (flat["CurrentPrice"], flat["Verified"]) == (3900, False)
        assert "+3.6% from the chart" in flat["PriceNote"]
        report = (await runtime.control.report("ETH")).text
        assert "The prices do not agree: binance says 3,900" in report


@pytest.mark.slow
async def test_without_an_answer_everything_goes_on_with_the_charts(tmp_path: Path) -> None:
    server = Venues(lambda: datetime.now(UTC))
    server.faults = dict.fromkeys(NAMES, said.FORBIDDEN)
    async with server.serving(), running(tmp_path, **server.settings) as runtime:
        await dropped(runtime, tmp_path, eth=a_map())
        flat = (await runtime.control.data("ETH")).flat()
        assert (flat["CurrentPrice"], flat["CurrentPriceSource"]) == (3764.6, "liquidation map")
        assert len(server.asked) == 5
        assert not (await runtime.control.status()).health.reasons
