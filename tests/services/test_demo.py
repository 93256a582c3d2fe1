"""The demo's market: deterministic, moving, plausible, and cheap to import."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from kingtui.charts.painter import HeatmapChart, MapChart, RatioChart, RsiChart, chart_to_json
from kingtui.charts.reading import Kind
from kingtui.models import symbol_of
from kingtui.services.demo import COINS, MAPPED, Market

NOW = datetime(2026, 3, 5, 14, 25, tzinfo=UTC)


def test_importing_it_loads_neither_numpy_nor_pillow() -> None:
    program = "import sys, kingtui.services.demo; print({'numpy', 'PIL', 'matplotlib'} & set(sys.modules))"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert run.stdout.strip() == "set()"


def test_seed_and_moment_decide_everything() -> None:
    assert Market(5).charts(NOW) == Market(5).charts(NOW)
    assert Market(5).charts(NOW) != Market(6).charts(NOW)
    assert Market(5).charts(NOW) != Market(5).charts(NOW + timedelta(minutes=1))


def test_each_delivery_has_all_five_kinds() -> None:
    for hour in range(6):
        charts = Market(2).charts(NOW + timedelta(hours=hour))
        assert {chart.kind for chart in charts} == set(Kind) - {Kind.UNKNOWN}
        for chart in charts:
            if isinstance(chart, RatioChart):
                assert 12 <= len(chart.rows) <= 30
                assert len({row.symbol for row in chart.rows}) == len(chart.rows)


def test_symbols_are_ones_that_kingtui_knows() -> None:
    assert all(symbol_of(coin.symbol) == coin.symbol for coin in COINS)
    assert {"BTC", "ETH", "SOL", "XRP", "DOGE", "1000PEPE"} <= set(MAPPED)


@pytest.mark.parametrize("symbol", MAPPED)
def test_prices_walk_around_their_usual_price(symbol: str) -> None:
    market, usual = Market(1), next(coin.price for coin in COINS if coin.symbol == symbol)
    prices = [market.price(symbol, NOW + timedelta(hours=hour)) for hour in range(0, 24 * 60, 3)]
    assert all(0.4 * usual < price < 2.5 * usual for price in prices)
    assert len({round(price / usual, 6) for price in prices}) > 400
    steps = [abs(after / before - 1) for before, after in pairwise(prices)]
    assert 0.0005 < sum(steps) / len(steps) < 0.05
    assert max(steps) < 0.2


def test_every_number_is_in_its_range_over_a_month() -> None:
    market = Market(4)
    shares, indices = [], []
    for day in range(30):
        at = NOW + timedelta(days=day)
        shares += [market.long_share("ETH", at, term) for term in (True, False)]
        indices.append(market.rsi("ETH", at))
    assert all(0 <= value <= 100 for value in shares + indices)
    assert max(shares) - min(shares) > 20
    assert max(indices) - min(indices) > 15


@pytest.mark.parametrize("symbol", ["BTC", "BONK"])
def test_open_positions_lie_beyond_the_price_on_their_side(symbol: str) -> None:
    book = Market(3).book(symbol, NOW)
    price = book.candles[-1].close
    still_open = [position for position in book.positions if position.closed is None]
    assert len(still_open) > 100
    for position in still_open:
        later = book.candles[position.opened + 1 :]
        long = position.liquidation < book.candles[position.opened].close
        assert all(c.low > position.liquidation if long else c.high < position.liquidation for c in later)
        assert (position.liquidation < price) is long
    for position in book.positions:
        if position.closed is not None:
            candle = book.candles[position.closed]
            assert position.closed > position.opened
            assert candle.low <= position.liquidation or candle.high >= position.liquidation


def test_map_and_heat_map_show_the_same_market() -> None:
    market = Market(9)
    for symbol in MAPPED:
        chart, heat = market.map(symbol, NOW), market.heatmap(symbol, NOW)
        price = market.price(symbol, NOW)
        assert isinstance(chart, MapChart)
        assert isinstance(heat, HeatmapChart)
        assert chart.price == pytest.approx(price, rel=1e-3)
        assert chart.price_of(chart.price_cell) == pytest.approx(price)
        assert heat.candles[-1].close == pytest.approx(price)
        assert chart.timestamp == NOW.replace(minute=0)
        assert heat.start + timedelta(hours=len(heat.candles) - 1) == NOW.replace(minute=0)
        assert sum(bar.total for bar in chart.bars) > 200
        assert 1.0 in {level.strength for level in heat.levels}


def test_a_batch_has_the_asked_number_of_charts_and_no_two_alike() -> None:
    charts = list(Market(1).batch(60))
    assert len(charts) == 60
    assert len({str(chart_to_json(chart)) for chart in charts}) == 60
    assert any(isinstance(chart, RsiChart) for chart in charts)


def test_a_market_of_few_coins_works() -> None:
    charts = Market(1, coins=COINS[:3]).charts(NOW)
    assert {chart.kind for chart in charts} == set(Kind) - {Kind.UNKNOWN}
