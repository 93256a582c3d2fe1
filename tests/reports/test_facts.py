"""What a picture says about each symbol."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

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
from kingtui.reports.facts import certainty, facts_of, newest
from tests.reports.builders import NOW, heatmap, liquidation_map, long_term, rsi, short_term


def ratio(*rows: Row) -> RatioReading:
    return RatioReading(kind=Kind.LONG_TERM_RATIO, leverage="all_leverage", rows=rows)


def a_map(**fields: object) -> MapReading:
    usual: dict[str, object] = {
        "symbol": "ETH/USDT",
        "current_price": 1000.0,
        "price_step": 2.0,
        "bars": (Bar(950.0, 3.0, {"okx": 3.0}), Bar(1050.0, 4.0)),
        "clusters": {"-2": None, "-1": Cluster(950.0, 3.0, True), "+1": Cluster(1050.0, 4.0), "+2": None},
        "cumulated": {"long_end": 3.0},
        "exchanges": ("okx", "bybit"),
        "verified": ("symbol", "current_price", "bars"),
    }
    return MapReading(**(usual | fields))  # type: ignore[arg-type]


def test_a_ratio_row_speaks_for_its_symbol_in_any_spelling() -> None:
    facts = facts_of(ratio(Row("eth", 87.6, 12.4, "down2", True), Row("BTC/USDT", 63.0, 37.0)))
    assert facts["ETH"] == {
        "long": 87.6,
        "short": 12.4,
        "arrow": "down2",
        "verified": True,
        "leverage": "all_leverage",
    }
    assert facts["BTC"]["verified"] is False
    assert list(facts) == ["ETH", "BTC"]


@pytest.mark.parametrize(
    "row",
    [Row(None, 50.0, 50.0), Row("ETH", None, 50.0), Row("ETH", 50.0, None), Row("Ξ", 50.0, 50.0), Row("", 1.0, 99.0)],
)
def test_a_row_without_symbol_or_number_says_nothing(row: Row) -> None:
    assert facts_of(ratio(row)) == {}


def test_zero_is_a_number() -> None:
    assert facts_of(ratio(Row("WIF", 0.0, 100.0, "up2", True)))["WIF"]["long"] == 0.0
    assert facts_of(RsiReading(points=(Point("TREE", 0.0, True),)))["TREE"] == {"rsi": 0.0, "verified": True}


def test_two_rows_of_one_symbol_that_disagree_are_not_verified() -> None:
    sure, other, unsure = (
        Row("ETH", 87.6, 12.4, None, True),
        Row("ETHUSDT", 20.0, 80.0, None, True),
        Row("ETH", 1.0, 99.0),
    )
    assert facts_of(ratio(sure, other))["ETH"] | {"leverage": None} == {
        "long": 87.6,
        "short": 12.4,
        "arrow": None,
        "verified": False,
        "leverage": None,
    }
    assert facts_of(ratio(unsure, sure))["ETH"]["long"] == 87.6
    assert facts_of(ratio(unsure, sure))["ETH"]["verified"] is True
    assert facts_of(ratio(sure, other, sure))["ETH"]["verified"] is False
    assert facts_of(ratio(sure, sure))["ETH"]["verified"] is True


def test_a_map_in_the_shape_of_evidence() -> None:
    facts = facts_of(a_map())["ETH"]
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert facts == {
        "price": 1000.0,
        "price_verified": True,
        "bars": [[950.0, 3.0], [1050.0, 4.0]],
        "bars_verified": True,
        "clusters": {
            "-2": None,
            "-1": {"price": 950.0, "strength": 3.0, "verified": True},
            "+1": {"price": 1050.0, "strength": 4.0, "verified": False},
            "+2": None,
        },
        "leverage": None,
        "exchanges": ["okx", "bybit"],
        "cumulated": {"long_end": 3.0, "short_end": None},
        "price_step": 2.0,
    }


def test_nothing_is_verified_under_a_name_that_is_not() -> None:
    facts = facts_of(a_map(verified=("current_price", "bars")))["ETH"]
    assert not facts["price_verified"]
    assert not facts["bars_verified"]
    assert not any(found["verified"] for found in facts["clusters"].values() if found)
    band = HeatmapReading(symbol="ETH", last_price=1.0, bands=(Band(2.0, 0.5, 100.0, True),), verified=("last_price",))
    facts = facts_of(band)["ETH"]
    assert not facts["price_verified"]
    assert not facts["bands"][0]["verified"]


def test_bars_that_were_not_read_are_not_a_map_without_bars() -> None:
    unread = facts_of(a_map(bars=(), clusters={}, reasons={"bars": "left axis"}))["ETH"]
    assert unread["bars"] is None
    assert unread["clusters"] is None
    empty = facts_of(a_map(bars=(), clusters=dict.fromkeys(("-2", "-1", "+1", "+2"))))["ETH"]
    assert empty["bars"] == []
    assert set(empty["clusters"].values()) == {None}
    assert facts_of(a_map(current_price=None))["ETH"]["clusters"] is None


def test_pictures_without_a_symbol_say_nothing() -> None:
    assert facts_of(UnknownReading()) == {}
    assert facts_of(a_map(symbol=None)) == {}
    assert facts_of(HeatmapReading(symbol="../..")) == {}
    assert facts_of(RsiReading(points=(Point(None, 50.0, True), Point("ETH", None)))) == {}


def test_the_newest_picture_and_of_equals_the_lower_hash() -> None:
    old, low, high = (short_term(1.0, NOW - timedelta(1), "0"), short_term(2.0, sha="2"), short_term(3.0, sha="3"))
    for order in ([old, low, high], [high, low, old], [low, old, high]):
        assert newest(order, Kind.SHORT_TERM_RATIO) is low
    assert newest([old, low], Kind.LONG_TERM_RATIO) is None
    assert newest([old, low], Kind.SHORT_TERM_RATIO, lambda facts: facts["short"] < 2) is old


def test_certainty_of_a_picture() -> None:
    assert certainty(long_term(12.4)) == "yes"
    assert certainty(rsi(verified=False)) == "no"
    assert certainty(liquidation_map()) == "yes"
    assert certainty(liquidation_map(price_verified=False)) == "partly"
    assert certainty(heatmap(None, bands=[])) == "no"
    assert certainty(liquidation_map(price=None, price_verified=False, clusters=None)) == "yes"
