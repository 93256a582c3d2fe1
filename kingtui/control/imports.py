"""Pictures that a face brings: written into downloads whole, as if someone had dropped them there."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from kingtui.charts import SUFFIXES
from kingtui.home import Home, free_name, write_bytes
from kingtui.models import KingError, WrongUse
from kingtui.steps.intake import MAX_BYTES
from kingtui.triggers import Triggers


class Imports:
    """The part of LocalControl that takes pictures in."""

    _home: Home
    _triggers: Triggers

    async def add_picture(self, name: str, data: bytes) -> str:
        if Path(name).suffix.lower() not in SUFFIXES:
            raise WrongUse(f"{name!r} is no picture: {', '.join(sorted(SUFFIXES))} are taken")
        if not data:
            raise WrongUse(f"{name!r} is empty")
        if len(data) > MAX_BYTES:
            raise WrongUse(f"{name!r} is too large: at most {MAX_BYTES // 1_000_000} MB are taken")
        try:
            path = await asyncio.to_thread(_write, self._home.downloads, name, data)
        except OSError as error:
            raise KingError(f"{name!r} cannot be written into downloads: {error.strerror}") from error
        self._triggers.wake()
        return str(path.relative_to(self._home.root))


def _write(folder: Path, name: str, data: bytes) -> Path:
    """Write under a name that is free; of two that find the same one free, the later looks again."""
    digest = hashlib.sha256(data).hexdigest()
    while True:
        path = free_name(folder, name, digest)
        try:
            write_bytes(path, data, replace=False)
        except FileExistsError:
            continue
        return path
