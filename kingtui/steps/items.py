"""Steps that work on pictures one by one: taking what is due, recording what failed, quarantine."""

from __future__ import annotations

import asyncio
import errno
from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable
from datetime import timedelta
from typing import ClassVar

from kingtui.charts import NotAPicture
from kingtui.events import PictureStaged
from kingtui.models import Backlog, Image, KingError, Stage, StepInfo
from kingtui.redaction import hide
from kingtui.runner import Job
from kingtui.services import ServiceUnavailable
from kingtui.steps.base import Outcome, RunContext, Toolbox, info
from kingtui.steps.filing import Filing, Move, unbroken
from kingtui.store import images
from kingtui.store.database import StoreFailed

ATTEMPTS = 3
BACKOFF_SECONDS = 5.0
QUARANTINE = "downloads/Quarantine"
_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


class Gone(KingError):
    """The picture's file is not there any more."""


class ImageStep(ABC):
    """A step whose items are the pictures of one stage. Subclasses say how one is handled."""

    number: ClassVar[int]
    stage: ClassVar[Stage]

    def __init__(self, tools: Toolbox, filing: Filing) -> None:
        self.tools = tools
        self.filing = filing

    @property
    def info(self) -> StepInfo:
        return info(self.number)

    @property
    def width(self) -> int:
        """How many pictures at once."""
        return 1

    async def backlog(self) -> Backlog:
        async with self.tools.database.read() as connection:
            return (await images.backlogs(connection, [self.stage], self.tools.clock.now()))[self.stage]

    async def run(self, run: RunContext) -> None:
        await run.each(self._due, lambda image: self._attempt(image, run), key=lambda image: image.id, width=self.width)

    @abstractmethod
    async def handle(self, image: Image, run: RunContext) -> Outcome:
        """Do the step's work on one picture and bring it to its next stage. Raising counts as a failed attempt."""

    async def _due(self, limit: int, seen: Collection[Hashable]) -> list[Image]:
        async with self.tools.database.read() as connection:
            return await images.due(connection, self.stage, self.tools.clock.now(), limit, seen)  # type: ignore[arg-type]

    async def _attempt(self, image: Image, run: RunContext) -> Outcome:
        try:
            async with asyncio.timeout(self.tools.settings.item_timeout):
                return await self.handle(image, run)
        except Gone as error:
            run.errors.append(f"{image.name}: {error}")
            await self.close(image, Stage.MISSING, str(error))
            return Outcome.FAILED
        except NotAPicture as error:
            return await self.quarantine(image, str(error), run)
        except ServiceUnavailable as error:
            run.log(f"{image.name} waits: {error}")
            async with self.tools.database.write() as tx:
                await images.postpone(tx, image.id, self.tools.clock.now() + timedelta(seconds=error.retry_after))
            return Outcome.WAITS
        except Exception as error:
            raise_if_of_the_machine(error, image.name)
            return await self._failed(image, error, run)

    async def _failed(self, image: Image, error: Exception, run: RunContext) -> Outcome:
        text = sentence(error, self.tools.settings.item_timeout)
        attempt = image.attempts + 1
        run.errors.append(f"{image.name}: {text}")
        run.log(f"{image.name} failed, attempt {attempt} of {ATTEMPTS}: {text}")
        now = self.tools.clock.now()
        wait = BACKOFF_SECONDS * 2**attempt * self.tools.random.uniform(0.75, 1.25)
        async with self.tools.database.write() as tx:
            await images.failed(tx, image, run.run.id, text, now, now + timedelta(seconds=wait))
        if attempt < ATTEMPTS:
            return Outcome.FAILED
        return await self.quarantine(image, f"failed {ATTEMPTS} times: {text}", run)

    async def quarantine(self, image: Image, reason: str, run: RunContext) -> Outcome:
        """Move a picture aside for a person to look at; it is never deleted."""
        move = await self.close(image, Stage.QUARANTINED, reason, folder=QUARANTINE)
        run.log(f"{image.name} went to {move.dst if move else QUARANTINE}: {reason}")
        return Outcome.QUARANTINED

    async def close(
        self, image: Image, stage: Stage, reason: str | None, *, folder: str | None = None,
        **columns: object,
    ) -> Move | None:  # fmt: skip
        """Bring a picture to a stage with a reason, and its file to a folder, in one transaction."""
        move = await unbroken(self._close(image, stage, reason, folder, columns))
        self.tools.bus.post(PictureStaged(image.id, image.name, stage, reason))
        return move

    async def _close(
        self, image: Image, stage: Stage, reason: str | None, folder: str | None, columns: dict[str, object]
    ) -> Move | None:
        now = self.tools.clock.now()
        move = None
        async with self.tools.database.write() as tx:
            if folder is not None:
                exact = stage is not Stage.QUARANTINED  # a broken file may be unreadable, or still change
                move = await self.filing.plan(tx, image.path, folder, image.name, image.sha256, now, exact=exact)
                columns["path"] = move.dst
            if stage is Stage.QUARANTINED:
                columns["failed_stage"] = image.stage
            await images.move_on(tx, image.id, stage, now, reason=reason, **columns)
        if move is not None:
            await self.filing.follow(move)
        return move

    async def content(self, image: Image) -> bytes:
        """The picture's bytes. Raises Gone."""
        path = self.tools.home.root / image.path
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            raise Gone(f"{image.path} is gone: it was removed before step {self.number} could read it") from None

    async def job(self, name: str, data: bytes) -> bytes:
        """Do a job of the charts on bytes in the pool."""
        return await self.tools.runner.run(Job(name, data, timeout=self.tools.settings.item_timeout))


def raise_if_of_the_machine(error: Exception, what: str) -> None:
    """A full disk or the like is not the item's fault: the run ends, the item stays due. Raises KingError."""
    if isinstance(error, StoreFailed):
        raise error
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        raise KingError(f"{what} could not be filed: {error.strerror}") from error


def sentence(error: Exception, item_timeout: float) -> str:
    """An error as a sentence for people."""
    if isinstance(error, KingError):
        return hide(str(error))
    if isinstance(error, TimeoutError):
        return f"took longer than {item_timeout:.0f} s"
    return hide(f"{type(error).__name__}: {error}")
