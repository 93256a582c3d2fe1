"""Step 3: pictures that repeat one that is there. They are set aside, never deleted."""

from __future__ import annotations

import asyncio
import json
import logging

from kingtui.charts import NotAPicture
from kingtui.charts.compare import agree
from kingtui.charts.reading import READER, AnyReading, load
from kingtui.events import SymbolUpdated
from kingtui.models import Image, Stage
from kingtui.runner import Job
from kingtui.steps.base import Outcome, RunContext, Toolbox
from kingtui.steps.filing import Filing
from kingtui.steps.items import Gone, ImageStep
from kingtui.steps.look_alikes import LookAlikes
from kingtui.steps.readings import reading_of
from kingtui.store import images, symbols

COMPARED = 24
"""Look-alikes whose pictures are opened for one picture, nearest first: a few seconds at most."""


class Dedupe(ImageStep):
    """Same bytes or pixels: a duplicate. A look-alike: only where the readings agree and so do the pictures themselves.

    Pictures are taken one at a time (``width``), so that of two copies the second always meets the first.
    """

    number = 3
    stage = Stage.SORTED

    def __init__(self, tools: Toolbox, filing: Filing) -> None:
        super().__init__(tools, filing)
        self._index = LookAlikes(tools.database)

    async def handle(self, image: Image, run: RunContext) -> Outcome:
        near = await self._index.near(image)
        async with self.tools.database.read() as connection:
            original = await images.same_content(connection, image)
        if original is not None:
            what = "bytes" if original.sha256 == image.sha256 else "pixels"
            return await self._set_aside(image, original, f"the same {what} as picture {original.id}", run)
        original = await self._same_chart(image, near, run)
        if original is not None:
            return await self._set_aside(image, original, f"the same chart as picture {original.id}", run)
        await self.close(image, Stage.UNIQUE, None)
        return Outcome.DONE

    async def _same_chart(self, image: Image, near: list[int], run: RunContext) -> Image | None:
        """The first of the look-alikes that shows the same chart."""
        if not near:
            return None
        data, reading, opened = await self.content(image), None, 0
        for place, image_id in enumerate(near):
            async with self.tools.database.read() as connection:
                found = await images.look_alike(connection, image, image_id, READER)
            if found is None:
                continue
            if reading is None:
                reading = await reading_of(self, image)
            candidate, kept = found
            if kept is not None and not agree(reading, await asyncio.to_thread(load, kept)):
                continue
            if opened == COMPARED:
                rest = len(near) - place
                run.log(f"{image.name}: {rest} of {len(near)} look-alikes were not compared", logging.WARNING)
                return None
            opened += 1
            if await self._confirmed(image, data, reading, candidate, run):
                return candidate
        return None

    async def _confirmed(
        self, image: Image, data: bytes, reading: AnyReading, candidate: Image, run: RunContext
    ) -> bool:
        """Whether the candidate's picture, laid over this one, shows no difference, and its reading agrees."""
        while True:
            try:
                other = await self.content(candidate)
                job = Job("overlay", data + other, {"split": len(data)}, timeout=self.tools.settings.item_timeout)
                if not json.loads(await self.tools.runner.run(job))["same"]:
                    return False
                return agree(reading, await reading_of(self, candidate))
            except (Gone, NotAPicture) as error:
                async with self.tools.database.read() as connection:
                    moved = await images.get(connection, candidate.id)
                if moved is not None and moved.path != candidate.path:  # a later step took it on meanwhile
                    candidate = moved
                    continue
                # A person took it away or wrote over it
                run.log(f"{image.name} could not be compared with picture {candidate.id}: {error}", logging.WARNING)
                return False

    async def _set_aside(self, image: Image, original: Image, reason: str, run: RunContext) -> Outcome:
        await self.close(
            image, Stage.DUPLICATE, reason, folder="downloads/Duplicates", original_id=original.id
        )  # fmt: skip
        run.log(f"{image.name} is a duplicate: {reason} ({original.name})")
        renewed: list[str] = []
        async with self.tools.database.write() as tx:
            at = await images.message_time(tx, original.id)
            if at is not None:
                renewed = await symbols.renew(tx, original.sha256, at, self.tools.clock.now())
        for name in renewed:
            self.tools.bus.post(SymbolUpdated(name))
        return Outcome.DONE
