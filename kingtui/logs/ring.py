"""The newest lines in memory, and those who listen to them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from kingtui.logs.lines import Lines
from kingtui.models import LogEntry

SIZE = 2000

Listener = tuple[Callable[[LogEntry], None], asyncio.AbstractEventLoop]


class Ring(logging.Handler):
    """Keeps the last ``SIZE`` entries and passes each new one on, from whatever thread it comes."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines
        self._guard = threading.Lock()
        self._entries: deque[LogEntry] = deque(maxlen=SIZE)
        self._listeners: list[Listener] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.put(self._lines.entry(record))

    def note(self, text: str) -> None:
        """An entry about the log itself, which for that reason does not go through it."""
        self.put(LogEntry(datetime.now(UTC), "ERROR", "kingtui.logs", text))

    def put(self, entry: LogEntry) -> None:
        """Keep an entry and tell the listeners, each in its loop."""
        with self._guard:
            self._entries.append(entry)
            listeners = tuple(self._listeners)
        for listener in listeners:
            with suppress(RuntimeError):  # its loop is closed
                listener[1].call_soon_threadsafe(self._tell, listener, entry)

    def newest(self, limit: int) -> list[LogEntry]:
        """The last ``limit`` entries, oldest first."""
        with self._guard:
            return list(self._entries)[-limit:] if limit > 0 else []

    def listen(self, callback: Callable[[LogEntry], None], loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """Call ``callback`` in ``loop`` with each new entry; returns what ends that."""
        listener = (callback, loop)
        with self._guard:
            self._listeners.append(listener)
        return lambda: self._drop(listener)

    def _drop(self, listener: Listener) -> None:
        with self._guard, suppress(ValueError):
            self._listeners.remove(listener)

    def _tell(self, listener: Listener, entry: LogEntry) -> None:
        if listener not in self._listeners:
            return
        try:
            listener[0](entry)
        except Exception as error:  # through the loop's own log it would come back here for ever
            self._drop(listener)
            self.note(f"a listener to the log failed and is dropped: {error!r}")
