"""Files that are no good picture, through the real steps: each is told of, none is lost, none holds back others."""

import io
import re
import struct
import sys
import zlib
from pathlib import Path

import psutil
import pytest
from PIL import Image

from kingtui.charts import MAX_PIXELS
from kingtui.models import Stage
from tests.faults.clocks import SetClock
from tests.faults.pictures import junk
from tests.faults.process import Process, bound_by_modes, wait_for
from tests.faults.snapshot import rows
from tests.world import at_rest, ratio_picture, running, until

ENDS = {Stage.EXTRACTED, Stage.UNKNOWN, Stage.DUPLICATE, Stage.QUARANTINED, Stage.MISSING}


async def ended(runtime, count):
    """The pictures by name once all have come to an end."""
    images = await runtime.control.images(limit=1000)
    return {image.name: image for image in images} if len(images) == count and _all_ended(images) else None


def _all_ended(images):
    return all(image.stage in ENDS for image in images)


def png(width, height):
    """A whole, valid PNG of one bit per pixel: small as a file, large as a picture."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    pixels = zlib.compress((b"\0" + b"\0" * ((width + 7) // 8)) * height, 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def as_png(data):
    """The same picture as PNG."""
    file = io.BytesIO()
    Image.open(io.BytesIO(data)).save(file, "PNG")
    return file.getvalue()


BAD = {
    "empty.jpg": (b"", "the file is empty"),
    "text.jpg": (b"I am a text.\n" * 100, "no JPEG, PNG or WebP"),
    "truncated.jpg": (ratio_picture(1)[:9000], "may be truncated"),
    "bomb.png": (png(20_000, 20_000), f"more than {MAX_PIXELS:,}"),
    "large.PNG": (png(5_001, 5_001), f"5,001 x 5,001 pixels, more than {MAX_PIXELS:,}"),
    "half.png": (as_png(junk(1))[:100_000], "may be truncated"),
}


async def test_what_does_not_decode_goes_to_quarantine_after_it_has_settled(tmp_path):
    clock = SetClock()
    async with running(tmp_path, clock=clock, monitor_interval=0.2) as runtime:
        for name, (data, _) in BAD.items():
            (tmp_path / "downloads" / name).write_bytes(data)
        (tmp_path / "downloads" / "good.jpg").write_bytes(ratio_picture(5, rows=8))
        await until(lambda: extracted(runtime), "the good picture, which the others do not hold back")
        await until(lambda: waits(runtime, len(BAD)), "the first look at the others")
        assert {image.attempts for image in await runtime.control.images()} == {0}
        clock.skip(30)
        images = await until(lambda: ended(runtime, len(BAD) + 1))
        await at_rest(runtime)
        for name, (data, reason) in BAD.items():
            image = images[name]
            assert image.stage is Stage.QUARANTINED
            assert reason in image.reason
            assert image.path == f"downloads/Quarantine/{name}"
            assert (tmp_path / image.path).read_bytes() == data
        assert all(memory(worker) < 400_000_000 for worker in psutil.Process().children())
        health = await until(lambda: attention(runtime), "attention")
        assert any(f"{len(BAD)} pictures are in Quarantine" in text for text in health.reasons)
        history, _ = await runtime.control.history(step=2)
        assert sum(run.quarantined for run in history) == len(BAD)


async def extracted(runtime):
    """The pictures that went all the way."""
    return [image for image in await runtime.control.images() if image.stage is Stage.EXTRACTED]


async def waits(runtime, count=1):
    """Whether so many new pictures wait for another look, and none for the first."""
    backlog = (await runtime.control.status()).steps[1].backlog
    return backlog.waiting == count and not backlog.due


async def attention(runtime):
    health = (await runtime.control.status()).health
    return health if health.reasons else None


def memory(process):
    """The most memory that a process has had, in bytes."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except FileNotFoundError:
        return 0
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


@pytest.mark.slow
async def test_a_truncated_picture_that_is_completed_is_read(tmp_path):
    whole = ratio_picture(2)
    async with running(tmp_path, clock=SetClock(), monitor_interval=0.2) as runtime:
        path = tmp_path / "downloads" / "chart.jpg"
        path.write_bytes(whole[:9000])
        await until(lambda: waits(runtime), "the first look")
        path.write_bytes(whole)
        (image,) = (await until(lambda: ended(runtime, 1))).values()
        assert image.stage is Stage.EXTRACTED
        assert len(rows(tmp_path, "SELECT 1 FROM receipts")) == 1


@pytest.mark.slow
async def test_unusual_encodings_of_a_chart_are_read_as_any_other(tmp_path):
    chart = Image.open(io.BytesIO(ratio_picture(3, rows=8)))
    other = Image.open(io.BytesIO(junk(4))).resize(chart.size)
    encodings = {
        "animated.webp": ("WEBP", {"save_all": True, "append_images": [other], "duration": 100, "lossless": True}),
        "progressive.jpeg": ("JPEG", {"progressive": True, "quality": 95}),
        "alpha.PNG": ("PNG", {}),
        "cmyk.jpg": ("JPEG", {"quality": 95}),
    }
    modes = {"alpha.PNG": "RGBA", "cmyk.jpg": "CMYK"}
    async with running(tmp_path) as runtime:
        for name, (form, how) in encodings.items():
            file = io.BytesIO()
            chart.convert(modes.get(name, "RGB")).save(file, form, **how)
            (tmp_path / "downloads" / name).write_bytes(file.getvalue())
        images = await until(lambda: ended(runtime, len(encodings)))
        stages = sorted(image.stage for image in images.values())
        # They show the same chart, so one of them is kept; had one not been read, it would not be its duplicate
        assert stages == [Stage.DUPLICATE] * 3 + [Stage.EXTRACTED], {n: (i.stage, i.reason) for n, i in images.items()}
        await at_rest(runtime)
        assert len(await runtime.control.symbols()) == 8


@pytest.mark.slow
async def test_one_picture_a_hundred_times(tmp_path):
    picture = ratio_picture(6, rows=6)
    async with running(tmp_path) as runtime:
        for number in range(100):
            (tmp_path / "downloads" / f"copy {number}.jpg").write_bytes(picture)
        images = await until(lambda: ended(runtime, 100), "100 copies", 250)
        kept = [image for image in images.values() if image.stage is Stage.EXTRACTED]
        assert len(kept) == 1
        assert {image.original_id for image in images.values() if image.stage is Stage.DUPLICATE} == {kept[0].id}
        assert len(list((tmp_path / "downloads/Duplicates").iterdir())) == 99
        assert len(rows(tmp_path, "SELECT 1 FROM readings")) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="modes can be made to bind root on Linux only")
def test_a_file_that_may_not_be_read_goes_to_quarantine(tmp_path):
    with Process(tmp_path, before=bound_by_modes) as kingtui:
        path = tmp_path / "downloads" / "secret.jpg"
        path.touch(mode=0)
        (tmp_path / "downloads" / "open.jpg").write_bytes(ratio_picture(7, rows=6))
        wait_for(lambda: rows(tmp_path, "SELECT 1 FROM images WHERE stage = 'quarantined'"), "quarantine", 120)
        wait_for(kingtui.at_rest, "rest", 60)
        found = {row["name"]: row for row in rows(tmp_path, "SELECT * FROM images")}
        assert found["open.jpg"]["stage"] == "extracted"
        assert "Permission denied" in found["secret.jpg"]["reason"]
        assert (tmp_path / "downloads/Quarantine/secret.jpg").exists()
        assert not path.exists()
