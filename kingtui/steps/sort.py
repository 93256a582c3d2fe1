"""Step 2: what each new picture is, and its folder."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta
from pathlib import PurePosixPath

from kingtui.charts import NotAPicture
from kingtui.events import PictureStaged
from kingtui.models import MANUAL, Image, Kind, Stage, symbol_of
from kingtui.steps.base import Outcome, RunContext, Toolbox
from kingtui.steps.filing import Filing
from kingtui.steps.intake import MAX_BYTES, YOUNG_SECONDS, Intake
from kingtui.steps.items import ImageStep
from kingtui.steps.words import opinion
from kingtui.store import images

SETTLE_SECONDS = 30.0
"""A file that does not decode is given this long without a change before it counts as broken."""
LOOKS = 5
"""Looks at files that are still being written, a second apart, before a run leaves them to the watcher."""


class Sort(ImageStep):
    """Asks the chart reader and moves the picture to its kind's folder, or to Unknown."""

    number = 2
    stage = Stage.NEW

    def __init__(self, tools: Toolbox, filing: Filing, intake: Intake) -> None:
        super().__init__(tools, filing)
        self._intake = intake

    @property
    def width(self) -> int:
        return self.tools.runner.width

    async def run(self, run: RunContext) -> None:
        if run.run.trigger == MANUAL:
            await self._take_in()
        await super().run(run)

    async def _take_in(self) -> None:
        """Register what lies in downloads: whoever asks for a run means every file that is there now."""
        for look in range(LOOKS):
            if look:
                await self.tools.clock.sleep(YOUNG_SECONDS)
            if not (await self._intake.scan()).young:
                return

    async def handle(self, image: Image, run: RunContext) -> Outcome:
        if image.size > MAX_BYTES:
            return await self.quarantine(image, f"is {image.size:,} bytes; a picture has at most {MAX_BYTES:,}", run)
        began = self.tools.clock.monotonic()
        data = await self.content(image)
        if await asyncio.to_thread(_sha256, data) != image.sha256:
            await self._intake.take([PurePosixPath(image.path).name])
            return Outcome.WAITS
        try:
            found = json.loads(await self.job("identify", data))
        except NotAPicture as error:
            return await self._undecodable(image, str(error), run)
        kind = Kind(found["kind"])
        columns = {name: found[name] for name in ("title", "chart_like", "pixels", "phash")}
        columns["symbol"] = symbol_of(found["symbol"]) if found["symbol"] else None
        stage = Stage.UNKNOWN if kind is Kind.UNKNOWN else Stage.SORTED
        folder = f"downloads/{kind.folder}"
        await self.close(image, stage, found["reason"], folder=folder, kind=kind, **columns)
        reason = f": {found['reason']}" if found["reason"] else ""
        run.log(f"{image.name} is {_a(kind)}{reason}")
        if stage is Stage.UNKNOWN and found["chart_like"]:
            left = self.tools.settings.item_timeout - (self.tools.clock.monotonic() - began)
            await self._second_opinion(image, data, found["reason"], run, left)
        return Outcome.DONE

    async def _second_opinion(self, image: Image, data: bytes, reason: str, run: RunContext, left: float) -> None:
        """Ask a model what the picture may be, for the person who looks at it: it stays where it is."""
        thought = await opinion(self.tools, image, data, run, left)
        if thought is None:
            return
        told = f"{reason}. {thought}"
        async with self.tools.database.write() as tx:
            is_there = await images.explain(tx, image.id, Stage.UNKNOWN, told)
        if is_there:
            self.tools.bus.post(PictureStaged(image.id, image.name, Stage.UNKNOWN, told))
        run.log(f"{image.name}: {thought}")

    async def _undecodable(self, image: Image, reason: str, run: RunContext) -> Outcome:
        async with self.tools.database.read() as connection:
            settled = await images.changed_at(connection, image.id) + timedelta(seconds=SETTLE_SECONDS)
        if self.tools.clock.now() >= settled:
            return await self.quarantine(image, reason, run)
        run.log(f"{image.name} does not decode yet ({reason}); it may still be written")
        async with self.tools.database.write() as tx:
            await images.postpone(tx, image.id, settled)
        return Outcome.WAITS


def _a(kind: Kind) -> str:
    return f"an {kind.label}" if kind.label[0] in "RU" or kind is Kind.UNKNOWN else f"a {kind.label}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
