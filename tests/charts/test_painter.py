"""The painter: sizes, known pixels, the same bytes for the same numbers, and likeness to the originals."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kingtui.charts.painter import (
    Candle,
    Chart,
    HeatLevel,
    MapBar,
    MapChart,
    RatioChart,
    RatioRow,
    RsiPoint,
    chart_from_json,
    chart_to_json,
    heatmap,
    liqmap,
    look,
    paint,
    ratio,
    rsi,
    truth,
)
from kingtui.charts.painter.scales import amount_ticks, heat_label, heat_step
from kingtui.charts.reading import Kind
from tests.charts.builders import (
    MOMENT,
    ORIGINALS,
    heatmap_chart,
    map_chart,
    one_of_each,
    pixels,
    ratio_chart,
    rebuilt,
    rsi_chart,
)


def near(found: object, colour: look.Colour, tolerance: int = 3) -> bool:
    return bool(np.abs(np.asarray(found) - np.asarray(colour)).max() <= tolerance)


@pytest.mark.parametrize("scale", [0.75, 1.0, 1.6])
def test_sizes_are_the_canonical_ones_times_the_scale(scale: float) -> None:
    sizes = [Image.open(io.BytesIO(paint(chart, scale=scale))).size for chart in one_of_each()]
    canonical = [(800, 80 + 7 * 35), (800, 80 + 3 * 35), (800, 600), (940, 640), (800, 600)]
    assert sizes == [(round(width * scale), round(height * scale)) for width, height in canonical]


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_each_format_is_what_it_says(name: str) -> None:
    picture = Image.open(io.BytesIO(paint(map_chart(), format=name)))
    assert picture.format == name
    assert near(picture.convert("RGB").getpixel((3, 3)), look.PAGE)


def test_other_formats_and_scales_are_refused() -> None:
    with pytest.raises(ValueError, match="GIF"):
        paint(map_chart(), format="GIF")
    with pytest.raises(ValueError, match="scale"):
        paint(map_chart(), scale=9)


def test_the_same_numbers_give_the_same_bytes_in_another_process_too() -> None:
    charts = one_of_each()
    here = [paint(chart) for chart in charts]
    assert here == [paint(chart) for chart in charts]
    program = (
        "import sys, json, hashlib\n"
        "from kingtui.charts.painter import chart_from_json, paint\n"
        "for data in json.load(sys.stdin):\n"
        "    sys.stdout.buffer.write(hashlib.sha256(paint(chart_from_json(data))).digest())\n"
    )
    given = json.dumps([chart_to_json(chart) for chart in charts]).encode()
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=given,
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "7"},
    )
    assert run.stdout == b"".join(hashlib.sha256(data).digest() for data in here)


@pytest.mark.parametrize("chart", one_of_each(), ids=lambda chart: chart.kind.value)
def test_charts_survive_their_json(chart: Chart) -> None:
    assert chart_from_json(json.loads(json.dumps(chart_to_json(chart)))) == chart


def test_numbers_that_cannot_be_drawn_are_refused() -> None:
    chart, heat = map_chart(), heatmap_chart()
    for make in (
        lambda: RatioRow("BTC", 100.1),
        lambda: RsiPoint("BTC", -1),
        lambda: ratio_chart(),
        lambda: rsi_chart(),
        lambda: replace(chart, price=chart.price_max * 2),
        lambda: replace(chart, bars=(MapBar(499, (1.0, 1.0)),)),
        lambda: replace(chart, bars=(MapBar(3, (1.0,)),)),
        lambda: replace(chart, bars=(MapBar(3, (1.0, -1.0)),)),
        lambda: replace(chart, bars=(MapBar(9, (1.0, 1.0)), MapBar(3, (1.0, 1.0)))),
        lambda: replace(heat, candles=(*heat.candles, Candle(5, 4, 3, 3.5))),
        lambda: replace(heat, levels=(HeatLevel(200, 0.5),)),
        lambda: replace(heat, levels=(HeatLevel(2, 1.5),)),
        lambda: chart_from_json({"chart": "pie"}),
    ):
        with pytest.raises(ValueError):
            make()


class TestRatio:
    def test_the_split_of_a_bar_is_at_its_share(self) -> None:
        shares = (27.9, 87.6, 50, 60, 75, 0, 100)
        picture = pixels(ratio_chart(*shares))
        for number, share in enumerate(shares):
            y = ratio.FIRST_BAR + ratio.PITCH * number + 4
            green = picture[y, 100:700, 1] > picture[y, 100:700, 0]
            assert green[2:-2].sum() == pytest.approx(6 * share, abs=4.1)
            split = 100 + 6 * share
            if 10 < share < 90:
                assert green[: round(split) - 100 - 5].all()
                assert not green[round(split) - 100 + 1 :].any()

    def test_arrows_stand_from_60_and_75_percent_on(self) -> None:
        rows = ratio_chart(60, 59.9, 75, 74.9, 40, 40.1, 25, 25.1).rows
        assert [row.arrow for row in rows] == ["down", None, "down2", "down", "up", None, "up2", "up"]
        picture = pixels(ratio_chart(60, 59.9, 25))
        tops = [ratio.FIRST_BAR + ratio.PITCH * number + 22 for number in range(3)]
        assert near(picture[tops[0], 730], look.DOWN_BOX)
        assert near(picture[tops[1], 730], look.PAGE)
        assert near(picture[tops[2], 730], look.UP_BOX)

    def test_the_leverage_decides_the_kind(self) -> None:
        assert ratio_chart(50).kind is Kind.LONG_TERM_RATIO
        assert ratio_chart(50, leverage="optical_opti").kind is Kind.SHORT_TERM_RATIO


class TestMap:
    def test_a_bar_is_as_high_as_its_total_on_the_left_axis(self) -> None:
        chart = map_chart(bars={100: 40, 300: 55})
        picture = pixels(chart)
        for cell, total in ((100, 40), (300, 55)):
            x = round(liqmap.x_of(chart, cell) - 0.5)
            contrast = picture[62:529, x, 1] - picture[62:529, x - 6, 1]
            rows = 62 + np.flatnonzero(contrast > 60)
            assert rows[0] == pytest.approx(530 - 470 * total / 60, abs=1.5)
            assert len(rows) == pytest.approx(470 * total / 60, abs=20)  # the curve covers some

    def test_the_price_line_stands_on_its_cell(self) -> None:
        chart = map_chart()
        x = liqmap.x_of(chart, chart.price_cell)
        row = pixels(chart)[520]
        columns = [column for column in range(800) if near(row[column], look.PRICE_LINE)]
        assert len(columns) == 3
        assert np.mean(columns) + 0.5 == pytest.approx(x, abs=0.51)

    def test_ticks_stand_where_their_labels_say(self) -> None:
        chart = map_chart()
        below = pixels(chart)[533]
        marks = [column + 0.5 for column in range(60, 760) if near(below[column], look.TICK)]
        places = [liqmap.x_of(chart, cell) for cell in liqmap.tick_cells(chart.cells)]
        assert len(places) == 10
        assert marks == pytest.approx(places, abs=1)

    @pytest.mark.parametrize("names", [("binance", "okx"), ("binance", "bitfinex", "okx", "bitmex", "bybit", "bitget")])
    def test_legend_colours_shift_with_the_exchanges(self, names: tuple[str, ...]) -> None:
        chart = map_chart(exchanges=names)
        picture = pixels(chart)
        for place in range(len(names)):
            assert near(picture[62 + 24 * place, 618], look.EXCHANGE_PALETTE[place])
        assert list(liqmap.colours(chart)) == sorted(names)
        fixed = liqmap.colours(replace(chart, colours="exchange"))
        assert fixed["okx"] == look.EXCHANGE_PALETTE[5]

    def test_curves_end_at_the_totals_of_their_sides(self) -> None:
        chart = map_chart(bars={20: 100, 50: 200, 300: 40, 498: 10})
        assert truth(chart)["cumulated"] == {"long_end": 300, "short_end": 50}
        picture = pixels(chart)
        pink = np.abs(picture - np.asarray(look.LONG_SERIES)).max(axis=2) < 12
        top = amount_ticks(300)[-1]
        assert np.flatnonzero(pink[:, 90]).mean() + 0.5 == pytest.approx(liqmap.y_of(300, top), abs=1.1)
        assert np.flatnonzero(pink[:, 700]).mean() + 0.5 == pytest.approx(liqmap.y_of(40, top), abs=1.1)

    def test_an_empty_map_can_be_painted(self) -> None:
        assert truth(map_chart(bars={}))["cumulated"] == {"long_end": 0, "short_end": 0}
        assert paint(map_chart(bars={}))

    @pytest.mark.parametrize(
        ("price", "label"),
        [(118_000.0, "118000.0"), (3764.6, "3764.6"), (21.49, "21.49"), (3.3088, "3.3088"), (0.46533, "0.46533"),
         (0.01191, "0.011910"), (0.0000313, "0.00003130"), (0.00003, "0.00003000")],
    )  # fmt: skip
    def test_prices_are_printed_with_some_five_digits(self, price: float, label: str) -> None:
        chart = map_chart(price)
        assert truth(chart)["current_price_label"] == label
        assert paint(chart)


class TestHeatmap:
    def test_bands_have_the_colour_of_their_strength_up_to_where_they_end(self) -> None:
        chart = heatmap_chart(levels=(HeatLevel(150, 1.0, 100, 1), HeatLevel(60, 0.5), HeatLevel(30, 0.8, 0, 1, 175)))
        picture = pixels(chart)
        for row, strength, until in ((150, 1.0, 860), (60, 0.5, 860), (30, 0.8, 460)):
            y = heatmap.TOP + 3 * row + 1
            colour = dict(look.HEAT_STOPS)[strength]
            assert near(picture[y, until - 8], colour)
            assert near(picture[y + 4, until - 8], look.PAGE)
        assert near(picture[heatmap.TOP + 3 * 150 + 1, 200], look.PAGE)
        assert near(picture[heatmap.TOP + 3 * 30 + 1, 600], look.PAGE)

    def test_a_band_rises_to_its_strength(self) -> None:
        row = pixels(heatmap_chart(levels=(HeatLevel(150, 0.5, 0, 350),)))[heatmap.TOP + 451]
        reds = row[80:860:30, 0]
        assert (np.diff(reds) <= 0).all()
        assert reds[0] > reds[-1] + 10

    def test_the_last_candle_closes_at_the_last_price(self) -> None:
        chart = heatmap_chart(price=3700)
        picture = pixels(chart)
        green = near_rows(picture[:, 868], look.RISING)
        close, high = chart.candles[-1].close, chart.candles[-1].high
        assert green[0] == pytest.approx(heatmap.Axis.of(chart).y(high), abs=1.1)
        body = near_rows(picture[:, 869], look.RISING, 90)
        assert body[0] == pytest.approx(heatmap.Axis.of(chart).y(close), abs=1.1)

    def test_the_axis_runs_from_nine_tenths_of_the_low_to_eleven_tenths_of_the_high(self) -> None:
        chart = heatmap_chart()
        assert heatmap.Axis.of(chart).y(1.1 * max(candle.high for candle in chart.candles)) == heatmap.TOP
        assert heatmap.Axis.of(chart).y(0.9 * min(candle.low for candle in chart.candles)) == heatmap.BOTTOM

    def test_times_are_rounded_to_the_hour(self) -> None:
        assert heatmap.time_label(MOMENT) == "7/29 16:00"
        assert heatmap.time_label(MOMENT.replace(hour=1, minute=30)) == "7/29 2:00"

    def test_only_strong_local_maxima_are_bands(self) -> None:
        levels = tuple(HeatLevel(row, strength) for row, strength in ((10, 0.9), (11, 0.5), (50, 0.1), (80, 0.3)))
        chart = heatmap_chart(levels=(*levels, HeatLevel(100, 1.0, 0, 1, 200)))
        bands = truth(chart)["bands"]
        assert [band["strength"] for band in bands] == [0.9, 0.3]
        assert bands[0]["price"] == chart.price_of(10)
        assert bands[0]["distance"] == pytest.approx(100 * (chart.price_of(10) / chart.candles[-1].close - 1))


def near_rows(column: np.ndarray, colour: look.Colour, tolerance: int = 20) -> np.ndarray:
    return np.flatnonzero(np.abs(column - np.asarray(colour)).max(axis=1) < tolerance)


class TestRsi:
    def test_dots_stand_at_their_value_in_the_colour_of_their_band(self) -> None:
        values = (0, 100, 50, 20, 40, 60, 80, 33.3)
        picture = pixels(rsi_chart(*values))
        for number, value in enumerate(values):
            x, y = rsi.column(number, len(values)), rsi.row(value)
            colour = next(colour for least, colour in look.RSI_DOTS if value >= least)
            assert near(picture[int(y), int(x)], colour)
            first = max(0, int(y) - 12)
            dot = near_rows(picture[first : int(y) + 13, int(x)], colour, 40)
            assert first + dot.mean() + 0.5 == pytest.approx(y, abs=0.6)

    def test_bands_meet_at_20_40_60_80(self) -> None:
        picture = pixels(rsi_chart(50))
        for (edge, colour, _), (_, below, _) in zip(look.RSI_BANDS, look.RSI_BANDS[1:], strict=False):
            y = round(rsi.row(edge))
            assert near(picture[y - 1, 780], colour)
            assert near(picture[y, 780], below)


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [(55, [0, 10, 20, 30, 40, 50, 60]), (372, [0, 100, 200, 300, 400]), (19, [0, 3, 6, 9, 12, 15, 18, 21]),
     (3009, [0, 500, 1000, 1500, 2000, 2500, 3000, 3500]), (0, [0, 1]), (10.5, [0, 2, 4, 6, 8, 10, 12])],
)  # fmt: skip
def test_amount_axes_have_the_originals_ticks(largest: float, ticks: list[float]) -> None:
    assert amount_ticks(largest) == ticks


@pytest.mark.parametrize(
    ("top", "bottom", "step", "label"),
    [(4066.906, 2555.123, 200, "4.1K"), (120716.0, 86142.2, 5000, "120.7K"), (210.7589, 129.6384, 10, "210.8"),
     (0.3692139, 0.2464266, 0.02, "0.3692"), (4.366029, 2.730883, 0.2, "4.366"), (984.3633, 519.0458, 50, "984.4"),
     (0.01482257, 0.00912794, 0.001, "0.01482"), (22.7711, 14.2117, 1, "22.77"), (323.7338, 212.0641, 10, "323.7")],
)  # fmt: skip
def test_price_axes_have_the_originals_steps_and_labels(top: float, bottom: float, step: float, label: str) -> None:
    assert heat_step(top - bottom) == pytest.approx(step)
    assert heat_label(top, top) == label


def originals() -> list[Path]:
    return sorted((ORIGINALS / "train").glob("*.json")) if ORIGINALS.is_dir() else []


def difference(original: Image.Image, chart: Chart) -> float:
    painted = Image.open(io.BytesIO(paint(chart))).convert("L")
    assert painted.size == original.size
    grey = np.abs(np.asarray(original).astype(int) - np.asarray(painted).astype(int))
    middle = original.height // 2 - 45
    grey[middle - 40 : middle + 40, 150:660] = 0
    return float(grey.mean())


@pytest.mark.skipif(not originals(), reason="the originals are not beside the project")
def test_repainted_originals_look_like_them() -> None:
    """The mean difference of luma outside the watermark: what is left is text hinting and JPEG noise."""
    compared: set[str] = set()
    for path in originals():
        told = json.loads(path.read_text())
        chart = rebuilt(told)
        plain = "render" in told and told["render"]["scale"] == told["render"]["resize"] == 1
        if chart is None or not plain or told["render"]["border"]:
            continue
        original = Image.open(path.with_name(told["image"])).convert("L")
        palettes = [chart, replace(chart, colours="exchange")] if isinstance(chart, MapChart) else [chart]
        least = min(difference(original, palette) for palette in palettes)
        assert least < (3.0 if isinstance(chart, RatioChart) else 1.8), f"{path.name}: {least:.2f}"
        compared.add(told["kind"])
    assert len(compared) == 4
