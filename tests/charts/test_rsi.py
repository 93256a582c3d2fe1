"""RSI heat maps: dots, overlapping labels and points, from painted charts and originals where they are there."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from kingtui.charts import rsi
from kingtui.charts.locate import Canvas, canvas_of, open_picture, page_of
from kingtui.charts.painter import RsiChart, RsiPoint, paint
from kingtui.charts.painter.rsi import column, row
from kingtui.charts.reading import RsiReading
from kingtui.charts.rsi_dots import columns_of, find_dots, gaps, in_colour, pitch_of, value_of
from kingtui.charts.rsi_words import LONGEST, laid_out, neighbours, vocabulary
from kingtui.charts.text import SYMBOL
from kingtui.charts.titles import read_title
from tests.charts.originals import originals

SYMBOLS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "1000PEPE", "BNB", "FARTCOIN", "TRX", "AVAX", "ADA", "LINK", "WIF", "OP",
           "UNI", "TRUMP", "LTC", "HYPER", "AAVE", "BCH", "HBAR", "CRV", "DOT", "ARB", "1000CAT", "XLM", "WLD", "TIA",
           "ONDO", "NEAR", "1000SHIB", "FIL", "CKB", "VIRTUAL", "MOODENG", "KAITO")  # fmt: skip


def chart(count: int, low: float = 5, high: float = 95, seed: int = 1) -> RsiChart:
    chance = random.Random(seed)
    return RsiChart(points=tuple(RsiPoint(name, round(chance.uniform(low, high), 1)) for name in SYMBOLS[:count]))


def canvas(picture: bytes) -> Canvas:
    image = open_picture(picture)
    page = page_of(image)
    assert page is not None
    return canvas_of(image, page, *rsi.SIZE)


def read(picture: bytes) -> RsiReading:
    there = canvas(picture)
    assert rsi.structure(there) == 1
    match = rsi.TITLE.search(read_title(there, rsi.TITLE_BOX))
    assert match is not None
    return rsi.read(there, match)


def changed(picture: bytes, change: str) -> bytes:
    """The picture with another tick in place of 60, or a band's edge moved by 4 pixels."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if change == "tick":
        tick = image.crop((18, 350, 44, 366))
        image.paste(tick, (18, 234))
    else:
        ImageDraw.Draw(image).rectangle((760, 238, 789, 242), fill=(45, 55, 82))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(("scale", "quality"), [(1.0, 87), (0.75, 80), (1.6, 70)])
def test_every_dot_is_found_where_it_was_painted(scale: float, quality: int) -> None:
    given_chart = chart(36)
    dots = find_dots(canvas(paint(given_chart, scale=scale, quality=quality)))
    assert len(dots) == 36
    for number, (dot, x, point) in enumerate(zip(dots, columns_of(dots), given_chart.points, strict=True)):
        assert value_of(dot) == pytest.approx(point.rsi, abs=0.25)
        assert x == pytest.approx(column(number, 36), abs=0.4)
        assert in_colour(dot)


def test_a_missing_column_is_a_gap_without_a_dot() -> None:
    picture = paint(chart(20), format="PNG")
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    point = chart(20).points[7]
    x, y = column(7, 20), row(point.rsi)
    ImageDraw.Draw(image).rectangle((x - 12, y - 12, x + 12, y + 12), fill=(45, 55, 82))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    dots = find_dots(canvas(buffer.getvalue()))
    assert len(dots) == 19
    assert pitch_of(dots) == pytest.approx(column(1, 20) - column(0, 20), abs=0.1)
    assert gaps(dots) == [pytest.approx(x, abs=0.5)]


@pytest.mark.parametrize("title", ["RSI Heatmap", "RS100 Heat map", "RSIHeanap", "RSEHeS@Mhp", "RSI Hcatmap"])
def test_a_garbled_title_does_not_lose_a_chart(title: str) -> None:
    assert rsi.TITLE.search(title)


@pytest.mark.parametrize("title", ["MFI Heatmap", "RSI Histogram", "RSI", "Long Term Ratio"])
def test_other_titles_are_of_no_rsi_map(title: str) -> None:
    assert rsi.TITLE.search(title) is None


def test_no_dots_no_points() -> None:
    picture = Image.open(io.BytesIO(paint(chart(1), format="PNG"))).convert("RGB")
    point = chart(1).points[0]
    x, y = column(0, 1), row(point.rsi)
    ImageDraw.Draw(picture).rectangle((x - 40, y - 30, x + 40, y + 10), fill=(45, 55, 82))
    there = Canvas(np.asarray(picture), picture, (0, 0, 800, 600))
    match = rsi.TITLE.search("RSI Heatmap")
    assert match is not None
    reading = rsi.read(there, match)
    assert reading.points == ()
    assert "points" in reading.reasons


