"""One listener of the bus for the whole API: it makes kept answers void, counts, and wakes who follows events."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Iterator

from kingtui.api.frames import Frames
from kingtui.api.kept import KeptAnswers
from kingtui.api.tally import Happenings
from kingtui.clock import Clock
from kingtui.control import Control
from kingtui.control.wire import event_name
from kingtui.events import Event, Logged, Missed, RunProgressed, SymbolUpdated

log = logging.getLogger("kingtui.api")

TURN = 50
"""Events that are taken before others get their turn."""
STATUS = "*status"
"""The subject of kept answers that tell of the whole."""


class Hub:
    """Takes each event once for all. Use as ``async with hub``."""

    def __init__(self, control: Control, clock: Clock, kept: KeptAnswers) -> None:
        self.epoch = secrets.token_hex(8)
        """Names this life of the API: a number of another life means nothing here."""
        self.frames = Frames(clock)
        self.happenings = Happenings()
        self.followers = 0
        self.dropped = 0
        """Followers that were too slow."""
        self._control = control
        self._kept = kept
        self._news: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Hub:
        started = asyncio.Event()
        self._task = asyncio.create_task(self._run(started), name="API events")
        await started.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @property
    def listens(self) -> bool:
        """Whether what changes is heard of, so that answers can be kept."""
        return self._task is not None and not self._task.done()

    @contextlib.contextmanager
    def follow(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever there are new frames."""
        news = asyncio.Event()
        self._news.add(news)
        self.followers += 1
        try:
            yield news
        finally:
            self._news.discard(news)
            self.followers -= 1

    async def _run(self, started: asyncio.Event) -> None:
        async with self._control.events() as events:
            started.set()
            taken = 0
            async for event in events:
                try:
                    self._take(event)
                except Exception:  # what cannot be told of one event must not end the telling of all others
                    if not isinstance(event, Logged):
                        log.exception("an event cannot be told of: %s", type(event).__name__)
                    self._take(Missed(1))
                taken += 1
                if taken % TURN == 0:
                    await asyncio.sleep(0)

    def _take(self, event: Event) -> None:
        self._void(event)
        self.happenings.count(event_name(type(event)), event)
        self.frames.add(event)
        for news in self._news:
            news.set()

    def _void(self, event: Event) -> None:
        match event:
            case SymbolUpdated(symbol):
                self._kept.changed(symbol)
                self._kept.changed(STATUS)
            case Missed():
                self._kept.all_changed()
            case Logged() | RunProgressed():
                pass  # what they change of the status shows when its answer has aged, half a second later
            case _:
                self._kept.changed(STATUS)
