"""The bridge hands events over in bounded batches and keeps the status fresh, whatever Control answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from kingtui import bridge
from kingtui.bridge import Bridge
from kingtui.events import Event, EventBus, PauseChanged, RunProgressed, Subscription
from kingtui.models import Health, KingError, Progress, Status
from tests.world import until

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
STATUS = Status(NOW, (), Health(), False, False, 0, 0, 0, None, "none", None)


class Asked:
    """A Control that counts what it is asked, and can be out of order."""

    def __init__(self) -> None:
        self.bus = EventBus()
        self.count = 0
        self.broken = False

    def events(self) -> Subscription:
        return self.bus.subscribe()

    async def status(self) -> Status:
        self.count += 1
        if self.broken:
            raise KingError("nobody answers")
        return STATUS


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Any]:
    control = Asked()
    batches: list[Sequence[Event]] = []
    statuses: list[Status] = []
    troubles: list[str | None] = []
    task = asyncio.create_task(Bridge(control, batches.append, statuses.append, troubles.append).run())  # type: ignore[arg-type]
    try:
        await until(lambda: statuses, "the first status")
        yield SimpleNamespace(control=control, batches=batches, statuses=statuses, troubles=troubles)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_flood_becomes_few_batches_and_loses_only_what_was_replaced() -> None:
    async with listening() as seen:
        started = asyncio.get_running_loop().time()
        for number in range(5000):
            seen.control.bus.post(RunProgressed(1, 4, Progress(number, 5000)))
            if number % 100 == 0:
                seen.control.bus.post(PauseChanged(number % 200 == 0))
            if number % 250 == 0:
                await asyncio.sleep(0.01)
        await until(lambda: seen.batches and any(_last(batch) == 4999 for batch in seen.batches), "the last progress")
        took = asyncio.get_running_loop().time() - started
        assert len(seen.batches) <= took / bridge.BATCH_SECONDS + 2
        pauses = [event for batch in seen.batches for event in batch if isinstance(event, PauseChanged)]
        assert len(pauses) == 50
        assert seen.control.count <= took / bridge.STATUS_SECONDS + 2


def _last(batch: Sequence[Event]) -> int:
    return max((event.progress.done for event in batch if isinstance(event, RunProgressed)), default=-1)


async def test_an_event_brings_a_fresh_status_and_a_refresh_too() -> None:
    async with listening() as seen:
        before = seen.control.count
        seen.control.bus.post(PauseChanged(True))
        await until(lambda: seen.control.count == before + 1, "a status after the event")


async def test_a_status_that_cannot_be_had_is_told_once_it_can_be_had_again() -> None:
    async with listening() as seen:
        seen.control.broken = True
        seen.control.bus.post(PauseChanged(True))
        await until(lambda: seen.troubles == ["nobody answers"], "the trouble")
        seen.control.broken = False
        seen.control.bus.post(PauseChanged(False))
        await until(lambda: seen.troubles == ["nobody answers", None], "its end")
