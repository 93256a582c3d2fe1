"""Liquidation maps: what is painted is read back, bars and curves watch each other, and doubts are said."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from kingtui import charts
from kingtui.charts.locate import PAGE, canvas_of, open_picture
from kingtui.charts.map_axes import price_ticks, read_axes
from kingtui.charts.map_bars import Cells, count_cells, measure
from kingtui.charts.map_curves import covered, read_legend, right_axis_top, trace
from kingtui.charts.map_plot import read_plot
from kingtui.charts.painter import MapChart, paint, truth
from kingtui.charts.reading import SLOTS, MapReading
from tests.charts.builders import MOMENT, map_chart
from tests.charts.originals import originals

TOTALS = {100: 40.0, 102: 9.0, 150: 20.0, 151: 3.0, 170: 55.0, 230: 12.0, 260: 30.0, 261: 31.0, 400: 10.0}


def reading(data: bytes) -> MapReading:
    found = charts.read(data)
    assert isinstance(found, MapReading)
    return found


@pytest.mark.parametrize("price", [118_000.0, 3764.6, 0.24107, 0.0000386])
@pytest.mark.parametrize("exchanges", [("okx", "binance"), ("binance", "bitfinex", "okx", "bitmex", "bybit", "bitget")])
def test_a_painted_map_is_read_back(price: float, exchanges: tuple[str, ...]) -> None:
    chart = map_chart(price, TOTALS, exchanges=exchanges, symbol="PEPE" if price < 1 else "BTC")
    found, want = reading(paint(chart)), truth(chart)
    assert (found.symbol, found.leverage, found.exchanges) == (chart.symbol, chart.leverage, chart.exchanges)
    assert found.timestamp == MOMENT
    assert found.title == chart.title
    assert found.current_price == pytest.approx(float(chart.label(price).replace(",", "")))
    assert {"symbol", "leverage", "exchanges", "timestamp", "current_price"} <= set(found.verified)
    assert len(found.bars) == len(want["bars"])
    for have, bar in zip(found.bars, want["bars"], strict=True):
        assert have.price == pytest.approx(bar["price"], rel=1e-3)
    off = [abs(have.total - bar["total"]) for have, bar in zip(found.bars, want["bars"], strict=True)]
    assert sorted(off)[:-1] == [0] * (len(off) - 1)
    assert max(off) <= 7  # of cell 100: the curve climbs 20 units beside its end and hides it
    larger = max(want["cumulated"].values())
    for end, value in want["cumulated"].items():
        assert found.cumulated[end] == pytest.approx(value, abs=0.02 * larger)
    for slot in SLOTS:
        cluster, expected = found.clusters[slot], want["clusters"][slot]
        assert (cluster is None) == (expected is None)
        if cluster is not None:
            assert cluster.price == pytest.approx(expected["price"], rel=0.002)
            assert cluster.verified, cluster.reason


@pytest.mark.parametrize(("side", "empty"), [({300: 8.0, 350: 20.0}, ("-1", "-2")), ({90: 8.0}, ("+1", "+2", "-2"))])
def test_empty_sides_stay_empty(side: dict[int, float], empty: tuple[str, ...]) -> None:
    found = reading(paint(map_chart(3764.6, side)))
    for slot in SLOTS:
        assert (found.clusters[slot] is None) == (slot in empty)


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.6])
@pytest.mark.parametrize("dense", [False, True])
def test_bars_are_measured_cell_by_cell(scale: float, dense: bool) -> None:
    random = np.random.default_rng(5)
    totals = {int(k): float(random.integers(1, 50)) for k in random.choice(490, 400 if dense else 40, replace=False)}
    totals = {k: v for k, v in totals.items() if abs(k - 199) > 3}
    chart = map_chart(3764.6, totals)
    picture = open_picture(paint(chart, scale=scale, quality=85))
    canvas = canvas_of(picture, (0, 0, picture.width, picture.height), 800, 600)
    legend, axes = read_legend(canvas), read_axes(canvas)
    assert axes.line is not None
    assert axes.ticks is not None
    assert axes.count is not None
    course = trace(canvas, legend, axes.line)
    hidden = covered(canvas, legend, course, axes.line)
    cells = count_cells(canvas, axes.ticks, hidden)
    assert cells is not None
    assert cells.count in (chart.cells, chart.cells + 1)
    heights = measure(canvas, cells, hidden, axes.count)
    want = np.zeros(cells.count)
    want[list(totals)] = list(totals.values())
    assert np.corrcoef(heights.totals, want)[0, 1] > 0.98
    assert heights.totals.sum() == pytest.approx(want.sum(), rel=0.05)


def test_axes_and_curves_are_where_they_were_painted() -> None:
    chart = map_chart(3764.6, TOTALS)
    picture = open_picture(paint(chart))
    canvas = canvas_of(picture, (0, 0, 800, 600), 800, 600)
    axes = read_axes(canvas)
    assert axes.price is not None
    assert axes.line is not None
    assert axes.price.sound()
    assert axes.price.value(80) == pytest.approx(chart.price_min, rel=1e-3)
    assert axes.price.value(axes.line) == pytest.approx(chart.price, rel=2e-3)
    assert (axes.label.value, axes.label.sure) == (3764.6, True)
    ticks = price_ticks(canvas)
    assert ticks is not None
    assert len(ticks.places) >= 8
    below, above = sum(t for k, t in TOTALS.items() if k < 199), sum(t for k, t in TOTALS.items() if k > 199)
    top = right_axis_top(canvas, read_legend(canvas))
    assert top is not None
    assert top >= max(below, above)
    assert len(read_legend(canvas).bars) == 2
    assert len(read_legend(canvas).curves) == 2


def test_a_cell_stands_on_both_edges() -> None:
    cells = Cells(500, 1.0)
    assert cells.centres()[0] == 80
    assert cells.centres()[-1] == pytest.approx(720)


def altered(chart: MapChart, *boxes: tuple[int, int, int, int], colour: tuple[int, int, int] = PAGE) -> bytes:
    """The painted chart with rectangles of it painted over."""
    picture = Image.open(io.BytesIO(paint(chart, format="PNG"))).convert("RGB")
    for box in boxes:
        ImageDraw.Draw(picture).rectangle(box, fill=colour)
    return encoded(picture)


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("boxes", "doubted"),
    [
        ([(250, 40, 420, 58)], {"current_price"}),  # the printed price
        ([(722, 50, 790, 520)], {"bars", "cumulated.long_end", "cumulated.short_end"}),  # the right axis
        ([(20, 50, 74, 540)], {"bars", "cumulated.long_end", "cumulated.short_end"}),  # the left axis
        ([(60, 536, 760, 556)], {"current_price", "bars"}),  # the prices
        ([(600, 50, 720, 92)], {"exchanges"}),  # the legend's exchanges
    ],
)
def test_what_is_missing_is_doubted_and_nothing_rests_on_it(
    boxes: list[tuple[int, int, int, int]], doubted: set[str]
) -> None:
    found = reading(altered(map_chart(3764.6, TOTALS), *boxes))
    assert doubted <= set(found.reasons)
    assert not doubted & set(found.verified)
    if doubted & {"current_price", "bars"}:
        assert not any(cluster is not None and cluster.verified for cluster in found.clusters.values())


def test_a_bar_that_the_curve_does_not_know_verifies_nothing() -> None:
    """A tall bar drawn where the curve does not rise: its cluster must not count as verified."""
    data = altered(map_chart(3764.6, TOTALS), (520, 120, 523, 529), colour=(145, 204, 117))
    found = reading(data)
    suspects = [c for c in found.clusters.values() if c is not None and abs(c.price / 4750 - 1) < 0.05]
    assert "bars" in found.reasons
    assert not any(cluster.verified for cluster in suspects)


def test_the_original_is_read() -> None:
    for data, want in originals("real", "liquidation_map"):
        found = reading(data)
        assert found.current_price == want["current_price"]
        assert found.symbol == want["symbol"]
        assert found.leverage == want["leverage"]
        assert list(found.exchanges) == want["exchanges"]
        assert found.to_json()["timestamp"] == want["timestamp"]
        assert {"symbol", "leverage", "exchanges", "timestamp", "current_price"} <= set(found.verified)
        for slot in SLOTS:  # the truth of these is another program's, good to one percent
            cluster = found.clusters[slot]
            assert cluster is not None
            assert cluster.price == pytest.approx(want["clusters"][slot]["price"], rel=0.01)


def test_bars_too_low_to_be_seen_make_no_bar_of_their_sum() -> None:
    unseen = dict.fromkeys(range(202, 490), 0.25)
    chart = map_chart(bars={100: 140.0, 150: 30.0, 190: 90.0, **unseen, 290: 15.0, 400: 20.0})
    found = reading(paint(chart))
    places = {slot: cluster and cluster.price for slot, cluster in found.clusters.items()}
    step = chart.price / 600
    assert places["+1"] == pytest.approx(chart.price_min + 290 * step, rel=0.001)
    assert places["+2"] == pytest.approx(chart.price_min + 400 * step, rel=0.001)
    assert sum(bar.total for bar in found.bars if bar.price > chart.price_min + 402 * step) < 3
    assert "cumulated.short_end" in found.reasons


@pytest.mark.slow
def test_rendered_maps_are_read() -> None:
    right = slots = 0
    for data, want in originals("train", "liquidation_map"):
        found = reading(data)
        assert found.symbol == want["symbol"]
        assert found.current_price == pytest.approx(want["current_price"], rel=1e-3)
        for slot in SLOTS:
            cluster, expected = found.clusters[slot], want["clusters"][slot]
            good = (cluster is None) == (expected is None) and (
                cluster is None or abs(cluster.price / expected["price"] - 1) <= 0.005
            )
            slots, right = slots + 1, right + good
            assert good or cluster is None or not cluster.verified
        larger = max(want["cumulated"].values())
        for end, value in want["cumulated"].items():
            if found.sure(f"cumulated.{end}"):
                assert found.cumulated[end] == pytest.approx(value, abs=0.02 * larger)
    assert right >= 0.99 * slots


def test_a_low_cluster_is_verified_where_each_of_its_bars_is_plainly_a_whole_number_high() -> None:
    """The curve, some 4 liquidations a pixel, shows nothing of it: the heights, 12 pixels a liquidation, are enough."""
    longs = dict.fromkeys(range(60, 140, 2), 40.0)
    for slot, price, strength in (("+1", 4147.3, 4), ("+2", 5025.7, 6)):
        cluster = reading(paint(map_chart(3764.6, longs | {260: 4.0, 400: 6.0}))).clusters[slot]  # type: ignore[index]
        assert cluster is not None
        assert (cluster.price, cluster.strength) == (pytest.approx(price, rel=1e-3), strength)
        assert cluster.verified, cluster.reason


def test_a_cluster_that_neither_curve_nor_heights_confirm_is_not_verified() -> None:
    longs = dict.fromkeys(range(60, 140, 2), 400.0)
    found = reading(paint(map_chart(3764.6, longs | {260: 14.0, 400: 21.0})))
    for slot in ("+1", "+2"):
        cluster = found.clusters[slot]  # type: ignore[index]
        assert cluster is not None
        assert not cluster.verified
        assert "too low for the curve" in (cluster.reason or "")


def test_a_bar_that_is_not_seen_but_that_the_curve_knows_makes_weaker_clusters_doubtful() -> None:
    """Without its bar at cell 300 the second cluster would be the weaker one at 400."""
    chart = map_chart(3764.6, {170: 55.0, 150: 60.0, 260: 30.0, 300: 12.0, 400: 10.0})
    assert all(c is not None and c.verified for c in reading(paint(chart, format="PNG")).clusters.values())
    picture = open_picture(paint(chart, format="PNG"))
    x = round(80 + 300 * 640 / 499)
    picture.paste(picture.crop((x + 5, 430, x + 11, 529)), (x - 3, 430))
    found = reading(encoded(picture))
    stronger, weaker = found.clusters["+1"], found.clusters["+2"]
    assert stronger is not None
    assert weaker is not None
    assert stronger.strength == 30
    assert weaker.strength == pytest.approx(10, abs=1)
    assert not weaker.verified
    assert "may be as strong" in (weaker.reason or "")


def test_the_balance_finds_the_bar_that_the_curve_knows_and_the_pixels_do_not() -> None:
    chart = map_chart(3764.6, {170: 55.0, 150: 60.0, 260: 30.0, 300: 12.0, 400: 10.0})
    picture = open_picture(paint(chart, format="PNG"))
    x = round(80 + 300 * 640 / 499)
    picture.paste(picture.crop((x + 5, 430, x + 11, 529)), (x - 3, 430))
    canvas = canvas_of(picture, (0, 0, 800, 600), 800, 600)
    plot = read_plot(canvas, read_legend(canvas), read_axes(canvas))
    assert plot is not None
    (gap,) = [gap for gap in plot.bars.gaps if gap.first <= 300 <= gap.last]
    assert gap.contradicted
    assert gap.total == pytest.approx(12, abs=gap.error)
    assert gap.error < 1


def test_the_curve_s_drop_is_no_bar() -> None:
    """Also where bars in the last cells let the curve rise just before it drops."""
    chart = map_chart(3764.6, {170: 30.0, 260: 30.0, 493: 20.0, 495: 40.0})
    found = reading(paint(chart, quality=90))
    assert sum(bar.total for bar in found.bars) == pytest.approx(120, abs=6)


def test_the_curve_s_end_counts_the_bars_at_the_edge() -> None:
    """It rises over the last bar and drops at once; what the drop hides of the bars its end tells."""
    found = reading(paint(map_chart(3764.6, {170: 30.0, 260: 30.0, 400: 40.0, 497: 20.0}), quality=90))
    assert found.cumulated["short_end"] == pytest.approx(90, abs=2)
    assert sum(bar.total for bar in found.bars if bar.price > 5500) == pytest.approx(20, abs=2)
    assert "bars" in found.verified
