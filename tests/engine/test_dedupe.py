"""Duplicates: copies are found, charts that differ are not called copies."""

import io

from PIL import Image as Picture

from kingtui.charts.painter import RatioChart, RatioRow, paint
from kingtui.models import Stage
from kingtui.steps import dedupe
from tests.engine.test_pipeline import stages
from tests.world import ratio_chart, running, until


def framed(data: bytes) -> bytes:
    """A screenshot: smaller, with a white edge."""
    with Picture.open(io.BytesIO(data)) as picture:
        small = picture.convert("RGB").resize((picture.width * 9 // 10, picture.height * 9 // 10))
    frame = Picture.new("RGB", (small.width + 70, small.height + 50), "white")
    frame.paste(small, (30, 20))
    out = io.BytesIO()
    frame.save(out, "JPEG", quality=75)
    return out.getvalue()


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
        "f-framed.jpg": framed(original),
    }
    async with running(tmp_path) as runtime:
        for number, (name, data) in enumerate(pictures.items(), 1):
            (tmp_path / "downloads" / name).write_bytes(data)
            found = await until(lambda number=number: stages(runtime, number))
        assert found == {
            "a-original.png": Stage.EXTRACTED, "b-bytes.png": Stage.DUPLICATE, "c-pixels.webp": Stage.DUPLICATE,
            "d-jpeg.jpg": Stage.DUPLICATE, "e-other.png": Stage.EXTRACTED,
            "f-framed.jpg": Stage.DUPLICATE,
        }  # fmt: skip
        images = {image.name: image for image in await runtime.control.images()}
        reasons = {name: image.reason for name, image in images.items()}
        assert reasons["b-bytes.png"] == "the same bytes as picture 1"
        assert reasons["c-pixels.webp"] == "the same pixels as picture 1"
        assert reasons["d-jpeg.jpg"] == reasons["f-framed.jpg"] == "the same chart as picture 1"
        assert images["f-framed.jpg"].original_id == 1
        for name, data in pictures.items():  # nothing is deleted
            assert (tmp_path / images[name].path).read_bytes() == data
        record = await runtime.control.data(first.symbol)
        assert record.evidence[0].facts["long"] == other.rows[0].long


async def test_a_look_alike_that_cannot_be_compared_is_no_original_and_is_told_of(tmp_path, caplog):
    original = paint(ratio_chart(2), format="PNG")
    async with running(tmp_path) as runtime:
        (tmp_path / "downloads" / "a.png").write_bytes(original)
        await until(lambda: stages(runtime, 1))
        (first,) = await runtime.control.images()
        (tmp_path / first.path).unlink()
        (tmp_path / "downloads" / "b.jpg").write_bytes(encoded(original, "JPEG", quality=80))
        found = await until(lambda: stages(runtime, 2))
    assert found == {"a.png": Stage.EXTRACTED, "b.jpg": Stage.EXTRACTED}
    assert any("b.jpg could not be compared with picture 1" in message for message in caplog.messages)


async def test_look_alikes_beyond_those_that_are_compared_are_told_of(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(dedupe, "COMPARED", 0)
    original = paint(ratio_chart(3), format="PNG")
    async with running(tmp_path) as runtime:
        for number, data in enumerate((original, encoded(original, "JPEG", quality=80)), 1):
            (tmp_path / "downloads" / f"{number}.img.png").write_bytes(data)
            found = await until(lambda number=number: stages(runtime, number))
    assert set(found.values()) == {Stage.EXTRACTED}
    assert any("1 of 1 look-alikes were not compared" in message for message in caplog.messages)
