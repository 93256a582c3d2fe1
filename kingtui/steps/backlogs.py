"""What waits for all steps at once: one question to the store about all pictures instead of one for each step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kingtui.models import Backlog
from kingtui.steps.base import Step
from kingtui.steps.items import ImageStep
from kingtui.store import images
from kingtui.store.database import Database


async def backlogs(steps: Iterable[Step], database: Database, now: datetime) -> dict[int, Backlog]:
    """What waits for each of these steps, by its number."""
    asked = {step.info.number: step for step in steps}
    stages = {number: step.stage for number, step in asked.items() if isinstance(step, ImageStep)}
    async with database.read() as connection:
        found = await images.backlogs(connection, stages.values(), now)
    return {n: found[stages[n]] if n in stages else await step.backlog() for n, step in asked.items()}
