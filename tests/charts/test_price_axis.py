"""The price axis: the rounding of the labels undone, and honest where labels and candles disagree."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kingtui.charts.candles import PLOT, Extent
from kingtui.charts.heat_frame import Frame
from kingtui.charts.price_axis import Label, PriceAxis, format_doubt, pointed, price_axis

HEIGHT = PLOT[3] - PLOT[1]
STEPS = [m * 10.0**e for e in range(-9, 6) for m in (1, 2, 5)]


def printed(high: float, low: float, unit: float) -> tuple[list[Label], Extent, float, float]:
    """Labels in multiples of ``unit`` and candles of an axis for these extremes; its top and its price per pixel."""
    top, bottom = 1.1 * high, 0.9 * low
    per_pixel = (top - bottom) / HEIGHT
    step = min((s for s in STEPS if s >= unit), key=lambda s: abs((top - bottom) / s - 8))
    count = int((top - bottom) / step) + 1
    ys = [PLOT[1] + k * step / per_pixel for k in range(count)]
    labels = [Label(y - 4, round((top - k * step) / unit) * unit, unit / 2) for k, y in enumerate(ys)]
    candles = Extent(PLOT[1] + (top - high) / per_pixel, PLOT[1] + (top - low) / per_pixel)
    return labels, candles, top, per_pixel


def read(labels: list[Label], candles: Extent | None) -> PriceAxis:
    axis = price_axis(labels, candles)
    assert axis is not None
    return axis


ETH = printed(3955.0, 2860.0, 100.0)
"""Labels such as 4.4K: half a unit is 1.2 percent of the price."""


@settings(deadline=None)  # the machine may be busy
@given(st.floats(-10, 11.6).map(lambda x: 2.718281828**x), st.floats(0.55, 0.9), st.sampled_from([1e-2, 1e-3, 1e-4]))
def test_the_true_axis_is_found_whatever_the_rounding(high: float, share: float, coarse: float) -> None:
    unit = 10.0 ** round(math.log10(high * coarse))
    labels, candles, top, per_pixel = printed(high, high * share, unit)
    axis = price_axis(labels, candles)
    if axis is None:  # so few labels, or so coarse, that no step can be told
        assert len(labels) < 6 or coarse == 1e-2
        return
    assert axis.per_pixel == pytest.approx(per_pixel, rel=2e-3)
    assert abs(axis.top - top) <= axis.doubt + 1e-9 * top
    assert axis.reason is None


def test_coarse_labels_are_undone_by_the_candles() -> None:
    labels, candles, top, _ = ETH
    axis = read(labels, candles)
    assert axis.top == pytest.approx(top, rel=1e-3)
    assert abs(axis.top_as_read - top) > 0.005 * top  # the labels alone are that wrong
    assert abs(axis.top - top) < axis.doubt < 0.003 * top


def test_one_misread_label_is_outvoted() -> None:
    labels, candles, top, _ = ETH
    labels = [replace(label, value=9 * label.value) if k == 2 else label for k, label in enumerate(labels)]
    axis = read(labels, candles)
    assert axis.top == pytest.approx(top, rel=1e-3)
    assert len(axis.labels) == len(labels) - 1


@pytest.mark.parametrize(("texts", "read_as"), [
    (["1797", "1.697", "1.597", "0,997"], ["1.797", "1.697", "1.597", "0.997"]),
    (["1.4K", "1.3K", "11K", "10K"], ["1.4K", "1.3K", "1.1K", "1.0K"]),
    (["105.38", "100.3K", "95.3K", "90K"], ["105.38", "100.3K", "95.3K", "9.0K"]),
    (["4K", "5K", "6K"], ["4K", "5K", "6K"]),
])  # fmt: skip
def test_lost_points_are_put_back(texts: list[str], read_as: list[str]) -> None:
    assert pointed(texts) == read_as


@pytest.mark.parametrize(("value", "half", "doubt"), [
    (4300, 50, None), (291.1, 0.05, None), (0.01482, 0.000005, None),
    (4300, 500, "decimal point"), (1797, 0.5, "decimal point"), (4.3, 0.05, "a K may be missing"),
])  # fmt: skip
def test_labels_of_another_form_are_doubted(value: float, half: float, doubt: str | None) -> None:
    found = format_doubt([Label(20, value, half), Label(80, value * 0.9, half)])
    assert found is None if doubt is None else doubt in (found or "")


def test_a_page_that_was_cut_moves_nothing() -> None:
    labels, candles, top, _ = printed(29.31, 25.12, 0.01)
    cut = [replace(label, y=label.y - 1.3) for label in labels]
    axis = price_axis(cut, Extent(candles.top - 1.3, candles.bottom - 1.3), frame=Frame(18.7, 618.7))
    assert axis is not None
    assert axis.top == pytest.approx(top, rel=1e-3)
    assert axis.price(18.7) == axis.top


def test_labels_that_contradict_the_candles_are_not_confirmed() -> None:
    labels, candles, _, _ = ETH
    shifted = [replace(label, value=label.value + 500) for label in labels]
    axis = read(shifted, candles)
    assert axis.reason is not None
    assert "candles" in axis.reason


def test_without_candles_the_axis_is_not_confirmed() -> None:
    axis = read(ETH[0], None)
    assert axis.reason is not None


def test_a_blurred_picture_leaves_more_open() -> None:
    labels, candles, _, _ = ETH
    sharp, small = price_axis(labels, candles), price_axis(labels, candles, sharpness=0.75)
    assert sharp is not None
    assert small is not None
    assert small.doubt > sharp.doubt


@pytest.mark.parametrize("labels", [[], ETH[0][:3], [replace(label, y=50.0 + k) for k, label in enumerate(ETH[0])]])
def test_no_regular_row_no_axis(labels: list[Label]) -> None:
    assert price_axis(labels, ETH[1]) is None


def test_a_row_that_does_not_start_at_the_top_edge_is_no_axis() -> None:
    assert price_axis([replace(label, y=label.y + 20) for label in ETH[0]], ETH[1]) is None
