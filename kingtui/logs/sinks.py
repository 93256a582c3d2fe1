"""Where lines go: the log file, the runs' files, a stream. None of them raises; what a disk refuses is counted."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from kingtui.home import Home
from kingtui.logs.lines import run_of

FILES = 5
FILE_BYTES = 5_000_000


def run_log_file(home: Home, run_id: int, step: int) -> Path:
    """Where a run's lines are; there is no file before the first line."""
    return home.logs / f"run-{run_id:06d}-step{step}.log"


class Trouble:
    """Lines that a sink could not write: counted, told of once when it begins and once when it is over."""

    def __init__(self, what: str, note: Callable[[str], None]) -> None:
        self.lost = 0
        self._what = what
        self._note = note
        self._running = 0

    def failed(self, error: BaseException | None) -> None:
        """A line was lost."""
        self.lost += 1
        self._running += 1
        if self._running == 1:
            reason = (error.strerror if isinstance(error, OSError) else None) or repr(error)
            self._note(f"{self._what} cannot be written: {reason}")

    def over(self) -> str | None:
        """A line was written: what to say about those lost before it, if any were."""
        if not self._running:
            return None
        text = f"{self._what} is written again; lines lost: {self._running}"
        self._running = 0
        self._note(text)
        return text


class LogFile(RotatingFileHandler):
    """``orchestrator.log`` and its predecessors ``.1`` to ``.4``, each up to 5 MB."""

    def __init__(self, path: Path, trouble: Trouble) -> None:
        super().__init__(
            path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", errors="backslashreplace", delay=True
        )
        self._trouble = trouble
        self._failed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; where that fails, the next one tries a newly opened file."""
        self._failed = False
        if self.stream and not self._is_there(self.stream):
            self._let_go()
        super().emit(record)
        if not self._failed and (text := self._trouble.over()):
            super().emit(logging.LogRecord("kingtui.logs", logging.WARNING, "", 0, text, None, None))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Count it. The stream goes too: what it still holds would fail again at the next line and at the end."""
        self._failed = True
        self._trouble.failed(sys.exc_info()[1])
        self._let_go()

    def close(self) -> None:
        """Close the file; a full disk is no reason to raise."""
        self._let_go()
        super().close()

    def _open(self) -> TextIOWrapper:
        """The file to append to. A line that a full disk or a kill cut short gets its end first."""
        stream = super()._open()
        size = os.fstat(stream.fileno()).st_size
        if size:
            with Path(self.baseFilename).open("rb") as file:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    stream.write("\n")
        return stream

    def _is_there(self, stream: TextIOWrapper) -> bool:
        """Whether the open file still has the name: somebody may have removed or moved it."""
        try:
            named, ours = Path(self.baseFilename).stat(), os.fstat(stream.fileno())
        except (OSError, ValueError):
            return False
        return (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)

    def _let_go(self) -> None:
        stream, self.stream = self.stream, None
        if stream:
            with suppress(OSError, ValueError):
                stream.close()


class RunFiles(logging.Handler):
    """One file per run, opened for each line: runs are many, their lines few, and they end unnoticed here."""

    def __init__(self, home: Home, trouble: Trouble) -> None:
        super().__init__()
        self._home = home
        self._trouble = trouble
        self._torn: Path | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line of a run; others are not its business."""
        run = run_of(record)
        if run is None:
            return
        path = run_log_file(self._home, run.id, run.step)
        try:
            _append(path, ("\n" if self._torn == path else "") + self.format(record) + "\n")
        except Exception:  # counted, as logging does it for its own handlers
            self._torn = path
            self.handleError(record)
        else:
            self._torn = None
            self._trouble.over()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Count it."""
        self._trouble.failed(sys.exc_info()[1])


class Stream(logging.StreamHandler[TextIO]):
    """Standard error of a headless process; it may be a closed pipe by now."""

    def __init__(self, stream: TextIO, trouble: Trouble) -> None:
        super().__init__(stream)
        self._trouble = trouble

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Count it."""
        self._trouble.failed(sys.exc_info()[1])


def _append(path: Path, text: str) -> None:
    data = text.encode(errors="backslashreplace")
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, flags, 0o666)
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(descriptor)
