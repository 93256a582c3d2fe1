"""Where files go: a name that is free, a move stored with the change it belongs to, and the move itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.home import Home, Moved, finish_move, free_name
from kingtui.store import images, moves
from kingtui.store.database import Database

log = logging.getLogger("kingtui.steps.filing")
Result = TypeVar("Result")


async def unbroken(work: Coroutine[Any, Any, Result]) -> Result:
    """Do a commit and what must follow it to the end, even where the caller is cancelled meanwhile."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


@dataclass(frozen=True, slots=True)
class Move:
    """A file on its way; both paths are relative to the home. ``sha256``: only this content is meant."""

    id: int
    src: str
    dst: str
    sha256: str | None = None


class Filing:
    """Moves files so that a crash at any moment loses none and overwrites none."""

    def __init__(self, home: Home, database: Database) -> None:
        self._home = home
        self._database = database
        self._under_way: set[int] = set()
        """Moves that a step has planned and will follow itself."""

    async def plan(
        self, tx: AsyncConnection, src: str, folder: str, name: str, sha256: str, now: datetime, *, exact: bool = False
    ) -> Move:
        """Choose a free name in ``folder`` and store the move in the caller's transaction.

        ``sha256`` tells files of one name apart; ``exact``: it is the hash of the file's content and is checked.
        """
        dst = await self.free_path(tx, folder, name, sha256)
        content = sha256 if exact else None
        planned = Move(await moves.add(tx, src, dst, content, now), src, dst, content)
        self._under_way.add(planned.id)
        return planned

    async def free_path(self, tx: AsyncConnection, folder: str, name: str, sha256: str) -> str:
        """A path in ``folder`` that no file has and none is about to get: the name, else with ``-<8 of the hash>``."""
        promised: set[str] = set()
        while True:
            found = await asyncio.to_thread(free_name, self._home.root / folder, name, sha256, promised)
            path = f"{folder}/{found.name}"
            if not await images.taken(tx, path) and not await moves.reserved(tx, path):
                return path
            promised.add(found.name)

    async def complete(self) -> int:
        """Do the moves that were stored and never done (a crash, a full disk); how many they were."""
        async with self._database.read() as connection:
            rows = [row for row in await moves.open_moves(connection) if row.id not in self._under_way]
        await self.follow(*(Move(row.id, row.src, row.dst, row.sha256) for row in rows))
        return len(rows)

    async def follow(self, *planned: Move) -> None:
        """Move the files of committed moves. Call it within ``unbroken``, together with the commit.

        Until it has ended well nobody takes the picture up (``images.due``); where it fails, ``complete`` tries again.
        """
        try:
            for move in planned:
                try:
                    found = await self._finish(move)
                except FileExistsError:
                    found = await self._finish(await self._redirect(move))
                if found is Moved.MISSING:
                    log.warning("%s is gone: it was taken away before it came to %s", move.src, move.dst)
            if planned:
                async with self._database.write() as tx:
                    await moves.done(tx, [move.id for move in planned])
        finally:
            self._under_way.difference_update(move.id for move in planned)

    async def _finish(self, move: Move) -> Moved:
        root = self._home.root
        return await asyncio.to_thread(finish_move, root / move.src, root / move.dst, move.sha256)

    async def _redirect(self, move: Move) -> Move:
        """Another program has taken the name since it was chosen: choose again."""
        folder, _, name = move.dst.rpartition("/")
        async with self._database.write() as tx:
            dst = await self.free_path(tx, folder, name, move.sha256 or f"{move.id:08d}")
            await moves.redirect(tx, move.id, move.dst, dst)
        return replace(move, dst=dst)
