"""A dashboard on a pseudo terminal: what it writes is read as a terminal reads it, with the time of each piece."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

WIDTH, HEIGHT = 120, 40
_ESCAPE = re.compile(rb"\x1b\[[0-9;?<>=$]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")


class Dashboard:
    """``command`` on a terminal of 120×40 true colours; ended with the block.

    ``started`` is when its process was made, on ``time.perf_counter``.
    """

    def __init__(self, command: Sequence[str], home: Path, **environment: str) -> None:
        self.output = bytearray()
        self.started = 0.0
        self._command = [*command, "--home", str(home)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("KINGTUI_", "TEXTUAL_"))}
        for name in ("PYTHONDONTWRITEBYTECODE", "NO_COLOR", "SSH_CONNECTION", "SSH_TTY"):
            clean.pop(name, None)
        self._environment = clean | {
            "TERM": "xterm-256color", "COLORTERM": "truecolor", "KINGTUI_PORT": "0", "KINGTUI_MIN_FREE_DISK": "0",
        } | environment  # fmt: skip

    def __enter__(self) -> Dashboard:
        self._terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            self._command, stdin=inside, stdout=inside, stderr=inside, env=self._environment, start_new_session=True
        )
        os.close(inside)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        deadline = time.perf_counter() + 30
        while self._process.poll() is None and time.perf_counter() < deadline:
            self.read(0.05)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def read(self, seconds: float) -> int:
        """Take what it writes within ``seconds``, at most one piece, and say how many bytes."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return 0
        try:
            piece = os.read(self._terminal, 65536)
        except OSError:  # it has ended
            time.sleep(seconds)
            return 0
        self.output += piece
        return len(piece)

    def watch(self, seconds: float) -> int:
        """How many bytes it writes in ``seconds``."""
        deadline, total = time.perf_counter() + seconds, 0
        while (left := deadline - time.perf_counter()) > 0:
            total += self.read(min(left, 0.5))
        return total

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = 120.0) -> float:
        """Read until the condition holds; the moment of the piece that made it so."""
        deadline = time.perf_counter() + seconds
        while not condition():
            if time.perf_counter() > deadline or self._process.poll() is not None:
                raise TimeoutError(f"waited in vain for {what}; it wrote last: {bytes(self.output[-2000:])!r}")
            self.read(0.2)
        return time.perf_counter()

    def wait_text(self, *words: str, start: int = 0) -> float:
        """Read until all the words were written, from a place in the output on; the moment of the last piece."""
        wanted = [word.encode() for word in words]
        return self.wait(lambda: all(word in self.text(start) for word in wanted), " ".join(words))

    def text(self, start: int = 0) -> bytes:
        """What was written from a place on, without escape sequences."""
        return _ESCAPE.sub(b"", bytes(self.output[start:]))

    def press(self, keys: str) -> float:
        """Type keys; the moment before."""
        now = time.perf_counter()
        os.write(self._terminal, keys.encode())
        return now

    @property
    def process(self) -> psutil.Process:
        """Its process; workers are its children."""
        return psutil.Process(self._process.pid)


def kingtui(home: Path, *flags: str, **environment: str) -> Dashboard:
    """The program as it is started by hand."""
    return Dashboard([sys.executable, "-m", "kingtui", *flags], home, **environment)
