"""Attached in a real terminal to a kingtui in another process, which is killed, restarted, or lost its own terminal."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import httpx
import pytest

from kingtui.home import Home, owner
from tests.faults.process import Process, wait_for
from tests.tui.tmux import KINGTUI, Terminal
from tests.world import ratio_chart, ratio_picture

pytestmark = pytest.mark.slow


def attach(terminal: Terminal, home: Path, *flags: str) -> None:
    command = " ".join([*KINGTUI, "--home", str(home), *flags])
    terminal.start(f"{command}; echo ended with $?; sleep 600", 120, 40)


def address(home: Path) -> str:
    return str(getattr(owner(Home(home)), "address", ""))


def test_it_outlives_the_death_of_what_it_shows(terminal: Terminal, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Process(home) as service:
        attach(terminal, home)
        terminal.wait("● well", f"attached to {address(home)}", f"Attached to process {service.pid}, headless mode")
        service.kill()
        terminal.wait("connection lost, ", "as of", f"nothing runs in {home}")
        terminal.keys("2")
        terminal.wait("✗ Nothing runs in")
        service.start()
        (home / "downloads" / "chart.jpg").write_bytes(ratio_picture(5, short_term=True))
        terminal.wait(f"attached to {address(home)}", "Connected again", ratio_chart(5, short_term=True).rows[0].symbol)
        wait_for(lambda: "connection lost, " not in terminal.text, "the head to say so no more")
        terminal.keys("3")
        terminal.wait("Step 3 asked: run ")
        terminal.keys("q")
        terminal.wait("ended with 0")
        assert service.get("/health")["status"] == "healthy"


def test_the_next_one_attaches_after_a_hang_up_and_says_so(terminal: Terminal, tmp_path: Path) -> None:
    home = tmp_path / "home"
    attach(terminal, home, "--port", "0")
    terminal.wait("● well", "API http://127.0.0.1:")
    found = owner(Home(home))
    assert found is not None
    os.kill(found.pid, signal.SIGHUP)
    wait_for(lambda: getattr(owner(Home(home)), "mode", "") == "headless", "the service without a face", 90)
    other = Terminal(tmp_path / "other")
    try:
        attach(other, home)
        other.wait("● well", f"attached to {address(home)}", "when its terminal went away at")
        other.keys("q")
        other.wait("ended with 0")
        assert httpx.get(f"{address(home)}/health", trust_env=False).json()["status"] == "healthy"
    finally:
        other.stop()
        os.kill(found.pid, signal.SIGTERM)
        wait_for(lambda: owner(Home(home)) is None, "its end")


def test_an_address_is_enough(terminal: Terminal, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Process(home):
        attach(terminal, tmp_path / "another", "--attach", address(home))
        terminal.wait("● well", f"attached to {address(home)}")
        assert not (tmp_path / "another").exists()
        terminal.keys("C-c")
        terminal.keys("q")
        terminal.wait("ended with 0")


def test_what_cannot_be_attached_to_is_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    attach(terminal, tmp_path / "home", "--no-api")
    terminal.wait("● well", "API off")
    other = Terminal(tmp_path / "other")
    try:
        attach(other, tmp_path / "home")
        other.wait("is owned by process", "without API: no dashboard can attach to it", "ended with 1")
    finally:
        other.stop()
    another = Terminal(tmp_path / "another")
    try:
        attach(another, tmp_path / "nothing", "--attach", "http://127.0.0.1:9")
        another.wait("kingtui at http://127.0.0.1:9 does not answer", "ended with 1")
    finally:
        another.stop()
    terminal.keys("q")
    terminal.wait("ended with 0")
