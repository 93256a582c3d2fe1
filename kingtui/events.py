"""What happened, as frozen dataclasses, and the bus that carries it to whoever listens.

A subscription is bounded: progress of a run replaces the progress that was not yet taken, and where a listener falls
behind by more than its bound the oldest events go and one ``Missed`` says so, whereupon it asks for a fresh status.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Literal, Self

from kingtui.models import Attachment, Health, LogEntry, Progress, Run, Stage
from kingtui.redaction import hide


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    @property
    def key(self) -> object | None:
        """Events of one key replace each other while they wait; None: each counts."""
        return None


@dataclass(frozen=True, slots=True)
class RunRequested(Event):
    """A run was asked for and stored."""

    run: Run


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A run began."""

    run: Run


@dataclass(frozen=True, slots=True)
class RunProgressed(Event):
    """A run finished an item, or learned of more."""

    run_id: int
    step: int
    progress: Progress

    @property
    def key(self) -> object:
        return ("progress", self.step)


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """A run ended in any way."""

    run: Run


@dataclass(frozen=True, slots=True)
class PictureArrived(Event):
    """A picture was registered."""

    image_id: int
    name: str


@dataclass(frozen=True, slots=True)
class PictureStaged(Event):
    """A picture came to another stage."""

    image_id: int
    name: str
    stage: Stage
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SymbolUpdated(Event):
    """A symbol's record changed."""

    symbol: str

    @property
    def key(self) -> object:
        return ("symbol", self.symbol)


@dataclass(frozen=True, slots=True)
class ReportWritten(Event):
    """A professional report was written; ``file`` is relative to the home."""

    symbol: str
    file: str


@dataclass(frozen=True, slots=True)
class HealthChanged(Event):
    """Health has another word or other reasons."""

    health: Health

    @property
    def key(self) -> object:
        return "health"


@dataclass(frozen=True, slots=True)
class PauseChanged(Event):
    """Automatic triggers were held, or let go."""

    paused: bool


@dataclass(frozen=True, slots=True)
class Restarted(Event):
    """Every run was ended and all steps are idle."""


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something a person should read: what happened and what to do."""

    text: str
    severity: Literal["information", "warning", "error"] = "information"


@dataclass(frozen=True, slots=True)
class Logged(Event):
    """A line went to the log."""

    entry: LogEntry


@dataclass(frozen=True, slots=True)
class AttachmentChanged(Event):
    """An attached dashboard lost its connection, or has it again. It never goes over one."""

    attachment: Attachment

    @property
    def key(self) -> object:
        return "attachment"


@dataclass(frozen=True, slots=True)
class Missed(Event):
    """This listener fell behind, or was cut off: events were dropped. 0: nobody knows how many, if any."""

    count: int

    @property
    def key(self) -> object:
        return "missed"


@dataclass(eq=False)
class Subscription:
    """One listener's waiting events. Use as ``async with bus.subscribe() as events: async for event in events``."""

    bus: EventBus
    bound: int
    _waiting: OrderedDict[object, Event] = field(default_factory=OrderedDict)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _missed: int = 0
    _serial: int = 0
    _closed: bool = False

    def put(self, event: Event) -> None:
        """Add an event; called by the bus, in the loop's thread."""
        self._serial += 1
        key = event.key
        self._waiting[self._serial if key is None else key] = event
        if len(self._waiting) > self.bound:
            self._waiting.popitem(last=False)
            self._missed += 1
        self._ready.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more; the iterator ends."""
        self._closed = True
        self.bus.drop(self)
        self._ready.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            await self._ready.wait()
            if self._missed:
                count, self._missed = self._missed, 0
                yield Missed(count)
            while self._waiting:
                yield self._waiting.popitem(last=False)[1]
            if self._closed:
                return
            self._ready.clear()


class EventBus:
    """Carries events to every subscription, in the loop's thread, without waiting for anyone."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []

    def subscribe(self, bound: int = 1000) -> Subscription:
        """A new listener from this moment on."""
        subscription = Subscription(self, bound)
        self._subscriptions.append(subscription)
        return subscription

    def drop(self, subscription: Subscription) -> None:
        """Forget a listener."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def post(self, event: Event) -> None:
        """Tell everyone."""
        if isinstance(event, Notice):
            event = replace(event, text=hide(event.text))
        for subscription in tuple(self._subscriptions):
            subscription.put(event)
