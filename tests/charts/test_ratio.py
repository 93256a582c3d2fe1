"""Ratio charts: painted numbers are read back, three witnesses agree, and what contradicts is said."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from kingtui import charts
from kingtui.charts.painter import RatioChart, RatioRow, paint
from kingtui.charts.reading import Kind, RatioReading
from tests.charts.builders import ratio_chart
from tests.charts.originals import originals


def reading(data: bytes) -> RatioReading:
    found = charts.read(data)
    assert isinstance(found, RatioReading)
    return found


def wanted(chart: RatioChart) -> list[tuple[str, float, float, str | None]]:
    return [(row.symbol, row.long, row.short, row.arrow) for row in chart.rows]


def said(found: RatioReading) -> list[tuple[str | None, float | None, float | None, str | None]]:
    return [(row.symbol, row.long, row.short, row.arrow) for row in found.rows]


def test_a_painted_chart_is_read_back_and_verified() -> None:
    chart = ratio_chart(27.9, 87.6, 50, 60, 8.7, 0, 100, 0.4, 99.3)
    found = reading(paint(chart))
    assert said(found) == wanted(chart)
    assert found.all_verified
    assert (found.kind, found.leverage, found.title) == (Kind.LONG_TERM_RATIO, "all_leverage", chart.title)


def test_the_title_decides_the_term() -> None:
    assert reading(paint(ratio_chart(12, 34, 56, leverage="optical_opti"))).kind is Kind.SHORT_TERM_RATIO
    assert charts.identify(paint(ratio_chart(12, 34, 56, leverage="high_leverage"))).kind is Kind.LONG_TERM_RATIO


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.from_regex(r"[A-Z0-9]{1,8}", fullmatch=True), st.integers(0, 1000)), min_size=3, max_size=6),
    st.sampled_from([(1.0, "JPEG", 87), (1.0, "JPEG", 60), (1.6, "JPEG", 80), (0.75, "JPEG", 90), (1.0, "PNG", 0)]),
)
def test_nothing_wrong_is_verified(rows: list[tuple[str, int]], how: tuple[float, str, int]) -> None:
    chart = RatioChart(rows=tuple(RatioRow(symbol, share / 10) for symbol, share in rows))
    found = reading(paint(chart, scale=how[0], format=how[1], quality=how[2]))
    assert len(found.rows) == len(chart.rows)
    for row, want in zip(found.rows, wanted(chart), strict=True):
        assert not row.verified or (row.symbol, row.long, row.short, row.arrow) == want
        assert row.verified or row.reason


def altered(chart: RatioChart, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> bytes:
    """The painted chart with a rectangle of it painted over."""
    picture = Image.open(io.BytesIO(paint(chart, format="PNG"))).convert("RGB")
    ImageDraw.Draw(picture).rectangle(box, fill=colour)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("box", "colour", "words"),
    [
        ((106, 74, 160, 86), (40, 110, 40), "read"),  # the long percentage
        ((240, 64, 420, 87), (60, 163, 60), "bar shows"),  # the split moved
        ((720, 64, 799, 91), (45, 55, 82), "badge"),  # the badge gone
        ((10, 66, 84, 86), (45, 55, 82), "symbol"),  # the symbol gone
        ((100, 64, 700, 87), (45, 55, 82), "read"),  # the whole bar, so its numbers too
    ],
)
def test_what_contradicts_is_not_verified_and_says_why(
    box: tuple[int, int, int, int], colour: tuple[int, int, int], words: str
) -> None:
    chart = ratio_chart(27.9, 87.6, 50, 60, 75)
    found = reading(altered(chart, box, colour))
    assert len(found.rows) == 5
    assert not found.rows[0].verified
    assert words in (found.rows[0].reason or "")
    assert all(row.verified for row in found.rows[1:])
    assert said(found)[1:] == wanted(chart)[1:]


def test_a_screenshot_is_read_as_its_chart() -> None:
    chart = ratio_chart(27.9, 87.6, 50, 60, 75, 12.5)
    picture = Image.open(io.BytesIO(paint(chart, format="PNG"))).convert("RGB")
    shot = Image.new("RGB", (picture.width + 61, picture.height + 230), "white")
    shot.paste(picture, (27, 120))
    buffer = io.BytesIO()
    shot.resize((round(shot.width * 1.2), round(shot.height * 1.2))).save(buffer, "JPEG", quality=80)
    assert said(reading(buffer.getvalue())) == wanted(chart)


def test_the_same_bytes_give_the_same_reading() -> None:
    data = paint(ratio_chart(*np.linspace(0, 100, 9)))
    assert charts.read(data) == charts.read(data)


def test_the_original_is_read_exactly() -> None:
    for data, truth in originals("real", "long_term_ratio"):
        found = reading(data)
        assert said(found) == [(row["symbol"], row["long"], row["short"], row["arrow"]) for row in truth["rows"]]
        assert found.all_verified


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["long_term_ratio", "short_term_ratio"])
def test_rendered_charts_are_read_exactly(kind: str) -> None:
    rows = right = sure = 0
    for data, truth in originals("train", kind):
        found = reading(data)
        want = [(row["symbol"], row["long"], row["short"], row["arrow"]) for row in truth["rows"]]
        assert len(found.rows) == len(want)
        for row, have, expected in zip(found.rows, said(found), want, strict=True):
            rows, right, sure = rows + 1, right + (have == expected), sure + row.verified
            assert have == expected or not row.verified
    assert right >= 0.995 * rows
    assert sure >= 0.99 * rows
