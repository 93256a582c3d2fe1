"""What a reader notes while it reads: all that it says, where it stands on the picture, and nothing of it changes."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from kingtui import charts
from kingtui.charts import AnyReading, Sketch
from kingtui.charts.explain import draw, explain
from kingtui.charts.painter import Chart, paint
from kingtui.charts.reading import Kind, UnknownReading, dump
from kingtui.charts.sketch import Mark, verdict
from tests.charts.builders import heatmap_chart, map_chart, ratio_chart, rsi_chart
from tests.charts.damage import damaged

CHARTS = {
    "ratio": ratio_chart(27.9, 87.6, 50, 60),
    "map": map_chart(),
    "heatmap": heatmap_chart(),
    "rsi": rsi_chart(10, 90, 50, 30),
}
FRAME = (30, 50)
"""White to the left and above the page of the pictures below."""


@dataclass(frozen=True)
class Read:
    picture: Image.Image
    reading: AnyReading
    sketch: Sketch
    data: bytes


def framed(chart: Chart) -> bytes:
    page = Image.open(io.BytesIO(paint(chart, format="PNG")))
    whole = Image.new("RGB", (page.width + 2 * FRAME[0], page.height + 2 * FRAME[1]), "white")
    whole.paste(page, FRAME)
    stream = io.BytesIO()
    whole.save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def reads() -> dict[str, Read]:
    made = {}
    for name, chart in CHARTS.items():
        data, sketch = framed(chart), Sketch()
        made[name] = Read(Image.open(io.BytesIO(data)).convert("RGB"), charts.read(data, sketch), sketch, data)
    return made


def about(read: Read, name: str) -> list[Mark]:
    return [mark for mark in read.sketch.marks if mark.about == name]


@pytest.mark.parametrize("name", CHARTS)
def test_noting_changes_no_reading(reads: dict[str, Read], name: str) -> None:
    assert dump(charts.read(reads[name].data)) == dump(reads[name].reading)


@pytest.mark.parametrize("name", CHARTS)
def test_marks_lie_on_the_page_of_the_original(reads: dict[str, Read], name: str) -> None:
    read = reads[name]
    assert read.sketch.page is not None
    left, top, right, bottom = read.sketch.page
    assert (left, top) == FRAME
    assert len(read.sketch.marks) > 10
    for mark in read.sketch.marks:
        for x, y in mark.places:
            assert left - 8 <= x <= right + 8, mark
            assert top - 8 <= y <= bottom + 8, mark


@pytest.mark.parametrize("name", CHARTS)
def test_every_part_of_a_reading_is_marked(reads: dict[str, Read], name: str) -> None:
    read = reads[name]
    marked = {mark.about for mark in read.sketch.marks}
    for parts in ("rows", "points", "bands"):
        assert {f"{parts}.{k}" for k in range(len(getattr(read.reading, parts, ())))} <= marked
    clusters = getattr(read.reading, "clusters", {})
    assert {f"clusters.{slot}" for slot, cluster in clusters.items() if cluster} <= marked
    assert {field for field in read.reading.verified if not field.startswith("title")} <= marked


def test_numbers_stand_where_they_are_printed(reads: dict[str, Read]) -> None:
    """The ink in a number's box is that of its text, as wide as the box; the split stands where the colours meet."""
    read = reads["ratio"]
    pixels = np.asarray(read.picture).astype(int)
    for k, share in enumerate((27.9, 87.6, 50.0, 60.0)):
        marks = about(read, f"rows.{k}")
        texts = [mark.text for mark in marks]
        assert f"{share}%" in texts
        assert ("BTC", "ETH", "1000PEPE", "SOL")[k] in texts
        box = marks[texts.index(f"{share}%")].places
        (left, top), (right, bottom) = ((round(x), round(y)) for x, y in box)
        ink = (pixels[top:bottom, left:right].min(-1) > 120).any(0)
        assert ink.any()
        assert np.flatnonzero(ink)[0] <= 4
        assert np.flatnonzero(ink)[-1] >= right - left - 5
        (x, y), _ = next(mark.places for mark in marks if mark.form == "line")
        green, red = pixels[round(y) + 9, round(x) - 4], pixels[round(y) + 9, round(x) + 4]
        assert green[1] > green[0]
        assert red[0] > red[1]


