"""Readings and their time, for the steps: a chart is read once per hash and version of the reader, and kept."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from kingtui.charts.reading import READER, AnyReading, MapReading, load
from kingtui.models import Image
from kingtui.steps.items import ImageStep
from kingtui.store import images, readings


async def reading_of(step: ImageStep, image: Image) -> AnyReading:
    """The kept reading of a picture, else the one read now in the pool. Raises Gone, NotAPicture, JobFailed."""
    async with step.tools.database.read() as connection:
        kept = await readings.get(connection, image.sha256, READER)
    if kept is None:
        kept = await step.job("read", await step.content(image))
        async with step.tools.database.write() as tx:
            await readings.keep(tx, image.sha256, READER, load(kept).kind, kept, step.tools.clock.now())
    return load(kept)


async def evidence_time(
    step: ImageStep, image: Image, reading: AnyReading
) -> tuple[datetime, Literal["chart", "message", "arrival"]]:
    """When what a chart shows was so: its printed time if verified, else the latest message's, else its arrival."""
    if isinstance(reading, MapReading) and reading.timestamp is not None and reading.sure("timestamp"):
        return reading.timestamp, "chart"
    async with step.tools.database.read() as connection:
        message = await images.message_time(connection, image.id)
    return (image.arrived_at, "arrival") if message is None else (message, "message")
