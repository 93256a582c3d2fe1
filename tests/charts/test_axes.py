"""Ticks, numbers, and a fit that misread ticks cannot bend."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.charts.axes import crossing, fit_axis, label_boxes, parse_number, runs, tick_marks


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,200", 1200), ("4.3K", 4300), ("0.00003", 0.00003), ("-12", -12), ("30,000", 30_000), ("3764.6", 3764.6),
     ("1.2M", 1.2e6), ("3K", 3000), ("", None), ("1,20", None), ("1.2.3", None), ("K", None), ("12a", None)],
)  # fmt: skip
def test_printed_numbers(text: str, value: float | None) -> None:
    assert parse_number(text) == (None if value is None else pytest.approx(value))


def test_runs_join_over_gaps_and_drop_what_is_short() -> None:
    mask = [0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1]
    assert runs(mask) == [(1, 3), (4, 5), (8, 11)]
    assert runs(mask, gap=1) == [(1, 5), (8, 11)]
    assert runs(mask, min_length=3) == [(8, 11)]
    assert runs([]) == []


def test_label_boxes_split_lines_and_words() -> None:
    ink = np.zeros((30, 40), dtype=bool)
    ink[2:10, 3:8] = ink[2:10, 20:26] = ink[20:28, 5:9] = True
    assert label_boxes(ink, gap_x=6) == [(3, 2, 8, 10), (20, 2, 26, 10), (5, 20, 9, 28)]


def test_crossing_and_ticks_are_sub_pixel() -> None:
    assert crossing(np.array([0.0, 0.0, 10.0, 10.0]), 5.0) == pytest.approx(2.0)
    assert crossing(np.array([1.0, 2.0]), 9.0) is None
    assert tick_marks(np.array([0, 0, 60, 60, 0, 0, 100, 0]), 50) == pytest.approx([3.0, 6.5])


@given(
    slope=st.floats(1e-6, 1e4),
    offset=st.floats(-1e4, 1e4),
    wrong=st.sets(st.integers(0, 9), max_size=2),
    missing=st.sets(st.integers(0, 9), max_size=2),
    factor=st.sampled_from([0.1, 10.0, -1.0, 1.5]),
)
def test_misread_ticks_do_not_bend_the_axis(
    slope: float, offset: float, wrong: set[int], missing: set[int], factor: float
) -> None:
    pixels = [80 + 65.4 * i for i in range(10)]
    true = [slope * (p + offset) for p in pixels]
    values: list[float | None] = list(true)
    for i in wrong:
        values[i] = true[i] * factor + 7 * slope
    for i in missing:
        values[i] = None
    axis = fit_axis(pixels, values)
    assert axis is not None
    assert axis.value(300) == pytest.approx(slope * (300 + offset), abs=1.0 * slope)
    assert axis.pixel(axis.value(300)) == pytest.approx(300)
    assert axis.step == pytest.approx(65.4 * slope, rel=1e-3)
    assert not (wrong - missing) & set(axis.inliers) or all(
        abs(axis.value(pixels[i]) - (values[i] or 0)) <= 1.5 * slope for i in (wrong - missing) & set(axis.inliers)
    )


def test_an_axis_without_enough_ticks_is_none_and_few_are_not_sound() -> None:
    assert fit_axis([1, 2], [1, 2]) is None
    assert fit_axis([1, 2, 3], [5.0, 5.0, 5.0]) is None
    few = fit_axis([0, 10, 20], [0.0, 1.0, 2.0])
    assert few is not None
    assert few.sound(3)
    assert not few.sound(5)
    irregular = fit_axis([0, 10, 25, 31, 70], [0.0, 10.0, 25.0, 31.0, 70.0])
    assert irregular is not None
    assert not irregular.sound(3)
