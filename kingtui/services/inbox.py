"""The inbox: a folder outside the home whose pictures are copied in. It is never changed."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from kingtui.charts import SUFFIXES
from kingtui.models import KingError
from kingtui.services import Offer, ServiceUnavailable

RETRY_SECONDS = 30.0


class Inbox:
    """Remembers a file by path, size and time: a changed file is offered again, as a new picture."""

    name = "inbox"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.label = f"inbox {folder}"

    async def offers(self, cursor: Any) -> Sequence[Offer]:
        try:
            return await asyncio.to_thread(_pictures, self.folder)
        except OSError as error:
            raise ServiceUnavailable(f"the inbox {self.folder} cannot be read: {error.strerror}") from error

    async def fetch(self, offer: Offer) -> bytes:
        return await asyncio.to_thread(_read, self.folder / offer.name, offer.key)

    async def hints(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        seen = asyncio.Event()
        while True:
            observer = Observer()
            handler = _Tell(lambda: loop.call_soon_threadsafe(seen.set))
            try:
                await asyncio.to_thread(_start, observer, handler, self.folder)
            except OSError:  # the folder is not there (yet): the timer finds it, and so does the next try
                await asyncio.sleep(RETRY_SECONDS)
                continue
            try:
                while observer.is_alive() and self.folder.is_dir():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(RETRY_SECONDS):
                            await seen.wait()
                            seen.clear()
                            yield
            finally:
                observer.stop()


class _Tell(FileSystemEventHandler):
    """Says that a file was closed after writing, or moved in."""

    def __init__(self, tell: Any) -> None:
        self._tell = tell

    def on_closed(self, event: FileSystemEvent) -> None:
        self._tell()

    def on_moved(self, event: FileSystemEvent) -> None:
        self._tell()

    def on_created(self, event: FileSystemEvent) -> None:
        self._tell()


def _start(observer: Any, handler: FileSystemEventHandler, folder: Path) -> None:
    observer.schedule(handler, str(folder), recursive=False)
    observer.start()


def _pictures(folder: Path) -> list[Offer]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if Path(entry.name).suffix.lower() in SUFFIXES and not entry.name.startswith("."):
                with contextlib.suppress(FileNotFoundError):
                    if entry.is_file():
                        status = entry.stat()
                        found.append((status.st_mtime_ns, entry.name, _key(status, entry.name)))
    return [Offer(key, name) for _, name, key in sorted(found)]


def _key(status: os.stat_result, name: str) -> str:
    return f"{os.fsencode(name).hex()}:{status.st_size}:{status.st_mtime_ns}"


def _read(path: Path, key: str) -> bytes:
    try:
        data = path.read_bytes()
        status = path.stat()
    except OSError as error:
        raise KingError(f"{path} cannot be read: {error.strerror}") from error
    if _key(status, path.name) != key or len(data) != status.st_size:
        raise KingError(f"{path} changed while it was read")
    return data
