"""Step 4: reads every number of a chart and writes the analysis of the picture."""

from __future__ import annotations

import asyncio

from kingtui.charts.reading import AnyReading, UnknownReading
from kingtui.events import PictureStaged
from kingtui.home import write_text
from kingtui.models import Image, Stage
from kingtui.reports.analysis import analysis
from kingtui.steps.base import Outcome, RunContext
from kingtui.steps.filing import unbroken
from kingtui.steps.items import ImageStep
from kingtui.steps.readings import evidence_time, reading_of
from kingtui.steps.words import commentary
from kingtui.store import images


class Analyse(ImageStep):
    """The reading is kept, the analysis lies in mdfiles, the picture goes to imagesanalysed."""

    number = 4
    stage = Stage.UNIQUE

    @property
    def width(self) -> int:
        return self.tools.runner.width

    async def handle(self, image: Image, run: RunContext) -> Outcome:
        reading = await reading_of(self, image)
        if isinstance(reading, UnknownReading):
            reason = reading.reasons.get("kind", "the reader could not make out the chart")
            await self.close(image, Stage.UNKNOWN, reason, folder="downloads/Unknown")
            run.log(f"{image.name} cannot be read: {reason}")
            return Outcome.DONE
        at, at_source = await evidence_time(self, image, reading)
        words = await commentary(self.tools, image, reading, run)
        # In a thread: the first of these loads and compiles the templates
        text = await asyncio.to_thread(
            analysis, reading, name=image.name, sha256=image.sha256, at=at, at_source=at_source, words=words
        )
        written = f"mdfiles/.{image.id}.part"
        await asyncio.to_thread(write_text, self.tools.home.root / written, text)
        await unbroken(self._file(image, reading, written))
        self.tools.bus.post(PictureStaged(image.id, image.name, Stage.ANALYSED))
        run.log(f"{image.name} was read: {reading.kind.label}{_doubts(reading)}")
        return Outcome.DONE

    async def _file(self, image: Image, reading: AnyReading, written: str) -> None:
        now = self.tools.clock.now()
        async with self.tools.database.write() as tx:
            folder = f"imagesanalysed/{reading.kind.folder}"
            picture = await self.filing.plan(tx, image.path, folder, image.name, image.sha256, now, exact=True)
            name = picture.dst.rsplit("/", 1)[1] + ".md"
            sheet = await self.filing.plan(tx, written, "mdfiles", name, image.sha256, now)
            await images.move_on(
                tx, image.id, Stage.ANALYSED, now, path=picture.dst, analysis=sheet.dst, kind=reading.kind,
                verified=reading.all_verified, sure_share=reading.sure_share, reason=None,
            )  # fmt: skip
        await self.filing.follow(picture, sheet)


def _doubts(reading: AnyReading) -> str:
    doubtful = [*reading.reasons, *(part for part in reading.parts() if not part.verified)]
    return f", {len(doubtful)} values not verified" if doubtful else ", every value verified"
