"""Duplicates: copies are found, charts that differ are not called copies."""

import io

from PIL import Image as Picture

from kingtui.charts.painter import RatioChart, RatioRow, paint
from kingtui.models import Stage
from tests.engine.test_pipeline import stages
from tests.world import ratio_chart, running, until


def encoded(data: bytes, format_: str, **how) -> bytes:
    out = io.BytesIO()
    with Picture.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").save(out, format_, **how)
    return out.getvalue()


async def test_a_re_encoded_copy_is_a_duplicate_and_one_changed_number_is_not(tmp_path):
    chart = ratio_chart(1)
    first = chart.rows[0]
    other = RatioChart(rows=(RatioRow(first.symbol, round(first.long + 0.1, 1)), *chart.rows[1:]))
    original = paint(chart, format="PNG")
    pictures = {
        "a-original.png": original,
        "b-bytes.png": original,
        "c-pixels.webp": encoded(original, "WEBP", lossless=True),
        "d-jpeg.jpg": encoded(original, "JPEG", quality=80),
        "e-other.png": paint(other, format="PNG"),
    }
    async with running(tmp_path) as runtime:
        for number, (name, data) in enumerate(pictures.items(), 1):
            (tmp_path / "downloads" / name).write_bytes(data)
            found = await until(lambda number=number: stages(runtime, number))
        assert found == {
            "a-original.png": Stage.EXTRACTED, "b-bytes.png": Stage.DUPLICATE, "c-pixels.webp": Stage.DUPLICATE,
            "d-jpeg.jpg": Stage.DUPLICATE, "e-other.png": Stage.EXTRACTED,
        }  # fmt: skip
        reasons = {image.name: image.reason for image in await runtime.control.images()}
        assert reasons["b-bytes.png"] == "the same bytes as picture 1"
        assert reasons["c-pixels.webp"] == "the same pixels as picture 1"
        assert reasons["d-jpeg.jpg"] == "the same chart as picture 1"
        record = await runtime.control.data(first.symbol)
        assert record.evidence[0].facts["long"] == other.rows[0].long
