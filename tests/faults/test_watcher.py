"""What the operating system does not tell the watcher, the full check finds."""

import shutil
import sys
import time
from pathlib import Path

import pytest

from kingtui.models import Stage
from kingtui.watcher import FolderWatcher
from tests.faults.pictures import junk
from tests.world import ratio_picture, running, until


async def arrived(runtime, count):
    return len(await runtime.control.images(limit=1000)) == count


async def test_more_events_than_the_buffer_holds_lead_to_a_scan(tmp_path):
    pictures = [junk(seed) for seed in range(5)]
    waiting = tmp_path / "waiting"
    waiting.mkdir()
    for number in range(200):
        (waiting / f"{number}.jpg").write_bytes(pictures[number % 5])
    home = tmp_path / "home"
    async with running(home, watch_buffer=5, monitor_interval=600) as runtime:
        await runtime.control.pause()  # the arrival alone is meant here
        for path in waiting.iterdir():
            path.rename(home / "downloads" / path.name)
        await until(lambda: arrived(runtime, 200), "200 files", 30)
    assert "the folder is scanned instead" in (home / "orchestrator.log").read_text()


async def test_a_downloads_folder_that_was_replaced_is_watched_again(tmp_path):
    async with running(tmp_path, monitor_interval=0.3) as runtime:
        shutil.rmtree(tmp_path / "downloads")
        await until(lambda: _problem(runtime), "the trouble to be told of")
        (tmp_path / "downloads").mkdir(exist_ok=True)
        (tmp_path / "downloads" / "chart.jpg").write_bytes(ratio_picture(1, rows=8))

        async def extracted():
            images = await runtime.control.images()
            return [image for image in images if image.stage is Stage.EXTRACTED]

        await until(extracted, "the picture")
        await until(lambda: _well(runtime), "the trouble to be over", 30)


async def test_a_replaced_folder_gives_events_again(tmp_path):
    async with running(tmp_path, monitor_interval=1.0) as runtime:
        await runtime.control.pause()
        (tmp_path / "downloads").rename(tmp_path / "elsewhere")
        shutil.copytree(tmp_path / "elsewhere", tmp_path / "downloads")
        (tmp_path / "downloads" / "first.jpg").write_bytes(junk(1))
        await until(lambda: arrived(runtime, 1), "the full check", 30)
        quickest = 10.0
        for number in range(5):  # a full check happens to be soon after at most every fifth of these
            began = time.monotonic()
            (tmp_path / "downloads" / f"next {number}.jpg").write_bytes(junk(number))
            await until(lambda number=number: arrived(runtime, number + 2), "the event", 30)
            quickest = min(quickest, time.monotonic() - began)
        assert quickest < 0.2


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is open")
async def test_a_folder_that_cannot_be_watched_leaves_nothing_open(tmp_path, caplog):
    def watches() -> int:
        links = list(Path("/proc/self/fd").iterdir())
        return sum("inotify" in str(link.readlink()) for link in links if link.is_symlink())

    before = watches()
    watcher = FolderWatcher(tmp_path / "gone", 10, lambda: None)
    await watcher.start()
    for _ in range(3):
        await watcher.ensure()
    assert watches() == before
    (tmp_path / "gone").mkdir()
    await watcher.ensure()
    assert watches() == before + 1
    (tmp_path / "gone").rmdir()
    for _ in range(3):
        await watcher.ensure()
    assert watches() == before
    assert [record.getMessage().count("cannot be watched") for record in caplog.records] == [1, 1]


async def _problem(runtime):
    return (await runtime.control.status()).health.reasons


async def _well(runtime):
    return not (await runtime.control.status()).health.reasons
