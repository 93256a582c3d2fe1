"""Step 3: pictures that repeat one that is there. They are set aside, never deleted."""

from __future__ import annotations

from kingtui.charts.compare import same_chart
from kingtui.models import Image, Stage
from kingtui.steps.base import Outcome, RunContext
from kingtui.steps.items import Gone, ImageStep
from kingtui.steps.readings import reading_of
from kingtui.store import images, symbols

LOOK_ALIKE = 8
"""Perceptual hashes that differ in at most so many of 64 bits name a candidate."""


class Dedupe(ImageStep):
    """Same bytes or same pixels: a duplicate. A look-alike: only where every value read is equal."""

    number = 3
    stage = Stage.SORTED

    async def handle(self, image: Image, run: RunContext) -> Outcome:
        async with self.tools.database.read() as connection:
            original = await images.same_content(connection, image)
        if original is not None:
            what = "bytes" if original.sha256 == image.sha256 else "pixels"
            return await self._set_aside(image, original, f"the same {what} as picture {original.id}", run)
        original = await self._same_chart(image)
        if original is not None:
            return await self._set_aside(image, original, f"the same chart as picture {original.id}", run)
        await self.close(image, Stage.UNIQUE, None)
        return Outcome.DONE

    async def _same_chart(self, image: Image) -> Image | None:
        if image.phash is None:
            return None
        ours = int(image.phash, 16)
        async with self.tools.database.read() as connection:
            near = await images.look_alikes(connection, image)
            candidates = [
                await images.get(connection, image_id)
                for image_id, phash in near
                if (ours ^ int(phash, 16)).bit_count() <= LOOK_ALIKE
            ]
        if not candidates:
            return None
        reading = await reading_of(self, image)
        for candidate in candidates:
            if candidate is None:
                continue
            try:
                other = await reading_of(self, candidate)
            except Gone:
                continue  # its file was taken away by a person before it was read
            if same_chart(reading, other):
                return candidate
        return None

    async def _set_aside(self, image: Image, original: Image, reason: str, run: RunContext) -> Outcome:
        await self.close(
            image, Stage.DUPLICATE, reason, folder="downloads/Duplicates", original_id=original.id
        )  # fmt: skip
        run.log(f"{image.name} is a duplicate: {reason} ({original.name})")
        async with self.tools.database.write() as tx:
            at = await images.message_time(tx, original.id)
            if at is not None:
                await symbols.renew(tx, original.sha256, at, self.tools.clock.now())
        return Outcome.DONE
