"""Health in one word, with its reasons as sentences: the same on every face."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from kingtui.events import HealthChanged
from kingtui.models import Health, HealthWord, RunStatus, Stage
from kingtui.orchestrator import Orchestrator
from kingtui.redaction import hide
from kingtui.services import Source
from kingtui.steps.base import Toolbox
from kingtui.store import images

CHECK_SECONDS = 5.0
WINDOW = 50
DOUBTFUL_SHARE = 0.2


class HealthKeeper:
    """Looks at everything that can be wrong, every few seconds and whenever it is nudged."""

    def __init__(
        self,
        tools: Toolbox,
        orchestrator: Orchestrator,
        sources: Sequence[Source],
        problems: Callable[[], Sequence[str]],
    ) -> None:
        self._tools = tools
        self._orchestrator = orchestrator
        self._sources = sources
        self._problems = problems
        self._started_at = tools.clock.now()
        self._reasons: tuple[str, ...] = ()
        self.heard: Mapping[str, datetime] = {}
        """When each source delivered last, by its name, as of the last look."""
        self._posted = Health()
        self._nudged = asyncio.Event()

    @property
    def health(self) -> Health:
        """The word of this moment."""
        if self._reasons:
            return Health(HealthWord.ATTENTION, self._reasons)
        working = any(lane.run is not None for lane in self._orchestrator.lanes.values())
        return Health(HealthWord.WORKING if working else HealthWord.WELL)

    def nudge(self) -> None:
        """Something happened that may change it."""
        self._nudged.set()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self._nudged.clear()
            await self.look()
            rest = asyncio.create_task(self._tools.clock.sleep(CHECK_SECONDS))
            nudged = asyncio.create_task(self._nudged.wait())
            try:
                await asyncio.wait({rest, nudged}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                rest.cancel()
                nudged.cancel()

    async def look(self) -> None:
        """Find the reasons anew and tell where anything changed."""
        now = self._tools.clock.now()
        async with self._tools.database.read() as connection:
            stages = await images.counts(connection)
            doubtful, judged = await images.doubtful(connection, WINDOW)
            self.heard = await images.last_received(connection)
        free = await asyncio.to_thread(self._tools.home.free_disk)
        found = (
            *self._problems(), *self._steps(), *self._silence(now), *self._quarantine(stages),
            *self._disk(free), *self._changed_charts(doubtful, judged),
        )  # fmt: skip
        self._reasons = tuple(hide(reason) for reason in found)
        if self.health != self._posted:
            self._posted = self.health
            self._tools.bus.post(HealthChanged(self._posted))

    def _steps(self) -> list[str]:
        ended = {RunStatus.FAILED: "failed", RunStatus.TIMEOUT: "timed out"}
        lasts = [lane.last for lane in self._orchestrator.lanes.values() if lane.last is not None and not lane.idle]
        return [
            f"step {run.step} {ended[run.status]}: {run.error or 'no reason given'}"
            for run in lasts
            if run.status in ended
        ]

    def _silence(self, now: datetime) -> list[str]:
        hours = self._tools.settings.silence_hours
        return [
            f"nothing came from {source.label} for {(now - last).total_seconds() / 3600:.0f} hours"
            for source in self._sources
            if now - (last := max(self.heard.get(source.name, self._started_at), self._started_at))
            > timedelta(hours=hours)
        ]

    def _quarantine(self, stages: Mapping[Stage, int]) -> list[str]:
        count = stages.get(Stage.QUARANTINED, 0)
        what = "1 picture is" if count == 1 else f"{count} pictures are"
        return [f"{what} in Quarantine: look at the reason, then retry or take it away"] if count else []

    def _disk(self, free: int) -> list[str]:
        least = self._tools.settings.min_free_disk
        return [f"{free / 1e9:.2f} GB of disk are free, less than {least / 1e9:.2f} GB"] if free < least else []

    def _changed_charts(self, doubtful: int, judged: int) -> list[str]:
        if doubtful <= WINDOW * DOUBTFUL_SHARE:
            return []
        return [f"{doubtful} of the last {judged} pictures are unknown or not verified: the charts may have changed"]
