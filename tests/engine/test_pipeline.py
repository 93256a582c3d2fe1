"""Pictures through the steps, in a real home with the real reader."""

import asyncio
import io
import os
import random
import shutil
from collections import Counter

import pytest
from PIL import Image

from kingtui.models import RunStatus, Stage
from tests.world import at_rest, ratio_chart, ratio_picture, running, until


def no_chart(seed: int) -> bytes:
    """A small picture of no chart, each with bytes of its own."""
    file = io.BytesIO()
    Image.frombytes("RGB", (40, 30), random.Random(seed).randbytes(3600)).save(file, "JPEG")
    return file.getvalue()


async def stages(runtime, count: int) -> dict[str, Stage] | None:
    images = await runtime.control.images(limit=1000)
    ends = {Stage.EXTRACTED, Stage.UNKNOWN, Stage.DUPLICATE, Stage.QUARANTINED, Stage.MISSING}
    if len(images) < count or any(image.stage not in ends for image in images):
        return None
    return {image.name: image.stage for image in images}


async def test_a_dropped_chart_becomes_records_and_reports_by_itself(tmp_path):
    chart = ratio_chart(1, short_term=True)
    async with running(tmp_path) as runtime:
        (tmp_path / "downloads" / "chart.jpg").write_bytes(ratio_picture(1, short_term=True))
        await until(lambda: stages(runtime, 1), "the chart")
        await until(lambda: len(list((tmp_path / "downloads/MD Reports").rglob("*.md"))) == 12, "reports")
        await at_rest(runtime)
        for row in chart.rows:
            record = await runtime.control.data(row.symbol)
            long = int(row.short + 0.5)
            assert record.flat()["WinRate_24h"] == f"{long}% Long/{100 - long}% Short"
            assert record.verified
            report = await runtime.control.report(row.symbol)
            assert f"{long}% Long/{100 - long}% Short" in report.text
        assert (tmp_path / "imagesanalysed/ShortTermRatio/chart.jpg").exists()
        assert list(tmp_path.glob("HistoryData/*/chart.jpg.md"))
        assert not list((tmp_path / "mdfiles").iterdir())
        history, total = await runtime.control.history()
        assert {run.step for run in history} >= {2, 3, 4, 5, 6}
        assert all(run.status is RunStatus.SUCCESS for run in history)
        assert total == len(history)
        assert "chart.jpg" in await runtime.control.run_log(next(run.id for run in history if run.step == 2))


async def test_what_lay_there_before_the_start_is_taken_too(tmp_path):
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "before.PNG").write_bytes(ratio_picture(2))
    os.utime(tmp_path / "downloads" / "before.PNG", (1e9, 1e9))
    async with running(tmp_path) as runtime:
        assert await until(lambda: stages(runtime, 1)) == {"before.PNG": Stage.EXTRACTED}


async def test_a_file_that_was_too_young_is_looked_at_again_although_other_work_wakes(tmp_path):
    picture = ratio_picture(2)
    async with running(tmp_path, monitor_interval=600) as runtime:
        with (tmp_path / "downloads" / "open.jpg").open("wb") as file:  # never closed: nobody says that it is whole
            file.write(picture)
            file.flush()
            for number in range(8):
                (tmp_path / "downloads" / f"{number}.txt").touch()
                await asyncio.sleep(0.1)
            await until(lambda: stages(runtime, 1), "the chart", seconds=30)


async def test_copies_are_set_aside_and_linked(tmp_path):
    picture = ratio_picture(3)
    async with running(tmp_path) as runtime:
        for number in range(8):
            (tmp_path / "downloads" / f"copy{number}.jpg").write_bytes(picture)
        found = await until(lambda: stages(runtime, 8))
        assert sorted(found.values()) == [Stage.DUPLICATE] * 7 + [Stage.EXTRACTED]
        images = await runtime.control.images()
        (original,) = (image for image in images if image.stage is Stage.EXTRACTED)
        assert {image.original_id for image in images} == {None, original.id}
        assert len(list((tmp_path / "downloads/Duplicates").iterdir())) == 7


async def test_two_files_of_one_name_are_both_kept(tmp_path):
    async with running(tmp_path) as runtime:
        for seed in (4, 5):
            (tmp_path / "downloads" / "same.jpg").write_bytes(ratio_picture(seed))
            await until(lambda seed=seed: stages(runtime, seed - 3))
        files = sorted(path.name for path in (tmp_path / "imagesanalysed/LongTermRatio").iterdir())
        assert len(files) == 2
        assert files[0].startswith("same-")
        assert files[1] == "same.jpg"


