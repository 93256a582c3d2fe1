"""Which kind a picture is: never a guess, and cheaper than reading it."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image, ImageDraw

from kingtui import charts
from kingtui.charts.locate import PAGE
from kingtui.charts.painter import Chart, paint
from kingtui.charts.reading import Kind, UnknownReading
from tests.charts.builders import one_of_each
from tests.charts.originals import FOLDER, originals


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=87)
    return buffer.getvalue()


@pytest.mark.parametrize("chart", one_of_each(), ids=lambda chart: str(chart.kind))
@pytest.mark.parametrize("scale", [0.75, 1.0])
def test_painted_charts_are_known(chart: Chart, scale: float) -> None:
    found = charts.identify(paint(chart, scale=scale))
    assert found.kind is chart.kind
    assert found.reason is None
    if isinstance(getattr(chart, "symbol", None), str):
        assert found.symbol == chart.symbol  # type: ignore[union-attr]


def page(size: tuple[int, int] = (800, 600)) -> Image.Image:
    """The charts' page with bars and lines on it that no chart of ours has."""
    picture = Image.new("RGB", size, PAGE)
    draw = ImageDraw.Draw(picture)
    for x in range(100, 700, 40):
        draw.rectangle((x, 520 - x // 3, x + 20, 520), fill=(145, 204, 117))
    draw.line((80, 520, 720, 520), fill=(150, 160, 180))
    return picture


def test_other_charts_of_the_same_page_are_unknown_but_chart_like() -> None:
    for picture in (page(), page((940, 640)), page((800, 1130)), Image.new("RGB", (800, 600), PAGE)):
        found = charts.identify(encoded(picture))
        assert found.kind is Kind.UNKNOWN
        assert found.chart_like
        assert found.reason


def test_a_chart_without_its_title_is_unknown() -> None:
    for chart in one_of_each():
        picture = Image.open(io.BytesIO(paint(chart, format="PNG"))).convert("RGB")
        ImageDraw.Draw(picture).rectangle((0, 0, picture.width, 43), fill=PAGE)
        found = charts.read(encoded(picture))
        assert isinstance(found, UnknownReading), chart.kind
        assert found.chart_like


def test_another_page_colour_is_unknown() -> None:
    for chart in one_of_each():
        picture = Image.open(io.BytesIO(paint(chart, format="PNG"))).convert("RGB")
        lighter = picture.point(lambda level: min(255, level + 25))
        found = charts.identify(encoded(lighter))
        assert found.kind is Kind.UNKNOWN
        assert not found.chart_like


def test_the_junk_beside_the_project_is_unknown_and_quickly_so() -> None:
    pictures = sorted((FOLDER / "junk").glob("*.jpg"))
    if not pictures:
        pytest.skip("the pictures are not beside the project")
    for path in pictures:
        data = path.read_bytes()
        assert charts.identify(data).kind is Kind.UNKNOWN
        start = time.process_time()
        charts.identify(data)
        assert time.process_time() - start < 0.1  # 0.02 on an idle core


def test_distractors_are_refused() -> None:
    for data, _ in originals("train", "unknown"):
        assert charts.identify(data).kind is Kind.UNKNOWN
