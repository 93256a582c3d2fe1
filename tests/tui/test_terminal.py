"""In a real terminal: keys and sizes in tmux, and what signals leave behind on a pty."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from kingtui.home import Home, owner
from tests.faults.process import wait_for
from tests.tui.tmux import KINGTUI, SECONDS, Terminal
from tests.world import ratio_chart, ratio_picture

pytestmark = pytest.mark.slow


def test_a_day_at_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = f"{' '.join(KINGTUI)} --home {home} --port 0; echo ended with $?; sleep 600"
    terminal.start(command, 120, 40)
    terminal.wait("● well", "Monitor & Download Images", "No symbol is known yet", "API http://127.0.0.1:")
    terminal.keys("2")
    terminal.wait("Step 2 asked: run 1", "✓ completed")
    (home / "downloads" / "chart.jpg").write_bytes(ratio_picture(5, short_term=True))
    symbol = ratio_chart(5, short_term=True).rows[0].symbol
    terminal.wait(symbol, "Reports written")
    terminal.resize(80, 24)
    terminal.wait("Steps  Symbols  Activity", "Generate Professional Reports")
    terminal.keys("/")
    terminal.wait("type to find")
    terminal.keys("-l", symbol.lower())
    terminal.keys("Enter")
    terminal.wait(f"{symbol}   newest evidence", "liquidation-implied", "short-term ratio")
    terminal.keys("g")
    terminal.wait("Go to")
    terminal.keys("r")
    terminal.wait("History (UTC)", "2 sort", "✓ success", "6 report")
    terminal.keys("q")
    time.sleep(1)
    if "Work is under way" in terminal.text:  # the reports of the chart may still be written
        terminal.keys("y")
    terminal.wait("ended with 0")
    assert "kingtui has stopped" in (home / "orchestrator.log").read_text()


def test_left_running_it_works_on_in_the_background(terminal: Terminal, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    terminal.start(f"{' '.join(KINGTUI)} --home {home.root} --port 0; echo ended with $?; sleep 600", 120, 40)
    terminal.wait("● well", "API http://127.0.0.1:")
    address = getattr(owner(home), "address", None)
    terminal.keys("C-p")
    terminal.wait("Search for commands")
    terminal.keys("-l", "leave it")
    terminal.wait("Leave it running")
    terminal.keys("Enter")
    terminal.wait("goes on in the background", "ended with 0")
    found = owner(home)
    assert found is not None
    try:
        assert (found.mode, found.address) == ("headless", address)
        wait_for(lambda: httpx.get(f"{address}/health").json()["status"] == "healthy", "an answer")
    finally:
        os.kill(found.pid, signal.SIGTERM)
        wait_for(lambda: owner(home) is None, "its end")


class Child:
    """kingtui on a pty of its own."""

    def __init__(self, home: Path) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, 120)) if hasattr(termios, "tcsetwinsize") else None
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
        self.process = subprocess.Popen(
            [*KINGTUI, "--home", str(home), "--port", "0"],
            stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
        )  # fmt: skip
        self.output = b""

    def read_until(self, condition: Callable[[], bool], what: str) -> None:
        """Read what it writes, as a terminal does, until a condition holds."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}: …{self.output[-2000:]!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                self.output += os.read(self.master, 65536)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in {self.master, self.slave} - {-1}:
            os.close(descriptor)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    found = Child(tmp_path)
    yield found
    found.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_and_the_terminal_is_as_it_was(child: Child, tmp_path: Path, number: int) -> None:
    child.read_until(lambda: b"Monitor & Download Images" in child.output, "the board")
    log = tmp_path / "orchestrator.log"
    child.read_until(lambda: log.exists() and "kingtui runs in" in log.read_text(), "the loops")
    child.process.send_signal(number)
    child.read_until(lambda: child.process.poll() is not None, "its end")
    assert child.process.returncode == 0
    assert child.output.rfind(b"\x1b[?1049l") > child.output.rfind(b"\x1b[?1049h")  # the screen before is back
    assert termios.tcgetattr(child.slave)[:4] == child.before[:4]
    assert "kingtui has stopped" in log.read_text()


def hang_up(child: Child, how: str) -> None:
    """What the end of an SSH connection does: the terminal goes, and its process may hear of it."""
    if how == "signal first":
        child.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
    os.close(child.slave)
    os.close(child.master)
    child.master = child.slave = -1
    if how == "terminal first":
        time.sleep(0.2)
        child.process.send_signal(signal.SIGHUP)


@pytest.mark.parametrize("how", ["signal first", "terminal first", "no signal"])
def test_without_its_terminal_it_goes_on(child: Child, tmp_path: Path, how: str) -> None:
    child.read_until(lambda: b"Monitor & Download Images" in child.output, "the board")
    log = tmp_path / "orchestrator.log"
    child.read_until(lambda: log.exists() and "kingtui runs in" in log.read_text(), "the loops")
    home = Home(tmp_path)
    address = getattr(owner(home), "address", None)
    hang_up(child, how)
    wait_for(lambda: getattr(owner(home), "mode", "") == "headless", "the service without a face", 90)
    (home.downloads / "chart.jpg").write_bytes(ratio_picture(6))
    wait_for(lambda: list(home.reports.rglob("*.md")), "reports", 90)
    assert httpx.get(f"{address}/health").json()["status"] == "healthy"
    at_rest = psutil.Process(child.process.pid)
    at_rest.cpu_percent()
    time.sleep(3)
    assert at_rest.cpu_percent() < 50  # a thread that reads nothing, again and again, takes all of a core
    child.process.send_signal(signal.SIGHUP)  # heard by whoever is left, and nothing to stop for
    time.sleep(0.5)
    child.process.send_signal(signal.SIGTERM)
    assert child.process.wait(20) == 0
    assert "kingtui has stopped" in log.read_text().splitlines()[-1]
    assert "Traceback" not in log.read_text()


def test_without_its_terminal_it_stops_where_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINGTUI_ON_HANGUP", "stop")
    child = Child(tmp_path)
    try:
        log = tmp_path / "orchestrator.log"
        child.read_until(lambda: log.exists() and "kingtui runs in" in log.read_text(), "the loops")
        hang_up(child, "terminal first")
        assert child.process.wait(20) == 0
        assert "kingtui has stopped" in log.read_text().splitlines()[-1]
    finally:
        child.close()