async def test_a_file_written_slowly_is_taken_once_it_is_whole(tmp_path):
    picture = ratio_picture(6)
    async with running(tmp_path) as runtime:
        with (tmp_path / "downloads" / "slow.jpg").open("wb") as file:
            for start in range(0, len(picture), len(picture) // 10 + 1):
                file.write(picture[start : start + len(picture) // 10 + 1])
                file.flush()
                await asyncio.sleep(0.3)
            assert (await runtime.control.images()) == [] or (await runtime.control.images())[0].stage is Stage.NEW
        assert await until(lambda: stages(runtime, 1)) == {"slow.jpg": Stage.EXTRACTED}
        assert len(await runtime.control.images()) == 1


async def test_odd_names_go_through(tmp_path):
    names = [
        "with spaces.jpg", "new\nline\x1b[31m.jpg", "émoji 🚀🔥.jpeg", "x" * 246 + ".jpg", "%2A;rm -rf ~.PNG",
        os.fsdecode(b"bad\xff\xfeutf8.jpg"), "-rf.webp",
    ]  # fmt: skip
    async with running(tmp_path) as runtime:
        for seed, name in enumerate(names):
            (tmp_path / "downloads" / name).write_bytes(ratio_picture(20 + seed))
        found = await until(lambda: stages(runtime, len(names)))
        assert list(found.values()) == [Stage.EXTRACTED] * len(names)
        kept = [path.name for path in (tmp_path / "imagesanalysed/LongTermRatio").iterdir()]
        assert len(kept) == len(names)
        assert all(len(name.encode()) <= 120 and name.isprintable() for name in kept)
        await at_rest(runtime)
    assert "\x1b" not in (tmp_path / "orchestrator.log").read_text()


async def test_what_is_not_a_picture_file_is_left_alone_and_counted(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(ratio_picture(7))
    home = tmp_path / "home"
    async with running(home) as runtime:
        downloads = home / "downloads"
        (downloads / "folder.jpg").mkdir()
        (downloads / "link.jpg").symlink_to(outside / "secret.jpg")
        (downloads / "notes.txt").write_text("hello")
        (downloads / ".hidden.jpg").write_bytes(b"x")
        (downloads / "half.jpg.part").write_bytes(b"x")
        os.mkfifo(downloads / "pipe.jpg")
        looked = await runtime.intake.scan()
        assert looked.ignored == {
            "folder.jpg": "a folder", "link.jpg": "a symbolic link; links are not followed",
            "notes.txt": "not one of .jpeg .jpg .png .webp", ".hidden.jpg": "hidden or unfinished",
            "half.jpg.part": "hidden or unfinished", "pipe.jpg": "not a regular file",
        }  # fmt: skip
        assert await runtime.control.images() == []
        assert (outside / "secret.jpg").exists()
        assert (downloads / "link.jpg").is_symlink()


@pytest.mark.slow
async def test_a_picture_removed_before_it_is_read_is_told_of(tmp_path):
    async with running(tmp_path) as runtime:
        await runtime.control.pause()
        (tmp_path / "downloads" / "gone.jpg").write_bytes(ratio_picture(8))
        await until(lambda: runtime.control.images())
        (tmp_path / "downloads" / "gone.jpg").unlink()
        await runtime.control.resume()
        assert await until(lambda: stages(runtime, 1)) == {"gone.jpg": Stage.MISSING}
        (image,) = await runtime.control.images()
        assert "removed before step 2" in image.reason
        (tmp_path / "downloads" / "gone.jpg").write_bytes(ratio_picture(8))  # its path is free again
        await until(lambda: stages(runtime, 2))


async def test_a_restart_of_the_process_keeps_everything(tmp_path):
    async with running(tmp_path) as runtime:
        await runtime.control.pause()
        (tmp_path / "downloads" / "kept.jpg").write_bytes(ratio_picture(9))
        await until(lambda: runtime.control.images())
    async with running(tmp_path) as runtime:
        assert (await runtime.control.status()).paused
        await runtime.control.resume()
        assert await until(lambda: stages(runtime, 1)) == {"kept.jpg": Stage.EXTRACTED}


@pytest.mark.slow
@pytest.mark.timeout(700)
async def test_a_thousand_files_at_once(tmp_path):
    ready = tmp_path / "ready"
    ready.mkdir()
    for number in range(1000):  # every 25th is a chart, every second of those a copy of the one before
        picture = ratio_picture(number // 50, rows=8) + b"\0" * (number % 50) if number % 25 == 0 else no_chart(number)
        (ready / f"{number:04}.jpg").write_bytes(picture)
    home = tmp_path / "home"
    async with running(home) as runtime:
        for path in random.Random(1).sample(sorted(ready.iterdir()), 1000):
            shutil.move(path, home / "downloads" / path.name)
        found = await until(lambda: stages(runtime, 1000), "1,000 pictures", 580)
        assert len(found) == 1000
        assert Counter(found.values()) == {Stage.UNKNOWN: 960, Stage.EXTRACTED: 20, Stage.DUPLICATE: 20}
        await at_rest(runtime)
        history, _ = await runtime.control.history(limit=1000)
        for step in range(2, 7):
            assert sum(run.count for run in history if run.step == step) <= 20
