"""What the store and the home's files say of a picture: what was read from it, what befell it, and a small copy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from kingtui.charts import NotAPicture
from kingtui.charts.reading import load
from kingtui.home import Home
from kingtui.models import Image, NotFound, PictureView, ReadValue, Stage, WrongUse
from kingtui.reports.values import values
from kingtui.store import images, moves, pictures, readings
from kingtui.store.database import Database

MOST_PIXELS = 1600
MOST_BYTES = 64 * 2**20
"""Of a file that a preview is made from; step 2 takes smaller ones only."""
SHOWN = 20
"""Deliveries and failures that are told of one picture."""


class PictureAnswers:
    """The part of Control that tells of pictures."""

    _home: Home
    _database: Database

    async def image_counts(self) -> Mapping[Stage, int]:
        async with self._database.read() as connection:
            return await images.counts(connection)

    async def picture(self, image_id: int) -> PictureView:
        async with self._database.read() as connection:
            image = await images.get(connection, image_id)
            if image is None:
                raise NotFound(f"Picture {image_id} not found")
            original = None if image.original_id is None else await images.get(connection, image.original_id)
            kept = await readings.newest(connection, (original or image).sha256)
            view = PictureView(
                image,
                str(self._home.root / image.path),
                original,
                duplicates=await pictures.duplicates_of(connection, image.id),
                receipts=tuple(await pictures.receipts_of(connection, image.id, SHOWN)),
                attempts=tuple(await pictures.failures_of(connection, image.id, SHOWN)),
            )
        return view if kept is None else await asyncio.to_thread(_with_values, view, *kept)

    async def preview(self, image_id: int, *, width: int, height: int) -> bytes:
        for name, number in (("width", width), ("height", height)):
            if not 1 <= number <= MOST_PIXELS:
                raise WrongUse(f"{name} is {number}: 1 to {MOST_PIXELS} pixels are allowed")
        image, data = await self._stored(image_id)
        try:
            return await self._small(image, data, width, height)
        except NotAPicture as error:
            raise NotFound(f"There is no picture to show: {error}") from error

    async def picture_data(self, image_id: int) -> bytes:
        return (await self._stored(image_id))[1]

    async def _image(self, image_id: int) -> Image:
        async with self._database.read() as connection:
            image = await images.get(connection, image_id)
        if image is None:
            raise NotFound(f"Picture {image_id} not found")
        return image

    async def _small(self, image: Image, data: bytes, width: int, height: int) -> bytes:
        """The small copy, made in a thread: a decoder gives way to the loop while it works."""
        return await asyncio.to_thread(_preview, data, width, height)

    async def _stored(self, image_id: int) -> tuple[Image, bytes]:
        """A picture and its file, also while a step moves it: a commit says where it shall be, then the file follows.

        Raises NotFound.
        """
        before = None
        while True:
            image = await self._image(image_id)
            async with self._database.read() as connection:
                source = await moves.source(connection, image.path)
            found = await asyncio.to_thread(self._content, image.path, source)
            if found is not None:
                return image, found
            if image == before:
                raise NotFound(f"{image.path} is gone: somebody removed or moved it")
            before = image  # it may have gone on since

    def _content(self, path: str, source: str | None) -> bytes | None:
        """What is at ``path``, or still at ``source``; None where there is nothing. Raises NotFound."""
        for place in [path] if source is None else [path, source, path]:
            try:
                file = self._home.inside(self._home.root / place)
                if file.stat().st_size > MOST_BYTES:
                    raise NotFound(f"{place} is larger than {MOST_BYTES:,} bytes: it is not opened")
                return file.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise NotFound(f"{place} cannot be read: {error.strerror}") from error
        return None


def _preview(data: bytes, width: int, height: int) -> bytes:
    from kingtui.charts.preview import preview  # loads Pillow and NumPy

    return preview(data, width, height)


def _with_values(view: PictureView, data: bytes, reader: str, read_at: datetime) -> PictureView:
    reading = load(data)
    found: tuple[ReadValue, ...] = values(reading)
    return replace(view, values=found, reading=reading.to_json(), reader=reader, read_at=read_at)
