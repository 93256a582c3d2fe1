"""A real terminal to type into and to read from: tmux."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

KINGTUI = [sys.executable, "-m", "kingtui"]
SECONDS = 90.0


def need_tmux() -> None:
    """Skip a test where there is no tmux."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")


class Terminal:
    """A session of a tmux server of its own."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket)]

    def start(self, command: str, width: int, height: int) -> None:
        self._run("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), command)

    def stop(self) -> None:
        """End the server and what runs in it: kingtui itself would go on without its terminal."""
        listed = subprocess.run(
            [*self._tmux, "list-panes", "-a", "-F", "#{pane_pid}"], check=False, capture_output=True, text=True
        )
        started = [psutil.Process(int(pid)) for pid in listed.stdout.split() if psutil.pid_exists(int(pid))]
        started = [child for process in started for child in process.children(recursive=True)]
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        for process in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def keys(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        self._run("resize-window", "-x", str(width), "-y", str(height))

    @property
    def text(self) -> str:
        return self._run("capture-pane", "-p")

    def wait(self, *words: str) -> str:
        """The screen, once all the words are on it."""
        deadline = time.monotonic() + SECONDS
        while True:
            text = self.text
            if all(word in text for word in words):
                return text
            assert time.monotonic() < deadline, f"{words} never came to the screen:\n{text}"
            time.sleep(0.1)

    def _run(self, *arguments: str) -> str:
        # readline, which pytest imports, puts a size of 80×24 into the environment behind os.environ's back
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        done = subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True, env=environment)
        return done.stdout
