"""What a person may ask to be done with a picture: to try it again, and to read it anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from kingtui.charts.reading import READER
from kingtui.control.picture_answers import PictureAnswers
from kingtui.events import PictureStaged
from kingtui.models import Conflict, Image, Stage
from kingtui.runner import Job
from kingtui.steps.base import Toolbox
from kingtui.steps.filing import Filing, unbroken
from kingtui.store import images, moves, readings
from kingtui.triggers import Triggers


class PictureChanges(PictureAnswers):
    """The part of LocalControl that changes pictures."""

    _tools: Toolbox
    _filing: Filing
    _triggers: Triggers

    async def retry(self, image_id: int) -> None:
        image = await self._image(image_id)
        if image.stage is not Stage.QUARANTINED or image.failed_stage is None:
            raise Conflict(f"picture {image_id} is {image.stage.value}: only a quarantined picture can be retried")
        folder = (
            "downloads" if image.failed_stage is Stage.NEW or image.kind is None else f"downloads/{image.kind.folder}"
        )
        await self._again(image, image.failed_stage, folder)

    async def reread(self, image_id: int) -> None:
        image = await self._image(image_id)
        if image.stage is Stage.EXTRACTED and image.kind is not None:
            await self._again(image, Stage.UNIQUE, f"downloads/{image.kind.folder}")
        elif image.stage is Stage.UNKNOWN:
            await self._again(image, Stage.NEW, "downloads")
        elif image.stage is Stage.QUARANTINED:
            await self.retry(image_id)
        elif image.stage is Stage.DUPLICATE:
            raise Conflict(f"picture {image_id} repeats picture {image.original_id}: read that one again")
        elif image.stage is Stage.MISSING:
            raise Conflict(f"the file of picture {image_id} is gone: drop it into downloads again")
        else:
            raise Conflict(f"picture {image_id} is {image.stage.value}: it is on its way to be read already")

    async def _again(self, image: Image, stage: Stage, folder: str) -> None:
        await unbroken(self._return(image, stage, folder, self._tools.clock.now()))
        self._tools.bus.post(PictureStaged(image.id, image.name, stage))
        self._triggers.wake()

    async def _return(self, image: Image, stage: Stage, folder: str, now: datetime) -> None:
        async with self._database.write() as tx:
            if await images.get(tx, image.id) != image or await moves.reserved(tx, image.path):
                raise Conflict(f"picture {image.id} is being moved just now: ask again in a moment")
            move = await self._filing.plan(tx, image.path, folder, image.name, image.sha256, now)
            long_ago = now - timedelta(days=1)  # its file has settled: what does not decode now never will
            await images.move_on(tx, image.id, stage, now, path=move.dst, reason=None, changed_at=long_ago)
            await readings.forget(tx, image.sha256, READER)
        await self._filing.follow(move)

    async def _small(self, image: Image, data: bytes, width: int, height: int) -> bytes:
        """What ended in Quarantine may have killed its worker: it is decoded in the pool, not beside the loop."""
        if image.stage is not Stage.QUARANTINED:
            return await super()._small(image, data, width, height)
        return await self._tools.runner.run(Job("preview", data, {"width": width, "height": height}))
