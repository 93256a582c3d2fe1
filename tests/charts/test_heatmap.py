"""Heat maps: bands, candles and last price, read from painted charts and, where they are there, from originals."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image, ImageDraw

from kingtui.charts import heatmap
from kingtui.charts.bands import strongest
from kingtui.charts.candles import extent
from kingtui.charts.heat_frame import frame_of
from kingtui.charts.heat_palette import YCC, on_palette
from kingtui.charts.last_candle import last_candle
from kingtui.charts.locate import Canvas, canvas_of, open_picture, page_of
from kingtui.charts.painter import Candle, HeatLevel, HeatmapChart, paint, truth
from kingtui.charts.painter.truth import heat_at_edge
from kingtui.charts.reading import HeatmapReading
from kingtui.charts.titles import LEVERAGES, read_title
from tests.charts.originals import originals

START = datetime(2025, 7, 15, 4, tzinfo=UTC)
LEVELS = (HeatLevel(20, 0.9), HeatLevel(31, 0.45), HeatLevel(150, 0.65), HeatLevel(172, 0.3), HeatLevel(188, 0.8))


def chart(price: float = 3700.0, last: float = 1.01, levels: tuple[HeatLevel, ...] = LEVELS) -> HeatmapChart:
    """350 hours around ``price``; the last close is ``last`` times it."""
    closes = [price * (1 + 0.05 * math.sin(hour / 30)) for hour in range(349)] + [price * last]
    pairs = list(zip([closes[0], *closes[:-1]], closes, strict=True))
    candles = tuple(Candle(a, max(a, b) * 1.002, min(a, b) * 0.998, b) for a, b in pairs)
    return HeatmapChart(symbol="1000PEPE", start=START, candles=candles, levels=levels, leverage="medium_leverage")


def canvas(picture: bytes) -> Canvas:
    image = open_picture(picture)
    page = page_of(image)
    assert page is not None
    return canvas_of(image, page, *heatmap.SIZE)


def read(picture: bytes) -> HeatmapReading:
    there = canvas(picture)
    match = heatmap.TITLE.search(read_title(there, heatmap.TITLE_BOX))
    assert match is not None
    return heatmap.read(there, match)


def painted_over(picture: bytes, box: tuple[int, int, int, int]) -> bytes:
    """The picture with a rectangle of page colour over it."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    ImageDraw.Draw(image).rectangle(box, fill=(45, 55, 82))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(("scale", "format_", "quality"), [(1.0, "JPEG", 87), (0.75, "JPEG", 90), (1.6, "PNG", 0)])
def test_the_rows_of_heat_are_found_with_their_strengths(scale: float, format_: str, quality: int) -> None:
    given = chart()
    rows = strongest(canvas(paint(given, scale=scale, format=format_, quality=quality)), 0.2, 20)
    found = {round((row.y - 21.5) / 3): row.strength for row in rows}
    painted = {row: strength for row, strength in heat_at_edge(given).items() if strength >= 0.25}
    assert found.keys() >= painted.keys()
    assert all(abs(found[row] - strength) < 0.1 for row, strength in painted.items())
    assert all(any(abs(row - other) <= 1 for other in heat_at_edge(given)) for row in found)


def test_candles_are_no_bands() -> None:
    assert strongest(canvas(paint(chart(levels=()))), 0.2, 20) == []


def test_every_strength_is_on_the_palette() -> None:
    colours = np.array([(44, 56, 84), (28, 128, 152), (90, 34, 146), (131, 56, 92)], dtype=np.float64)
    strength, strange = on_palette(colours @ YCC.T)
    assert strength.tolist() == [0.0, 0.5, 0.8, 1.0]
    assert strange.max() < 0.01


@pytest.mark.parametrize("scale", [0.75, 1.0, 1.6])
def test_the_candles_ends_are_found_to_a_pixel(scale: float) -> None:
    given = chart()
    found = extent(canvas(paint(given, scale=scale)))
    assert found is not None
    per_pixel = (given.price_top - given.price_bottom) / 600
    high, low = given.price_top / 1.1, given.price_bottom / 0.9
    assert found.top == pytest.approx(20 + (given.price_top - high) / per_pixel, abs=1.2)
    assert found.bottom == pytest.approx(20 + (given.price_top - low) / per_pixel, abs=1.2)


@pytest.mark.parametrize("last", [0.93, 0.985, 1.02, 1.06])
def test_the_last_close_is_within_its_doubt(last: float) -> None:
    given = chart(last=last)
    found = last_candle(canvas(paint(given)))
    assert found is not None
    per_pixel = (given.price_top - given.price_bottom) / 600
    assert found.rose == (given.candles[-1].close > given.candles[-1].open)
    close = 20 + (given.price_top - given.candles[-1].close) / per_pixel
    assert abs(found.close - close) <= found.doubt + 1


