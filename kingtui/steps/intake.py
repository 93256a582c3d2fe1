"""Takes files at the top level of downloads into the store: one row per arrived file, never two for the same."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from kingtui.charts import SUFFIXES
from kingtui.events import PictureArrived
from kingtui.home import free_name, move
from kingtui.steps.base import Toolbox
from kingtui.store import images, moves
from kingtui.store.images import Arrival

log = logging.getLogger("kingtui.intake")

MAX_BYTES = 50_000_000
"""A larger file is registered by its start only and ends in Quarantine: no chart is so large."""
AT_ONCE = 25
"""Files that are registered in one transaction: a request waits for the one that is at work."""
YOUNG_SECONDS = 1.0
"""A rescan leaves a file alone that changed within this time: its writer's close will be an event."""


@dataclass(slots=True)
class Looked:
    """What a look at the folder found."""

    arrived: list[int] = field(default_factory=list)
    renewed: list[int] = field(default_factory=list)
    ignored: dict[str, str] = field(default_factory=dict)
    """File name → why it is left alone."""
    young: int = 0
    """Files that are still being written."""


class Intake:
    """Registers new files. ``take`` looks at named files (after an event), ``scan`` at the whole folder."""

    def __init__(self, tools: Toolbox) -> None:
        self._tools = tools
        self._lock = asyncio.Lock()
        self.ignored: Mapping[str, str] = {}
        """Of the last scan: what lies in downloads and is left alone, and why."""

    async def scan(self) -> Looked:
        """Look at everything at the top level of downloads."""
        names = await asyncio.to_thread(_names, self._tools.home.downloads)
        looked = await self.take(names, settled=False)
        self.ignored = looked.ignored
        return looked

    async def take(self, names: Iterable[str], *, settled: bool = True) -> Looked:
        """Look at these files. ``settled``: their writer has closed them or moved them in."""
        async with self._lock:
            looked = Looked()
            async with self._tools.database.read() as connection:
                known = await images.new_by_path(connection)
                leaving = await moves.sources(connection)
            now = self._tools.clock.now()
            found = await asyncio.to_thread(
                _look, self._tools.home.downloads, sorted(set(names)), known, leaving, None if settled else now, looked
            )
            for start in range(0, len(found), AT_ONCE):
                await self._register(found[start : start + AT_ONCE], known, now, looked)
            return looked

    async def _register(self, found: list[Arrival], known: Mapping[str, Any], now: datetime, looked: Looked) -> None:
        arrived = {}
        async with self._tools.database.write() as tx:
            for arrival in found:
                row = known.get(arrival.path)
                if row is None:
                    arrived[await images.register(tx, arrival, now)] = arrival
                else:
                    await images.renew(tx, row.id, arrival, now)
                    looked.renewed.append(row.id)
        looked.arrived.extend(arrived)
        for image_id, arrival in arrived.items():
            log.info("picture %d arrived: %s (%d bytes)", image_id, arrival.name, arrival.size)
            self._tools.bus.post(PictureArrived(image_id, arrival.name))


def left_alone(folder: Path) -> dict[str, str]:
    """What lies in a folder that is never taken: file name → why. Raises OSError."""
    return {name: why for name in sorted(_names(folder)) if (why := _left_alone(folder / name))}


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _look(
    folder: Path, names: Collection[str], known: Mapping[str, Any], leaving: Collection[str], now: datetime | None,
    looked: Looked,
) -> list[Arrival]:  # fmt: skip
    found = []
    for name in names:
        why = _left_alone(folder / name)
        if why is not None:
            if why:
                looked.ignored[name] = why
            continue
        name = _readable_name(folder, name)
        path = f"{folder.name}/{name}"
        if path in leaving:
            continue
        status = (folder / name).lstat()
        row = known.get(path)
        if row is not None and (row.size, row.mtime_ns) == (status.st_size, status.st_mtime_ns):
            continue
        if now is not None and abs(now.timestamp() - status.st_mtime) < YOUNG_SECONDS:
            looked.young += 1
            continue
        arrival = _read(folder / name, path, name)
        if arrival is None:
            looked.young += 1
        else:
            found.append(arrival)
    return found


def _left_alone(path: Path) -> str | None:
    """Why a file is not ours to take; empty where there is nothing to say; None where it is a picture."""
    try:
        status = path.lstat()
    except OSError:
        return ""  # gone again, or moved away by a step
    if path.name.startswith(".") or path.suffix.lower() == ".part":
        return "hidden or unfinished" if stat.S_ISREG(status.st_mode) else ""
    if stat.S_ISLNK(status.st_mode):
        return "a symbolic link; links are not followed"
    if stat.S_ISDIR(status.st_mode):
        return "" if path.suffix.lower() not in SUFFIXES else "a folder"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if path.suffix.lower() not in SUFFIXES:
        return f"not one of {' '.join(sorted(SUFFIXES))}"
    return None


def _readable_name(folder: Path, name: str) -> str:
    """A name that is no valid UTF-8 cannot be kept in the store: the file gets a clean one at once."""
    raw = os.fsencode(name)
    try:
        raw.decode()
    except UnicodeDecodeError:
        better = free_name(folder, raw.decode("utf-8", "replace"), hashlib.sha256(raw).hexdigest())
        move(folder / name, better)
        return better.name
    return name


def _read(path: Path, relative: str, name: str) -> Arrival | None:
    """Size, time and hash of a file, the same before and after reading; None where it changed meanwhile."""
    try:
        before = path.lstat()
        digest = hashlib.sha256()
        try:
            with open(path, "rb", opener=_no_follow) as file:
                digest.update(file.read(MAX_BYTES))
        except PermissionError:
            digest = hashlib.sha256(f"unreadable:{relative}".encode())
        after = path.lstat()
    except OSError:
        return None
    if (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino):
        return None
    key = f"{relative}:{after.st_size}:{after.st_mtime_ns}:{after.st_ino}"
    return Arrival(relative, name, digest.hexdigest(), after.st_size, after.st_mtime_ns, "drop", key)


def _no_follow(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
