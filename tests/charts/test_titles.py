"""Titles: spelled by the font, never lost for a word that nobody can read, and honest about the edge of the page."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from kingtui import charts
from kingtui.charts import liquidation_map, ratio, text
from kingtui.charts.locate import PAGE, Canvas, canvas_of, open_picture
from kingtui.charts.map_title import EXCHANGES
from kingtui.charts.painter import Chart, paint
from kingtui.charts.reading import MapReading
from kingtui.charts.titles import LEVERAGES
from tests.charts.builders import MOMENT, map_chart, ratio_chart, rsi_chart


def painted(chart: Chart, scale: float = 1.0, quality: int = 75) -> Canvas:
    picture = open_picture(paint(chart, scale=scale, quality=quality))
    size = ratio.SIZE if chart.kind.value.endswith("ratio") else liquidation_map.SIZE
    return canvas_of(picture, (0, 0, picture.width, picture.height), *size)


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.4])
@pytest.mark.parametrize("leverage", LEVERAGES)
def test_titles_of_known_words_are_spelled(scale: float, leverage: str) -> None:
    for exchanges in (EXCHANGES[1:3], EXCHANGES[2:]):
        chart = map_chart(exchanges=exchanges, leverage=leverage, symbol="1000PEPE")
        assert liquidation_map.title(painted(chart, scale)) == chart.title
    rows = ratio_chart(20, 30, 40, leverage=leverage)
    assert ratio.title(painted(rows, scale)) == rows.title


def test_a_title_of_other_words_is_left_to_the_recogniser() -> None:
    assert liquidation_map.title(painted(map_chart(leverage="some_leverage"))) is None
    assert liquidation_map.title(painted(map_chart(exchanges=("kraken", "okx")))) is None
    assert ratio.title(painted(ratio_chart(20, 30, 40, leverage="some_leverage"))) is None
    found = charts.read(paint(map_chart(exchanges=("kraken", "okx"))))
    assert isinstance(found, MapReading)
    assert found.exchanges == ("kraken", "okx")
    assert "exchanges" not in found.verified


def test_a_title_as_wide_as_the_page_is_read() -> None:
    chart = map_chart(exchanges=EXCHANGES, symbol="XRP")
    found = charts.read(paint(chart))
    assert isinstance(found, MapReading)
    assert (found.title, found.symbol, found.timestamp) == (chart.title, "XRP", MOMENT)
    assert {"symbol", "exchanges", "timestamp", "leverage"} <= set(found.verified)


def test_a_symbol_that_the_edge_cuts_is_not_verified() -> None:
    chart = map_chart(exchanges=EXCHANGES, symbol="1000FLOKI", leverage="medium_leverage")
    found = charts.read(paint(chart))
    assert "symbol" not in found.verified
    if isinstance(found, MapReading):
        assert "symbol" in found.reasons


@pytest.mark.parametrize("start", [620, 690])
def test_a_map_is_not_lost_with_its_title_s_tail(start: int) -> None:
    chart = map_chart(exchanges=EXCHANGES, symbol="XRP")
    picture = Image.open(io.BytesIO(paint(chart, format="PNG"))).convert("RGB")
    ImageDraw.Draw(picture).rectangle((start, 0, 800, 38), fill=PAGE)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    found = charts.read(buffer.getvalue())
    assert isinstance(found, MapReading)
    assert found.symbol == "XRP"
    assert "leverage" not in found.verified
    assert found.reasons["leverage"]
    assert "current_price" in found.verified


def test_a_known_title_costs_the_recogniser_its_symbol_only(monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []
    decode = text._decode
    monkeypatch.setattr(text, "_decode", lambda batch, allow: [widths.append(batch.shape[3]), decode(batch, allow)][1])
    charts.identify(paint(map_chart()))
    assert len(widths) == 1
    assert widths[0] <= 128
    charts.identify(paint(ratio_chart(20, 30, 40)))
    assert len(widths) == 1


def test_an_rsi_map_s_title_is_clean() -> None:
    """The axis' 100 is printed over it."""
    assert charts.identify(paint(rsi_chart(20, 50, 80, 64, 33))).title == "RSI Heatmap"
