"""The analysis of a picture: every number, and what was not verified."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kingtui.charts.reading import (
    AnyReading,
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
from kingtui.reports.analysis import analysis
from kingtui.reports.words import rsi_band
from tests.reports.builders import NOW

SHA = "0123456789abcdef" * 4

RATIO = RatioReading(
    kind=Kind.LONG_TERM_RATIO,
    title="Long/Short Liquidations Distribution (all_leverage)",
    leverage="all_leverage",
    rows=(Row("ETH", 87.6, 12.4, "down2", True), Row(None, 50.0, None, None, False, "text | bar <differ>")),
    verified=("leverage",),
)
MAP = MapReading(
    symbol="1000PEPE",
    exchanges=("binance", "okx"),
    timestamp=datetime(2025, 7, 29, 16, tzinfo=UTC),
    current_price=0.009812,
    price_min=0.008,
    price_max=0.012,
    price_step=0.00001,
    bars=(Bar(0.0095, 35.0, {"binance": 20.0, "okx": 15.0}), Bar(0.0105, 5.0, {"okx": 5.0})),
    cumulated={"long_end": 35.0, "short_end": None},
    clusters={"-2": None, "-1": Cluster(0.0095, 35.0, True), "+1": Cluster(0.0105, 5.0, False, "edge"), "+2": None},
    verified=("symbol", "timestamp", "exchanges", "current_price", "bars", "cumulated.long_end"),
    reasons={"leverage": "not printed", "cumulated.short_end": "legend covers the tick"},
)
HEATMAP = HeatmapReading(
    symbol="ETH",
    leverage="all_leverage",
    last_price=3760.0,
    last_price_as_read=3720.0,
    bands=(Band(3600.0, 0.4, -4.3, True), Band(2944.0, 0.9, -21.7, False, "tick step")),
    verified=("symbol", "leverage", "last_price"),
)
RSI = RsiReading(
    points=(Point("ETH", 45.0, True), Point("TREE", 0.0, True), Point(None, 81.2, False, "labels overlap"))
)


def page(reading: AnyReading, name: str = "photo_1.jpg") -> str:
    return analysis(reading, name=name, sha256=SHA, at=NOW, at_source="message")


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


@pytest.mark.parametrize("reading", [RATIO, MAP, HEATMAP, RSI, UnknownReading(reasons={"kind": "no page"})])
def test_every_page_names_the_picture_and_how_it_was_read(reading: AnyReading) -> None:
    text = page(reading)
    for part in (SHA, "photo_1.jpg", "2025-07-29 18:00 UTC", "Telegram message", reading.kind.label, "Reader version"):
        assert part in text
    assert ["Reader version", reading.reader] in rows(text)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "None" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_a_ratio_chart() -> None:
    text = page(RATIO)
    assert ["ETH", "87.6%", "12.4%", "↓↓", "yes"] in rows(text)
    assert ["not available", "50.0%", "not available", "none", "no"] in rows(text)
    assert r"- Row 2, ?: text \| bar \<differ\>" in text
    assert "2 of 3 values are verified" in text


def test_a_liquidation_map() -> None:
    found = rows(page(MAP))
    assert ["Price", "0.009812", "yes"] in found
    assert ["Leverage", "not available", "no"] in found
    assert ["Time printed", "2025-07-29 16:00 UTC", "yes"] in found
    assert ["Short liquidations, cumulated", "not available", "no"] in found
    assert ["-1", "0.0095", "−3.2%", "35", "yes"] in found
    assert ["+1", "0.0105", "+7.0%", "5", "no"] in found
    assert ["-2", "none", "", "", ""] in found
    assert ["okx", "20", "50%"] in found
    for reason in ("- Leverage: not printed", "- Short liquidations, cumulated: legend covers", "- Cluster +1: edge"):
        assert reason in page(MAP)
    assert "7 of 10 values are verified" in page(MAP)
    assert "bars are not verified" not in page(MAP)
    assert "The heights of the bars are not verified." in page(replace(MAP, verified=("symbol",)))


def test_a_map_that_was_not_read_has_no_clusters_to_deny() -> None:
    text = page(MapReading(symbol="ETH", reasons={"bars": "axis", "current_price": "label"}))
    assert ["-1", "not available", "", "", ""] in rows(text)
    assert "- Bars: axis" in text
    assert "## Largest bars\n\nNot available." in text


def test_a_heat_map_strongest_band_first() -> None:
    found = rows(page(HEATMAP))
    assert found.index(["2,944", "−21.7%", "0.90", "no"]) < found.index(["3,600", "−4.3%", "0.40", "yes"])
    assert ["Last price by the rounded labels alone", "3,720", "–"] in found


def test_an_rsi_heat_map_highest_first() -> None:
    found = rows(page(RSI))
    assert [row for row in found if row[-1] in ("yes", "no")] == [
        ["not available", "81.2", "overbought", "no"],
        ["ETH", "45.0", "neutral", "yes"],
        ["TREE", "0.0", "oversold", "yes"],
    ]
    assert "- Point 3, ?: labels overlap" in page(RSI)


def test_an_unknown_picture_says_why_and_that_no_number_was_taken() -> None:
    text = page(UnknownReading(reasons={"kind": "no page colour"}, chart_like=True))
    assert "no number was taken from it" in text
    assert "- Kind: no page colour" in text
    assert "the charts may have changed" in text


def test_a_hostile_file_name_or_title_stays_text() -> None:
    text = page(UnknownReading(title="a | b\n# c \x1b[31m"), name="<b>`x`|y\n\x1b]0;z\x07.jpg")
    assert "\x1b" not in text
    assert "<b>" not in text
    assert "\n# c" not in text
    assert r"\<b\>\`x\`\|y" in text


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (100, "overbought"),
        (80, "overbought"),
        (79.9, "strong"),
        (60, "strong"),
        (40, "neutral"),
        (20, "weak"),
        (0, "oversold"),
    ],
)
def test_rsi_bands_as_printed(value: float, name: str) -> None:
    assert rsi_band(value) == name
