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
        self._one = asyncio.Lock()
        """Who looks takes one worker at most: the others are for the steps."""

    async def picture_marks(self, image_id: int) -> PictureMarks:
        sha256 = (await self._image(image_id)).sha256
        if sha256 not in self._marks:
            async with self._one:
                if sha256 not in self._marks:  # nobody asked for it meanwhile
                    self._marks[sha256] = await self._found((await self._stored(image_id))[1])
        known = self._marks[sha256]
        self._marks.move_to_end(sha256)
        while len(self._marks) > KEPT:
            self._marks.popitem(last=False)
        return known

    async def _found(self, data: bytes) -> PictureMarks:
        try:
            found = await self._tools.runner.run(Job("marks", data, timeout=self._tools.settings.item_timeout))
        except NotAPicture as error:
            raise NotFound(f"There is no picture to show: {error}") from error
        return load(PictureMarks, json.loads(found))
