"""RemoteControl: what a face may ask or do, asked of a kingtui in another process or on another machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, cast

from kingtui import __version__
from kingtui.client.asynchronous import TIMEOUT_SECONDS, AsyncClient
from kingtui.client.doors import Door
from kingtui.client.live import LiveEvent, LiveEvents
from kingtui.clock import Clock, SystemClock
from kingtui.control import Control
from kingtui.control.wire import EVENTS, METHODS, Method, Unreadable, load
from kingtui.events import AttachmentChanged, EventBus, Missed, Notice, Subscription
from kingtui.home import Home, read_choices, write_choice
from kingtui.models import Attachment, KingError, Scope, Status

log = logging.getLogger("kingtui.client")

ATTEMPTS = 2
"""Of a question that may be asked twice: a connection that was kept may have been let go at the other end."""


class RemoteControl:
    """Every method of Control by its name, and events from the live channel; ``control`` is it as a Control.

    ``await remote.start(spawn)`` begins to follow the events and ``await remote.stop()`` ends it. While the connection
    is lost every question raises KingError; why, and when it is tried again, is told as AttachmentChanged. After it is
    there again a Missed makes everyone ask anew.
    """

    def __init__(
        self, door: Door, *, greeting: str = "", keeps: Home | None = None, timeout: float = TIMEOUT_SECONDS,
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        """``greeting`` is told once the events are followed. ``keeps``: where choices are kept, if not over there."""
        self.bus = EventBus()
        self._door = door
        self._greeting = greeting
        self._keeps = keeps
        self._clock = clock or SystemClock()
        self._client = AsyncClient(door=door, timeout=timeout, attempts=ATTEMPTS)
        self._live = LiveEvents(door, logs=True, on_lost=self._lost, endless=True)
        self._task: asyncio.Task[None] | None = None
        self._told_of = __version__
        """Of which version of the other it was last said that it is another."""
        self.attachment: Attachment | None = None
        """None before the first connection."""

    @property
    def control(self) -> Control:
        """This, as what it is: its methods follow from the protocol's annotations."""
        return cast("Control", self)

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        method = METHODS.get(name)
        if method is None:
            raise AttributeError(name)

        async def ask(*positional: Any, **arguments: Any) -> Any:
            return await self._ask(method, dict(zip(method.arguments, positional, strict=False)) | arguments)

        return ask

    def events(self) -> Subscription:
        """What happens from now on."""
        return self.bus.subscribe()

    async def status(self) -> Status:
        """As Control's. That the other is of another version is told once."""
        found: Status = await self._ask(METHODS["status"], {})
        if found.version != self._told_of:
            self._told_of = found.version
            if found.version != __version__:
                words = f"this dashboard is kingtui {__version__}, what it shows is kingtui {found.version}"
                self.bus.post(Notice(f"{words}: update the older one if something is missing", "warning"))
        return found

    async def choices(self) -> dict[str, str]:
        """As Control's: from over there, or from this user's own home."""
        if self._keeps is not None:
            return await asyncio.to_thread(read_choices, self._keeps)
        found: dict[str, str] = await self._ask(METHODS["choices"], {})
        return found

    async def choose(self, name: str, value: str) -> None:
        """As Control's: over there, or in this user's own home."""
        if self._keeps is not None:
            await asyncio.to_thread(write_choice, self._keeps, name, value)
        else:
            await self._ask(METHODS["choose"], {"name": name, "value": value})

    async def start(self, spawn: Any) -> None:
        """Begin to follow what happens, through ``spawn``."""
        spawn(self._follow(), name="live channel", group="face")

    async def stop(self) -> None:
        """Follow no more and let the connections go. The other works on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=2)
        await self._client.close()

    async def _ask(self, method: Method, arguments: dict[str, Any]) -> Any:
        body = method.dump_arguments(arguments)
        try:
            answer = await self._client.control(
                method.name, body, harmless=method.scope is Scope.READ, read=method.load_result
            )
        except Unreadable as error:
            where = self.attachment.address if self.attachment is not None else "the other kingtui"
            raise KingError(f"{where} answers what this version does not understand ({error}): update one") from None
        self._live.hurry()
        return answer

    async def _follow(self) -> None:
        self._task = asyncio.current_task()
        with contextlib.suppress(asyncio.CancelledError):
            async with self._live as events:
                async for event in events:
                    self._take(event)

    def _take(self, event: LiveEvent) -> None:
        if event.type == "hello":
            again = self.attachment is not None
            self.attachment = Attachment(self._live.address)
            self.bus.post(AttachmentChanged(self.attachment))
            if self._greeting:
                self.bus.post(Notice(self._greeting))
                self._greeting = ""
            if again:
                log.info("connected again with %s", self.attachment.address)
            self.bus.post(Missed(0))
            return
        if event.type == "snapshot":
            return  # whoever shows something asks for just that
        kind = EVENTS.get(event.type)
        try:
            self.bus.post(Missed(0) if kind is None else load(kind, event.data))
        except Unreadable as error:  # of another version: what it would have told is asked for
            log.warning("an event %s is not understood: %s", event.type, error)
            self.bus.post(Missed(0))

    def _lost(self, error: KingError, delay: float) -> None:
        before = self.attachment
        if before is None or before.lost is None:
            log.info("connection lost: %s", error)
        address = before.address if before is not None else self._client.address
        self.attachment = Attachment(address, str(error), self._clock.now() + timedelta(seconds=delay))
        self.bus.post(AttachmentChanged(self.attachment))
