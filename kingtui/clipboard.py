"""Copying: what makes a terminal put a text into the clipboard of whoever looks at it, over SSH too (OSC 52)."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Mapping, Sequence

MOST_BYTES = 74_994
"""What terminals take at most by OSC 52: xterm's bound, below which all others are content too."""
_TOOLS = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("HOME", ("pbcopy",)),
)
_SCREEN_CHUNK = 700
TOOL_SECONDS = 2.0


def osc52(text: str, environ: Mapping[str, str]) -> str | None:
    """What to write to the terminal; None where the text is too long for it."""
    data = text.encode()
    if len(data) > MOST_BYTES:
        return None
    sequence = f"\x1b]52;c;{base64.b64encode(data).decode()}\a"
    if "STY" not in environ:  # tmux takes it as it is (set-clipboard on)
        return sequence
    chunks = (sequence[start : start + _SCREEN_CHUNK] for start in range(0, len(sequence), _SCREEN_CHUNK))
    return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)  # GNU screen passes on what is wrapped, in pieces


def local_tool(environ: Mapping[str, str]) -> Sequence[str] | None:
    """The command that fills this machine's clipboard; None over SSH or where there is none."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return None
    return next((tool for display, tool in _TOOLS if environ.get(display) and shutil.which(tool[0])), None)


def run_tool(command: Sequence[str], text: str) -> bool:
    """Give the text to the command; whether it took it."""
    try:
        done = subprocess.run(  # noqa: S603 - one of _TOOLS
            command, input=text.encode(), timeout=TOOL_SECONDS, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
