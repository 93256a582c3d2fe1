"""Watches one folder through the operating system and hands over the names of files that are ready to be looked at."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)

log = logging.getLogger("kingtui.watcher")


class FolderWatcher:
    """Buffers the names of files in ``folder`` that were closed after writing, moved in or made.

    ``noted`` is called in the loop's thread whenever there is something to ``take``. Beyond ``bound`` names the buffer
    overflows: they are forgotten, and ``overflowed`` says that the folder must be scanned.
    """

    def __init__(self, folder: Path, bound: int, noted: Callable[[], None]) -> None:
        self.folder = folder
        self.overflowed = False
        self._bound = bound
        self._noted = noted
        self._names: dict[str, bool] = {}
        self._observer: Any = None
        self._inode = 0
        self._refusal = ""
        """What the system said when it last refused; told once."""

    async def start(self) -> None:
        """Watch; where the system refuses, the full check finds the files instead. A log line says so."""
        loop = asyncio.get_running_loop()

        def note(name: str, ready: bool) -> None:
            loop.call_soon_threadsafe(self._note, name, ready)

        try:
            inode = self.folder.stat().st_ino
            self._observer = await asyncio.to_thread(_begin, _Handler(note), self.folder)
        except OSError as error:
            refusal = error.strerror or str(error)
            if refusal != self._refusal:
                log.warning("%s cannot be watched (%s); it is looked at in every full check", self.folder, refusal)
            self._refusal = refusal
            return
        self._inode, self._refusal = inode, ""

    async def stop(self) -> None:
        """Watch no more."""
        if self._observer is not None:
            observer, self._observer = self._observer, None
            observer.stop()
            await asyncio.to_thread(observer.join, 2.0)

    async def ensure(self) -> None:
        """Watch again where the folder was replaced or the watching has ended."""
        try:
            same = self.folder.stat().st_ino == self._inode
        except OSError:
            same = False
        if not same or self._observer is None or not self._observer.is_alive():
            await self.stop()
            self.overflowed = True
            await self.start()

    def take(self) -> dict[str, bool]:
        """The names noted since the last call, and whether each was closed or moved in (else it was only made)."""
        names, self._names = self._names, {}
        return names

    def _note(self, name: str, ready: bool) -> None:
        if len(self._names) >= self._bound:
            if not self.overflowed:
                log.warning("more than %d file events wait: the folder is scanned instead", self._bound)
            self.overflowed = True
            self._names.clear()
        else:
            self._names[name] = ready or self._names.get(name, False)
        self._noted()


class _Handler(FileSystemEventHandler):
    def __init__(self, note: Callable[[str, bool], None]) -> None:
        self._note = note

    def on_closed(self, event: FileSystemEvent) -> None:
        self._tell(event.src_path, True)

    def on_created(self, event: FileSystemEvent) -> None:
        self._tell(event.src_path, False)

    def on_moved(self, event: FileSystemEvent) -> None:
        self._tell(event.dest_path, True)

    def _tell(self, path: str | bytes, ready: bool) -> None:
        name = os.path.basename(os.fsdecode(path))  # noqa: PTH119 - a name that is no UTF-8 must come through
        if name and not name.startswith("."):
            self._note(name, ready)


def _observer() -> Any:
    if sys.platform == "linux":
        from watchdog.observers.inotify import InotifyObserver

        # Only the full events tell a file that was moved in, and so is complete, from one that was just made.
        return InotifyObserver(generate_full_events=True)
    from watchdog.observers import Observer

    return Observer()


def _begin(handler: FileSystemEventHandler, folder: Path) -> Any:
    """An observer at work. Raises OSError, and leaves nothing open then: a system has few of what it watches with."""
    observer = _observer()
    try:
        events: list[type[FileSystemEvent]] = [FileClosedEvent, FileCreatedEvent, FileMovedEvent]
        observer.schedule(handler, str(folder), recursive=False, event_filter=events)
        observer.start()
    except OSError:
        observer.stop()
        raise
    return observer
