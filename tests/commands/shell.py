"""The installed command in processes of its own, away from this machine's settings."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

KINGTUI = str(Path(sys.executable).parent / "kingtui")
WRITES_COLOUR = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "100"}


def environment(folder: Path, **more: str) -> dict[str, str]:
    """No setting, a home folder in ``folder``, and ``more``."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {"HOME": str(folder), "KINGTUI_MIN_FREE_DISK": "0", "KINGTUI_WORKERS": "2"} | more


def kingtui(
    *arguments: object, folder: Path, stdin: str | None = None, seconds: float = 120.0, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run ``kingtui arguments…`` in ``folder``, without a terminal."""
    return subprocess.run(
        [KINGTUI, *map(str, arguments)], cwd=folder, env=environment(folder, **more), timeout=seconds,
        input=stdin or "", capture_output=True, text=True, errors="surrogateescape", check=False,
    )  # fmt: skip


def on_a_terminal(*arguments: object, folder: Path, seconds: float = 60.0, **more: str) -> tuple[int, str]:
    """Run ``kingtui arguments…`` on a terminal: the exit code and all that was shown."""
    ours, theirs = pty.openpty()
    settings = environment(folder, **({"TERM": "xterm-256color"} | more))
    streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    with subprocess.Popen([KINGTUI, *map(str, arguments)], cwd=folder, env=settings, **streams) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        code = process.wait(seconds)
    os.close(ours)
    return code, shown.decode(errors="replace")
