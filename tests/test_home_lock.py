"""The lock of a home, across real processes: who has it, who learns of it, and when it is free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kingtui import __version__
from kingtui.home import Home, HomeLock, HomeOwned, owner
from kingtui.models import KingError

HOLD = """
import sys, time, pathlib, os
from kingtui.home import Home, HomeLock
lock = HomeLock(Home(pathlib.Path(sys.argv[1])), mode="headless")
lock.acquire()
lock.update(address="http://127.0.0.1:5555")
"""
FORK = """
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    lock.release()  # as an exit handler would; must do nothing to the parent's
    os.write(writer, b"!")
    time.sleep(60)
os.read(reader, 1)
print(child, flush=True)
time.sleep(60)
"""
Hold = Callable[..., tuple["subprocess.Popen[str]", str]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "king ☕ home")
    home.create()
    return home


@pytest.fixture
def hold(home: Home) -> Iterator[Hold]:
    """Starts another process that owns the home; gives it and its first line."""
    processes = []

    def start(then: str = "print('held', flush=True); time.sleep(60)") -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD + then, str(home.root)], stdout=subprocess.PIPE, text=True, pass_fds=()
        )
        processes.append(process)
        assert process.stdout
        return process, process.stdout.readline().strip()

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_a_second_process_learns_who_owns_the_home(home: Home, hold: Hold) -> None:
    assert owner(home) is None
    process, _ = hold()
    found = owner(home)
    assert found is not None
    assert (found.pid, found.address, found.mode) == (process.pid, "http://127.0.0.1:5555", "headless")
    assert found.version == __version__
    assert found.since is not None
    assert abs((datetime.now(UTC) - found.since).total_seconds()) < 30
    with pytest.raises(HomeOwned) as caught:
        HomeLock(home).acquire()
    assert caught.value.owner == found
    for part in (str(home.root), f"process {process.pid}", f"since {found.since:%Y-%m-%d}", "http://127.0.0.1:5555"):
        assert part in str(caught.value)
    assert owner(home) == found  # asking, and failing to acquire, took nothing from it


def test_a_killed_owner_leaves_the_home_free_at_once(home: Home, hold: Hold) -> None:
    process, _ = hold()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert owner(home) is None
    with HomeLock(home) as lock:
        assert lock.held
        mine = owner(home)
        assert mine is not None
        assert (mine.pid, mine.address) == (os.getpid(), None)
    assert owner(home) is None


def test_a_forked_child_does_not_keep_the_home(home: Home, hold: Hold) -> None:
    process, child = hold(FORK)
    found = owner(home)
    assert found is not None
    assert (found.pid, found.address) == (process.pid, "http://127.0.0.1:5555")
    process.kill()
    process.wait()
    try:
        os.kill(int(child), 0)  # it lives on
        with HomeLock(home) as lock:
            assert lock.held
    finally:
        os.kill(int(child), signal.SIGKILL)


def test_a_started_program_does_not_inherit_the_file(home: Home) -> None:
    with HomeLock(home):
        done = subprocess.run(
            [sys.executable, "-c", "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in range(3, 30)"
             " if os.path.exists(f'/proc/self/fd/{n}')])"],
            capture_output=True, text=True, close_fds=False, timeout=30, check=True,
        )  # fmt: skip
        assert ".lock" not in done.stdout


def test_asking_in_the_owning_process_does_not_lose_the_lock(home: Home) -> None:
    ask = "import sys, pathlib; from kingtui.home import Home, owner; print(owner(Home(pathlib.Path(sys.argv[1]))).pid)"
    with HomeLock(home, mode="dashboard") as lock:
        lock.update(address="http://127.0.0.1:1234")
        mine = owner(home)
        assert mine is not None
        assert mine.address == "http://127.0.0.1:1234"
        with pytest.raises(HomeOwned):
            HomeLock(home).acquire()
        with pytest.raises(HomeOwned):
            lock.acquire()
        done = subprocess.run([sys.executable, "-c", ask, str(home.root)], capture_output=True, text=True, timeout=30)
        assert done.stdout.strip() == str(os.getpid()), done.stderr


def test_the_file_is_for_the_user_alone_and_its_size_does_not_change(home: Home) -> None:
    lock = HomeLock(home)
    lock.acquire("http://127.0.0.1:5555")
    status = home.lock_file.stat()
    assert status.st_mode & 0o777 == 0o600
    lock.update(address="http://a-much-longer-name.example:5555", mode="headless")
    lock.release()
    lock.release()
    assert home.lock_file.stat().st_size == status.st_size
    assert b"pid" not in home.lock_file.read_bytes()
    assert not lock.held


def test_a_removed_lock_file_is_noticed(home: Home) -> None:
    with HomeLock(home) as lock:
        home.lock_file.unlink()
        assert not lock.held


def test_what_a_killed_owner_wrote_is_not_told_of_the_next(home: Home, hold: Hold) -> None:
    process, _ = hold()
    process.kill()
    process.wait()
    stale = home.lock_file.read_bytes()
    process, _ = hold()
    home.lock_file.write_bytes(stale)  # as if the new owner's disk had been full
    found = owner(home)
    assert found is not None
    assert (found.pid, found.since, found.address) == (process.pid, None, None)
    assert str(found) == f"process {process.pid}, without API"


def test_where_the_kernel_cannot_be_asked_the_lock_is_tried(
    home: Home, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kingtui.home.lock.sys.platform", "darwin")
    process, _ = hold()
    found = owner(home)
    assert found is not None
    assert found.pid == process.pid
    process.kill()
    process.wait()
    assert owner(home) is None


def test_a_home_without_room_for_a_lock_is_named(tmp_path: Path) -> None:
    with pytest.raises(KingError, match=r"\.lock cannot be made: No such file or directory"):
        HomeLock(Home(tmp_path / "nowhere")).acquire()
    (tmp_path / ".lock").symlink_to("/etc/passwd")
    with pytest.raises(KingError, match=r"\.lock cannot be made"):
        HomeLock(Home(tmp_path)).acquire()
    assert owner(Home(tmp_path / "nowhere")) is None
