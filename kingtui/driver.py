"""The terminal, as long as there is one: Textual's driver, made to outlive a hang-up.

When an SSH connection drops, reading from the terminal ends at once, again and again, and writing fails. Textual's
threads would spin or die of that, and the app would wait for them for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from kingtui.terminal import let_go


class TerminalLost(Message):
    """The terminal hung up."""


class Lossy:
    """A stream that swallows what it cannot write, and tells so once."""

    def __init__(self, stream: IO[str], lost: Callable[[], None]) -> None:
        self._stream = stream
        self._lost = lost

    def write(self, text: str) -> None:
        """Write, or not."""
        self._tried(lambda: self._stream.write(text))

    def flush(self) -> None:
        """Write out what is buffered, or not."""
        self._tried(self._stream.flush)

    def fileno(self) -> int:
        """The descriptor below."""
        return self._stream.fileno()

    def _tried(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError:
            self._lost()


class EnduringDriver(LinuxDriver):
    """Reads and writes until the terminal is lost; then it does neither, and the app is sent ``TerminalLost``."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self.lost = False
        self._telling = threading.Lock()
        if self._file is not None:
            self._file: Any = Lossy(self._file, self.lose)

    def write(self, data: str) -> None:
        if not self.lost:
            super().write(data)

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:
            self.lose()

    def lose(self) -> None:
        """The terminal is gone: read and write no more. Safe from any thread and more than once."""
        with self._telling:
            if self.lost:
                return
            self.lost = True
        self.exit_event.set()  # or its thread would read nothing, again and again
        let_go()
        self._app.post_message(TerminalLost())
