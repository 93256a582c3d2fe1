"""Readings agree where nothing that is sure or printed differs, and enough was read in both."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kingtui.charts.compare import agree
from kingtui.charts.reading import (
    Band,
    Bar,
    Cluster,
    HeatmapReading,
    Kind,
    MapReading,
    Point,
    RatioReading,
    Row,
    RsiReading,
    UnknownReading,
)

MOMENT = datetime(2025, 7, 29, 16, tzinfo=UTC)
ROWS = tuple(Row(name, long, round(100 - long, 1), None, True) for name, long in (("BTC", 41.2), ("ETH", 52.0)))
RATIO = RatioReading(kind=Kind.SHORT_TERM_RATIO, leverage="optical_opti", verified=("leverage",), rows=ROWS)
MAP = MapReading(
    symbol="ETH", leverage="all_leverage", exchanges=("binance", "okx"), timestamp=MOMENT, current_price=3764.6,
    price_step=6.0, bars=(Bar(3600.0, 100.0), Bar(3900.0, 50.0)), cumulated={"long_end": 100.0, "short_end": 50.0},
    clusters={"-1": Cluster(3600.0, 100.0, True), "+1": None},
    verified=("leverage", "bars", "cumulated.long_end", "cumulated.short_end"),
)  # fmt: skip
HEAT = HeatmapReading(
    symbol="ETH", last_price=3700.0, verified=("last_price",),
    bands=tuple(Band(price, 0.5, verified=True) for price in (3300.0, 3500.0, 3900.0, 4100.0, 4300.0)),
)  # fmt: skip
RSI = RsiReading(
    points=tuple(Point(name, value, True) for name, value in (("BTC", 50.1), ("ETH", 61.0), ("SOL", 70.0)))
)


def row(place: int, **changes) -> RatioReading:
    rows = [replace(old, **(changes if number == place else {})) for number, old in enumerate(ROWS)]
    return replace(RATIO, rows=tuple(rows))


def point(place: int, **changes) -> RsiReading:
    points = [replace(old, **(changes if number == place else {})) for number, old in enumerate(RSI.points)]
    return replace(RSI, points=tuple(points))


SAME = [
    (RATIO, RATIO),
    (RATIO, row(0, symbol="8TC", verified=False)),
    (RATIO, row(0, symbol=None, long=None, short=None, verified=False)),
    (RATIO, replace(RATIO, leverage="optical", verified=())),
    (MAP, MAP),
    (MAP, replace(MAP, bars=(Bar(3600.0, 103.0), Bar(3900.0, 49.0)))),
    (MAP, replace(MAP, bars=(), clusters={}, verified=())),
    (HEAT, HEAT),
    (HEAT, replace(HEAT, last_price=3706.0, bands=HEAT.bands[1:])),
    (HEAT, replace(HEAT, last_price=3720.0, verified=())),
    (RSI, RSI),
    (RSI, point(0, rsi=50.2)),
    (RSI, point(0, symbol=None, verified=False)),
    (RSI, replace(RSI, points=RSI.points[:2])),
]
OTHER = [
    (RATIO, row(0, long=41.3, short=58.7)),
    (RATIO, row(0, long=41.3, short=58.7, verified=False)),
    (RATIO, row(0, symbol="LTC")),
    (RATIO, row(0, arrow="up")),
    (RATIO, replace(RATIO, leverage="all_leverage")),
    (RATIO, replace(RATIO, kind=Kind.LONG_TERM_RATIO)),
    (RATIO, replace(RATIO, rows=ROWS[:1])),
    (replace(RATIO, rows=()), replace(RATIO, rows=())),
    (MAP, replace(MAP, symbol="BTC")),
    (MAP, replace(MAP, timestamp=MOMENT + timedelta(hours=1))),
    (MAP, replace(MAP, current_price=3764.7)),
    (replace(MAP, current_price=None), replace(MAP, current_price=None)),
    (replace(MAP, timestamp=None), replace(MAP, timestamp=None)),
    (MAP, replace(MAP, exchanges=("binance",))),
    (MAP, replace(MAP, leverage="low_leverage")),
    (MAP, replace(MAP, bars=(Bar(3600.0, 100.0), Bar(3912.0, 50.0)))),
    (MAP, replace(MAP, clusters={"-1": Cluster(3570.0, 100.0, True), "+1": None})),
    (MAP, replace(MAP, cumulated={"long_end": 103.0, "short_end": 50.0})),
    (HEAT, replace(HEAT, symbol="BTC")),
    (HEAT, replace(HEAT, last_price=3720.0)),
    (HEAT, replace(HEAT, last_price=3730.0, verified=())),
    (replace(HEAT, last_price=None), replace(HEAT, last_price=None)),
    (HEAT, replace(HEAT, bands=HEAT.bands[2:])),
    (replace(HEAT, bands=()), replace(HEAT, bands=())),
    (RSI, point(0, rsi=50.4)),
    (RSI, replace(RSI, points=RSI.points[:1])),
    (replace(RSI, points=()), replace(RSI, points=())),
    (RATIO, MAP),
    (UnknownReading(), UnknownReading()),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_what_re_encoding_changes_is_no_contradiction(a, b):
    assert agree(a, b)
    assert agree(b, a)


@pytest.mark.parametrize(("a", "b"), OTHER)
def test_what_another_chart_says_is_one(a, b):
    assert not agree(a, b)
    assert not agree(b, a)
