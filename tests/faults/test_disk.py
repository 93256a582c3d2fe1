"""A full disk: nothing is lost, it is said, and the work goes on by itself once there is room again."""

import contextlib
import errno
import subprocess
import time

import pytest

from tests.faults.pictures import charts, junk
from tests.faults.process import Process, wait_for
from tests.faults.snapshot import ENDS, assert_consistent, rows


@pytest.fixture
def small_disk(tmp_path):
    """A home on a file system of its own, of a few megabytes."""
    home = tmp_path / "home"
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,nr_inodes=400,mode=700", "tmpfs", str(home)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield home
    subprocess.run(["umount", "--lazy", str(home)], check=True)


def fill(home):
    """Leave no byte free."""
    with (home / "ballast").open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * size)
    with pytest.raises(OSError) as full:
        (home / "one more").write_bytes(b"\0" * 4096)
    assert full.value.errno == errno.ENOSPC
    (home / "one more").unlink(missing_ok=True)


@pytest.mark.slow
def test_a_full_disk_loses_nothing_and_is_told_of(small_disk):
    pictures = [*charts(3), junk(2)]
    waiting = small_disk / ".waiting"
    waiting.mkdir()
    for number, data in enumerate(pictures):
        (waiting / f"{number}.jpg").write_bytes(data)
    with Process(small_disk, monitor_interval=0.5, min_free_disk="1MB") as kingtui:
        (waiting / "0.jpg").rename(small_disk / "downloads" / "0.jpg")
        wait_for(lambda: rows(small_disk, "SELECT 1 FROM images WHERE stage = 'unique'"), "the middle of the work")
        fill(small_disk)
        for path in sorted(waiting.iterdir()):
            path.rename(small_disk / "downloads" / path.name)

        def reasons():
            found = kingtui.get("/health")
            return found["reasons"] if found["health"] == "attention" else []

        wait_for(lambda: any("disk" in reason and "free" in reason for reason in reasons()), "health")
        wait_for(lambda: any("could not be" in reason or "cannot" in reason for reason in reasons()), "the cause")
        answer = kingtui.post("/trigger/2")
        assert answer.headers["content-type"] == "application/json"
        assert answer.status_code in (200, 503)
        assert "run_id" in answer.json() if answer.status_code == 200 else "full" in answer.json()["error"]
        assert kingtui.get("/status")["steps"]["step_2"]["name"]

        (small_disk / "ballast").unlink()
        wait_for(
            lambda: len(rows(small_disk, "SELECT 1 FROM images WHERE stage IN ('extracted', 'unknown')")) == 4,
            "the work to go on", 120,
        )  # fmt: skip
        wait_for(kingtui.at_rest, "rest", 120)
        wait_for(lambda: not [reason for reason in reasons() if "step" in reason or "disk" in reason], "health", 60)
        assert_consistent(kingtui, 4)
        assert {row["status"] for row in rows(small_disk, "SELECT status FROM runs")} <= {"success", "failed"}
        failed = rows(small_disk, "SELECT error FROM runs WHERE status = 'failed'")
        assert all("could not be" in row["error"] for row in failed)


@pytest.mark.slow
def test_a_disk_without_room_for_a_name_loses_nothing(small_disk):
    """The store can be written but no file can get its new name: the row says where it shall be, and it is not there"""
    pictures = [*charts(2), junk(3)]
    with Process(small_disk, monitor_interval=0.5) as kingtui:
        for number, data in enumerate(pictures):
            (small_disk / f".{number}").write_bytes(data)
        wait_for(kingtui.at_rest, "rest")
        with pytest.raises(OSError) as full:
            for number in range(100_000):
                (small_disk / f"name {number}").touch()
        assert full.value.errno == errno.ENOSPC
        for number in range(len(pictures)):
            (small_disk / f".{number}").rename(small_disk / "downloads" / f"{number}.jpg")
        wait_for(lambda: kingtui.get("/history?status=failed")["history"], "a failed run")
        time.sleep(2.0)  # time for the steps that come next to do something wrong
        for path in small_disk.glob("name *"):
            path.unlink()
        wait_for(lambda: len(rows(small_disk, f"SELECT 1 FROM images WHERE stage IN {ENDS}")) == 3, "the end", 120)
        wait_for(kingtui.at_rest, "rest", 120)
        assert_consistent(kingtui, 3)
        stages = sorted(row["stage"] for row in rows(small_disk, "SELECT stage FROM images"))
        assert stages == ["extracted", "extracted", "unknown"]


def test_a_disk_that_is_full_from_the_start_is_named(small_disk):
    from kingtui.home import Home
    from tests.faults.test_start import attempt

    Home(small_disk).create()
    fill(small_disk)
    code, said = attempt(small_disk, "--port", "0")
    assert code == 1
    assert str(small_disk) in said
    assert "full" in said or "space" in said


def test_a_read_only_file_system_is_named(small_disk):
    from tests.faults.test_start import attempt

    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, said = attempt(small_disk, "--port", "0")
    assert code == 1
    assert str(small_disk) in said
    assert "read-only" in said.lower()