def ending(last: Candle, before: float = 3700.0) -> HeatmapChart:
    """A chart whose last candle is ``last`` and whose one before closed at ``before``, having risen by 0.5 percent."""
    given = chart(levels=())
    candles = (*given.candles[:-2], Candle(before * 0.995, before, before * 0.995, before), last)
    return HeatmapChart(symbol="ETH", start=START, candles=candles, levels=())


@pytest.mark.parametrize(
    ("last", "sure"),
    [
        (Candle(3700, 3716, 3697, 3714), True),  # it rose: the close is between 3700 and 3716
        (Candle(3700, 3703, 3686, 3688), True),
        (Candle(3700, 3790, 3699, 3702), False),  # its upper wick may be its body
        (Candle(3700, 3701, 3600, 3697), False),
    ],
)
def test_a_candle_opened_where_the_one_before_closed(last: Candle, sure: bool) -> None:
    given = ending(last)
    per_pixel = (given.price_top - given.price_bottom) / 600
    within = 0.003 * last.close / per_pixel
    found = last_candle(canvas(paint(given, quality=87)), 0.8 * within)
    assert found is not None
    close = 20 + (given.price_top - last.close) / per_pixel
    assert (found.doubt < within) == sure
    assert abs(found.close - close) <= found.doubt + 0.5


def test_a_body_stands_out_on_a_sharp_picture() -> None:
    given = ending(Candle(3700, 3790, 3695, 3740))
    found = last_candle(canvas(paint(given, scale=1.6, quality=87)))
    assert found is not None
    close = 20 + (given.price_top - 3740) / ((given.price_top - given.price_bottom) / 600)
    assert abs(found.close - close) <= found.doubt + 0.5


@pytest.mark.parametrize("cut", [(1, 0, 0, 0), (0, 1, 1, 0), (1, 1, 1, 1)])
def test_a_page_cut_by_a_pixel_is_read_as_well(cut: tuple[int, int, int, int]) -> None:
    given = chart(291.0)
    image = Image.open(io.BytesIO(paint(given, format="PNG"))).convert("RGB")
    left, top, right, bottom = cut
    buffer = io.BytesIO()
    image.crop((left, top, image.width - right, image.height - bottom)).save(buffer, "PNG")
    found = frame_of(canvas(buffer.getvalue()))
    assert found.top == pytest.approx(20 - top, abs=0.35)
    assert found.bottom == pytest.approx((620 - top) * 640 / (640 - top - bottom), abs=0.5)
    reading, told = read(buffer.getvalue()), [band["price"] for band in truth(given)["bands"][:5]]
    assert all(min(abs(band.price / price - 1) for price in told) < 0.001 for band in reading.bands[:5])
    assert reading.last_price == pytest.approx(291.0 * 1.01, rel=0.003)


def test_the_first_candle_counts_although_it_stands_beside_the_axis() -> None:
    given = chart(levels=())
    spike = replace(given.candles[0], high=4300.0)
    given = replace(given, candles=(spike, *given.candles[1:]))
    found = extent(canvas(paint(given)))
    assert found is not None
    per_pixel = (given.price_top - given.price_bottom) / 600
    assert found.top == pytest.approx(20 + (given.price_top - 4300) / per_pixel, abs=1.2)


def test_a_wick_is_followed_over_a_band() -> None:
    given = chart(levels=())
    place = max(range(350), key=lambda k: given.candles[k].high)
    spike = replace(given.candles[place], high=4100.0)
    given = replace(given, candles=(*given.candles[:place], spike, *given.candles[place + 1 :]))
    row = int((given.price_top - 4070) / (given.price_top - given.price_bottom) * 200)
    given = replace(given, levels=(HeatLevel(row, 0.55), HeatLevel(row + 1, 0.5)))
    found = extent(canvas(paint(given)))
    assert found is not None
    per_pixel = (given.price_top - given.price_bottom) / 600
    assert abs(found.top - 20 - (given.price_top - 4100) / per_pixel) <= 1.2 + found.doubt


def test_no_candles_no_extent() -> None:
    page = Image.new("RGB", (940, 640), (45, 55, 82))
    empty = Canvas(np.asarray(page), page, (0, 0, 940, 640))
    assert extent(empty) is None
    assert last_candle(empty) is None
    assert heatmap.structure(empty) == 0


@pytest.mark.parametrize("price", [0.00003, 0.0134, 3.28, 291.0, 3700.0, 102_500.0])
def test_a_painted_heat_map_is_read_back(price: float) -> None:
    given = chart(price)
    reading = read(paint(given))
    assert (reading.symbol, reading.leverage) == ("1000PEPE", "medium_leverage")
    assert reading.sure("symbol")
    assert reading.sure("leverage")
    assert reading.last_price == pytest.approx(price * 1.01, rel=0.003)
    told = {band["price"]: band["strength"] for band in truth(given)["bands"]}
    for band in reading.bands:
        nearest = min(told, key=lambda there, price=band.price: abs(there - price))
        assert not band.verified or abs(band.price / nearest - 1) < 0.003
        assert band.distance == pytest.approx((band.price / reading.last_price - 1) * 100, abs=0.01)
    assert [band.strength for band in reading.bands] == sorted((b.strength for b in reading.bands), reverse=True)
    assert len(reading.bands) >= len(LEVELS)