def test_points_apart_are_all_read_and_verified() -> None:
    given_chart = RsiChart(points=tuple(RsiPoint(name, 8 + 84 * (k % 4) / 3) for k, name in enumerate(SYMBOLS[:20])))
    reading = read(paint(given_chart))
    assert [point.symbol for point in reading.points] == [point.symbol for point in given_chart.points]
    assert all(p.rsi == pytest.approx(t.rsi, abs=0.25) for p, t in zip(reading.points, given_chart.points, strict=True))
    assert sum(point.verified for point in reading.points) >= 18
    assert all(point.verified == (point.reason is None) for point in reading.points)


@pytest.mark.slow
def test_overlapping_labels_are_read() -> None:
    given_chart = chart(36, 42, 58)
    reading = read(paint(given_chart))
    right = [p.symbol == t.symbol for p, t in zip(reading.points, given_chart.points, strict=True)]
    assert sum(right) >= 33
    assert all(ok for ok, point in zip(right, reading.points, strict=True) if point.verified)


def test_symbols_of_no_list_are_read_where_they_stand_alone() -> None:
    names = ("QZX7", "NOVELTY", "ZZTOP", "KWIJIBO", "9LIVES", "PLUGH", "XYZZY2", "GROK")
    assert not set(names) & set(vocabulary().words)
    given_chart = RsiChart(points=tuple(RsiPoint(name, 10 + 10 * k) for k, name in enumerate(names)))
    reading = read(paint(given_chart))
    assert sum(p.symbol == name for p, name in zip(reading.points, names, strict=True)) >= 6
    assert all(p.symbol == name for p, name in zip(reading.points, names, strict=True) if p.verified)


def test_a_label_beyond_the_edge_is_not_guessed() -> None:
    reading = read(paint(RsiChart(points=tuple(RsiPoint(name, 100 - 12 * k) for k, name in enumerate(SYMBOLS[:8])))))
    first = reading.points[0]
    assert first.symbol is None
    assert first.rsi == pytest.approx(100, abs=0.25)
    assert first.reason == "the label is cut off by the picture's edge"
    assert reading.points[1].symbol == SYMBOLS[1]


@pytest.mark.parametrize("change", ["tick", "band"])
def test_a_changed_axis_verifies_nothing(change: str) -> None:
    reading = read(changed(paint(chart(12), format="PNG"), change))
    assert len(reading.points) == 12
    assert not any(point.verified for point in reading.points)


def test_the_words_are_plain_symbols_laid_out_as_the_font_does() -> None:
    words = vocabulary()
    assert len(set(words.words)) == len(words.words) > 400
    assert all(set(word) <= set(SYMBOL) and len(word) <= LONGEST for word in words.words)
    both, one, other = laid_out(("TAV", "TA", "V")).widths
    assert both < one + other  # kerned


@given(st.text(SYMBOL, min_size=1, max_size=8))
@settings(max_examples=20, deadline=None)
def test_neighbours_differ_by_one_character(word: str) -> None:
    near = neighbours(word).words
    assert word in near
    assert word + "X" in near
    assert all(abs(len(other) - len(word)) <= 1 for other in near)
    assert len(set(near)) == len(near)


def test_the_real_rsi_heat_map() -> None:
    [(picture, expected)] = originals("real", "rsi_heatmap")
    reading = read(picture)
    told = {point["symbol"]: point["rsi"] for point in expected["points"]}
    right = [p.symbol in told and abs(told[p.symbol] - (p.rsi or 0)) <= 0.5 for p in reading.points]
    assert len(right) == 49
    assert sum(right) >= 47
    assert all(ok for ok, point in zip(right, reading.points, strict=True) if point.verified)


@pytest.mark.slow
def test_the_rsi_heat_maps_beside_the_project() -> None:
    asked = right = verified = 0
    for picture, expected in originals("train", "rsi_heatmap"):
        told = {point["symbol"]: point["rsi"] for point in expected["points"]}
        points = read(picture).points
        good = [p.symbol in told and abs(told[p.symbol] - (p.rsi or 0)) <= 0.5 for p in points]
        assert all(ok for ok, point in zip(good, points, strict=True) if point.verified)
        asked, right = asked + len(told), right + sum(good)
        verified += sum(point.verified for point in points)
    assert right >= 0.97 * asked
    assert verified >= 0.8 * asked
