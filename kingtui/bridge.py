"""From Control's events to a face: batches at a bounded pace, and a fresh status when something may have changed it.

Knows nothing of Textual. A face that shows ten batches a second is as live as an eye can see, and stays calm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from kingtui.control import Control
from kingtui.events import AttachmentChanged, Event, Logged
from kingtui.models import KingError, Status

T = TypeVar("T")

BATCH_SECONDS = 0.1
STATUS_SECONDS = 0.7
"""At most so often a status is asked for."""
SLOWEST = 6.0
CHECK_SECONDS = 8.0
"""At least so often, for what no event tells of."""


async def whole(answer: Awaitable[T]) -> T:
    """The answer of Control, waited for even where we are cancelled meanwhile: no question to the store is cut off."""
    asked = asyncio.ensure_future(answer)
    try:
        return await asyncio.shield(asked)
    except asyncio.CancelledError:
        await asyncio.wait({asked})
        if not asked.cancelled():
            asked.exception()  # nobody is left to hear of it
        raise


class Bridge:
    """``run()`` calls ``on_events`` with what happened and ``on_status`` with each new status, until cancelled.

    Within a batch an event replaces the earlier one of its key. ``on_trouble`` gets the sentence of a status that
    could not be had, and None when it could again.
    """

    def __init__(
        self, control: Control, on_events: Callable[[Sequence[Event]], object], on_status: Callable[[Status], object],
        on_trouble: Callable[[str | None], object], *, slowly: float = 1.0,
    ) -> None:  # fmt: skip
        """``slowly``: so many times less often than usual."""
        self._control = control
        self._on_events = on_events
        self._on_status = on_status
        self._on_trouble = on_trouble
        self._slowly = slowly
        self._batch: dict[object, Event] = {}
        self._serial = 0
        self._arrived = asyncio.Event()
        self._dirty = asyncio.Event()

    def refresh(self) -> None:
        """Ask for a fresh status now."""
        self._dirty.set()

    async def run(self) -> None:
        """Listen, hand over, and keep the status fresh."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._hand_over())
            group.create_task(self._keep_status())

    async def _listen(self) -> None:
        async with self._control.events() as events:
            async for event in events:
                self._serial += 1
                key = event.key
                self._batch[self._serial if key is None else key] = event
                self._arrived.set()

    async def _hand_over(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch, self._batch = list(self._batch.values()), {}
            self._on_events(batch)
            if not all(isinstance(event, Logged | AttachmentChanged) for event in batch):
                self._dirty.set()
            await asyncio.sleep(BATCH_SECONDS * self._slowly)

    async def _keep_status(self) -> None:
        troubled = False
        while True:
            self._dirty.clear()
            try:
                self._on_status(await whole(self._control.status()))
                if troubled:
                    troubled = False
                    self._on_trouble(None)
            except KingError as error:
                troubled = True
                self._on_trouble(str(error))
            await asyncio.sleep(STATUS_SECONDS * min(self._slowly, SLOWEST))
            try:
                async with asyncio.timeout(CHECK_SECONDS - STATUS_SECONDS * min(self._slowly, SLOWEST)):
                    await self._dirty.wait()
            except TimeoutError:
                continue
