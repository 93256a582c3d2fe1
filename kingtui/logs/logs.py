"""Logs: the process's logging from start to stop."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from kingtui.home import Home
from kingtui.logs import ring
from kingtui.logs.lines import Lines
from kingtui.logs.sinks import LogFile, RunFiles, Stream, Trouble
from kingtui.models import LogEntry


class Logs:
    """The log of the process that owns a home; a context manager. Logging never raises and never waits for a reader."""

    def __init__(self, home: Home, *, level: str = "info", stderr: TextIO | None = None) -> None:
        """``level``: of kingtui's own lines; libraries' count from warning on. ``stderr``: also print lines there."""
        lines = Lines()
        self._ring = ring.Ring(lines)
        self._file = Trouble("the log", self._ring.note)
        self._run_files = Trouble("the log of a run", self._ring.note)
        self._handlers: list[logging.Handler] = [
            self._ring,
            LogFile(home.log_file, self._file),
            RunFiles(home, self._run_files),
        ]
        if stderr is not None:
            self._handlers.append(Stream(stderr, Trouble("standard error", self._ring.note)))
        for handler in self._handlers:
            handler.setFormatter(lines)
        self._level = logging.getLevelNamesMapping()[level.upper()]
        self._restore: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Take over the process's logging: others' lines and Python's warnings reach no terminal now."""
        if self._restore:
            return
        root, ours = logging.getLogger(), logging.getLogger("kingtui")
        others, levels = list(root.handlers), (root.level, ours.level)
        root.handlers[:] = [handler for handler in others if not _on_terminal(handler)] + self._handlers
        root.setLevel(logging.WARNING)
        ours.setLevel(self._level)
        logging.captureWarnings(True)

        def restore() -> None:
            logging.captureWarnings(False)
            root.handlers[:] = others
            root.setLevel(levels[0])
            ours.setLevel(levels[1])

        self._restore = restore

    def stop(self) -> None:
        """Give logging back as it was and close the file. Harmless when repeated."""
        if self._restore:
            self._restore()
            self._restore = None
        for handler in self._handlers:
            handler.close()

    def entries(self, limit: int = ring.SIZE) -> list[LogEntry]:
        """The newest lines, oldest first."""
        return self._ring.newest(limit)

    def listen(self, callback: Callable[[LogEntry], None], loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """Call ``callback`` in ``loop`` with each new line, from whatever thread it came; returns what ends that."""
        return self._ring.listen(callback, loop)

    @property
    def lost(self) -> int:
        """Lines that could not be written to the log or to a run's file."""
        return self._file.lost + self._run_files.lost


def _on_terminal(handler: logging.Handler) -> bool:
    streams = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return isinstance(handler, logging.StreamHandler) and handler.stream in streams
