"""What the reader finds on a picture, and where: read anew in the pool when somebody wants to see it."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict

from kingtui.charts import NotAPicture
from kingtui.control.picture_answers import PictureAnswers
from kingtui.control.wire import load
from kingtui.models import NotFound, PictureMarks
from kingtui.runner import Job
from kingtui.steps.base import Toolbox

KEPT = 16
"""Answers that are kept, the last asked for: a picture that is looked at is asked for again."""


class PictureReader(PictureAnswers):
    """The part of LocalControl that shows where on a picture its values were found."""

    _tools: Toolbox

    def __init__(self) -> None:
        self._marks: OrderedDict[str, PictureMarks] = OrderedDict()

    async def picture_marks(self, image_id: int) -> PictureMarks:
        image = await self._image(image_id)
        known = self._marks.get(image.sha256)
        if known is None:
            data = await asyncio.to_thread(self._content, image)
            job = Job("marks", data, timeout=self._tools.settings.item_timeout)
            try:
                found = await self._tools.runner.run(job)
            except NotAPicture as error:
                raise NotFound(f"There is no picture to show: {error}") from error
            known = self._marks[image.sha256] = load(PictureMarks, json.loads(found))
            while len(self._marks) > KEPT:
                self._marks.popitem(last=False)
        self._marks.move_to_end(image.sha256)
        return known
