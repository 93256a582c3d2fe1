"""What the tests of the dashboard share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.tmux import Terminal, need_tmux


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal, ended with what runs in it."""
    need_tmux()
    found = Terminal(tmp_path / "tmux")
    yield found
    found.stop()