@pytest.mark.parametrize(
    "title",
    [
        "The Kingfisher 1000PEPE/USDT Liq Heatmap continuous-medium_leverage",
        "TheKingfisher1000PEPE/USDTLiqHeatmapcontinuousmedium_leverage",
        "The Klngfisher 1000PEPE/USDT Liq Heatmap continuous medium-leverage",
        "The Kingfisher 1000PEPE.USDT-Liq Heat map continuous medium_leverage",
        "The Kingfisher 1000PEPE/U5DT Liq Heatrnap continuous medium_leverage",
        "The Kingfisher 1000PEPE/USDT Llq Heatmap contlnuous medium_leverage",
    ],
)
def test_one_misread_character_does_not_lose_a_chart(title: str) -> None:
    match = heatmap.TITLE.search(title)
    assert match is not None
    assert match["symbol"] == "1000PEPE"
    reading = heatmap.read(canvas(paint(chart())), match)
    assert (reading.leverage, reading.sure("leverage"), reading.sure("symbol")) == ("medium_leverage", True, True)


@pytest.mark.parametrize(
    "title",
    ["The Kingfisher ETH/USDT Funding Heatmap continuous all_leverage", "RSI Heatmap", "The Kingfisher Heatmap"],
)
def test_other_titles_are_of_no_heat_map(title: str) -> None:
    assert heatmap.TITLE.search(title) is None


def test_a_symbol_that_was_read_in_small_letters_is_the_same() -> None:
    match = heatmap.TITLE.search("The Kingfisher UNl/USDT Liq Heatmap continuous low_leverage")
    assert match is not None
    given = replace(chart(), symbol="UNI", leverage="low_leverage")
    reading = heatmap.read(canvas(paint(given)), match)
    assert (reading.symbol, reading.sure("symbol")) == ("UNI", True)


def test_another_leverage_than_the_titles_is_not_confirmed() -> None:
    match = heatmap.TITLE.search("The Kingfisher 1000PEPE/USDT Liq Heatmap continuous high_leverage")
    assert match is not None
    reading = heatmap.read(canvas(paint(chart())), match)
    assert not reading.sure("leverage")


def test_the_known_leverages_are_confirmed() -> None:
    for leverage in LEVERAGES:
        reading = read(paint(replace(chart(levels=()), leverage=leverage), quality=80))
        assert (reading.leverage, reading.sure("leverage")) == (leverage, True)


def test_without_labels_there_are_no_prices() -> None:
    reading = read(painted_over(paint(chart()), (872, 0, 940, 622)))
    assert reading.last_price is None
    assert reading.bands == ()
    assert reading.verified == ("symbol", "leverage")
    assert "axis" in reading.reasons["last_price"]


def test_hidden_highs_leave_every_price_unverified() -> None:
    given = chart()
    per_pixel = (given.price_top - given.price_bottom) / 600
    highest = 20 + (given.price_top / 11) / per_pixel
    reading = read(painted_over(paint(given), (72, 42, 866, round(highest) + 25)))
    assert not reading.sure("last_price")
    assert "candles" in reading.reasons["last_price"]
    assert reading.bands
    assert not any(band.verified for band in reading.bands)


def test_the_real_heat_map() -> None:
    [(picture, expected)] = originals("real", "liquidation_heatmap")
    reading = read(picture)
    assert (reading.symbol, reading.leverage) == (expected["symbol"], expected["leverage"])
    assert reading.last_price == pytest.approx(3760, rel=0.003)
    assert reading.last_price_as_read is not None
    assert 3714 <= reading.last_price_as_read <= 3729
    two = sorted(band.price_as_read or 0 for band in reading.bands[:2])
    assert two == [pytest.approx(2944, rel=0.005), pytest.approx(3003, rel=0.005)]


@pytest.mark.slow
def test_the_heat_maps_beside_the_project() -> None:
    right = asked = 0
    for picture, expected in originals("train", "liquidation_heatmap"):
        reading = read(picture)
        assert (reading.symbol, reading.leverage) == (expected["symbol"], expected["leverage"])
        assert reading.last_price == pytest.approx(expected["last_price"], rel=0.003)
        bands = sorted(expected["bands"], key=lambda band: -band["strength"])[:5]
        asked += len(bands)
        right += sum(any(abs(b.price / band["price"] - 1) < 0.003 for b in reading.bands[:5]) for band in bands)
        assert all(
            any(abs(band.price / other["price"] - 1) < 0.003 for other in expected["bands"])
            for band in reading.bands[:5]
            if band.verified
        )
    assert right >= 0.95 * asked