def test_bars_and_clusters_of_a_map_stand_on_its_axis(reads: dict[str, Read]) -> None:
    read = reads["map"]
    (outline,) = about(read, "bars")
    tops: dict[float, float] = {}
    for x, y in outline.places:
        tops[x] = min(y, tops.get(x, 1e9))
    highest = min(tops, key=lambda x: tops[x])
    assert highest == pytest.approx(FRAME[0] + 80 + 100 * 640 / 498, abs=1.5)  # cell 100 has the most
    (window,) = about(read, "clusters.-2")
    (left, _), (right, _) = window.places
    assert left <= highest <= right + 1
    line = next(mark for mark in about(read, "current_price") if mark.form == "line")
    assert line.places[0][0] == pytest.approx(FRAME[0] + 80 + 199 * 640 / 498, abs=1.0)
    assert [mark.text for mark in about(read, "price axis") if mark.text]
    assert {mark.text for mark in about(read, "current_price")} >= {"3764.6"}
    for field, text in (("symbol", "ETH"), ("leverage", "all_leverage"), ("exchanges", "binance_okx")):
        assert text in {mark.text for mark in about(read, field)}


def test_dots_of_an_rsi_map_stand_at_their_values(reads: dict[str, Read]) -> None:
    read = reads["rsi"]
    for k, value in enumerate((10, 90, 50, 30)):
        circle = next(mark for mark in about(read, f"points.{k}") if mark.form == "circle")
        (_, top), (_, bottom) = circle.places
        assert (top + bottom) / 2 == pytest.approx(FRAME[1] + 590 - 5.8 * value, abs=1.0)


def test_a_verdict_is_the_readings() -> None:
    reading = charts.reading.RatioReading(
        kind=Kind.LONG_TERM_RATIO,
        rows=(charts.reading.Row("BTC", 1.0, 99.0, verified=True), charts.reading.Row("X", 1.0, 2.0, reason="no sum")),
        verified=("leverage",),
        reasons={"title": "blurred"},
    )

    def of(about: str, doubt: str | None = None) -> tuple[bool | None, str]:
        said = verdict(Mark(about, "box", ((0, 0), (1, 1)), doubt=doubt), reading)
        return said.sure, said.reason

    assert of("rows.0") == (True, "")
    assert of("rows.1") == (False, "no sum")
    assert of("leverage") == (True, "")
    assert of("title") == (False, "blurred")
    assert of("price axis") == (None, "")
    assert of("price axis", "not in line") == (False, "not in line")


def test_the_drawing_shows_the_verdict_in_its_colour(reads: dict[str, Read]) -> None:
    """The same marks, drawn for the reading and for one that doubts everything."""
    read = reads["ratio"]
    sure = np.asarray(Image.open(io.BytesIO(draw(read.picture, read.reading, read.sketch)))).astype(int)
    doubted = UnknownReading(reasons={mark.about: "a doubt" for mark in read.sketch.marks})
    unsure = np.asarray(Image.open(io.BytesIO(draw(read.picture, doubted, read.sketch)))).astype(int)
    chart = np.s_[:, : round(read.picture.width * 1600 / 800)]

    def strong(pixels: np.ndarray, channel: int) -> int:
        others = [other for other in range(3) if other != channel]
        lead = pixels[chart][..., channel] - pixels[chart][..., others].max(-1)
        return int(((lead > 90) & (pixels[chart][..., channel] > 230)).sum())

    assert strong(sure, 1) > 1000
    assert strong(sure, 0) == 0
    assert strong(unsure, 0) > 1000
    assert strong(unsure, 1) == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", CHARTS)
def test_damaged_charts_are_explained_as_they_are_read(name: str) -> None:
    picture = paint(CHARTS[name])
    for seed in range(10):
        data, what = damaged(picture, seed)
        reading, explained = explain(data)
        sketch = Sketch()
        assert dump(charts.read(data, sketch)) == dump(reading), what
        assert all(math.isfinite(side) for mark in sketch.marks for place in mark.places for side in place), what
        with Image.open(io.BytesIO(explained)) as drawn, Image.open(io.BytesIO(data)) as original:
            assert drawn.width > original.width, what
            assert drawn.height >= original.height, what


@pytest.mark.parametrize("size", [(2, 2), (40, 900), (300, 200), (2000, 60)])
def test_any_picture_can_be_drawn_on(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size)
    drawn = Image.open(io.BytesIO(draw(picture, UnknownReading(reasons={"kind": "w" * 400}), Sketch())))
    assert drawn.width > size[0]
    assert drawn.height >= size[1]
