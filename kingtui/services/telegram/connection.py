"""The connection, supervised: had again after every break with more and more patience, and told of in plain words.

A connection that lasted only moments counts as a failure: where something accepts and closes every connection, kingtui
asks less and less often instead of thousands of times a second.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from kingtui.clock import Clock
from kingtui.models import KingError, Link, SourceState
from kingtui.services import ServiceUnavailable
from kingtui.services.telegram.edge import Edge, FloodWait, Heard, LoginNeeded, Unreachable, WronglySetUp
from kingtui.services.telegram.memory import Wait, read_wait, write_wait
from kingtui.services.telegram.session import SessionBusy, SessionFile

log = logging.getLogger("kingtui.telegram")

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
LASTED_SECONDS = 60.0
"""A connection that lasted so long was a good one: the next break is a first one again."""
BUSY_SECONDS, LOGIN_SECONDS = 5.0, 3.0
READY_SECONDS = 10.0
SIGN_IN = "Sign in: kingtui login, or the dashboard's Setup"

Tell = Callable[[str, Literal["information", "warning", "error"]], None]


class Connection:
    """``run`` keeps it until cancelled; ``ready`` gives the edge to ask, ``state`` says how it is."""

    def __init__(
        self, label: str, session: SessionFile, make: Callable[[], Edge], heard: Callable[[Heard], None], clock: Clock,
        chance: random.Random, tell: Tell,
    ) -> None:  # fmt: skip
        """``make``: a new edge; ``heard``: gets its news; ``tell``: gets what a person should read."""
        self.state = SourceState("telegram", label, Link.CONNECTING)
        self.fresh = False
        """Connected since this was last set to false: something may have been missed before."""
        self.came: Callable[[], None] = lambda: None
        """Called when the connection is there."""
        self._session = session
        self._make = make
        self._heard = heard
        self._clock = clock
        self._chance = chance
        self._tell = tell
        self._edge: Edge | None = None
        self._who = ""
        self._changed = asyncio.Event()
        self._nudged = asyncio.Event()
        self._drop: ServiceUnavailable | None = None
        self._dropped = asyncio.Event()
        self._failures = 0
        self._wait = read_wait(session.path)
        self._told: str | None = None

    async def ready(self) -> Edge:
        """The edge; while it connects, that is waited for a little. Raises ServiceUnavailable."""
        if self._edge is None and self.state.link is Link.CONNECTING:
            pause = asyncio.create_task(self._clock.sleep(READY_SECONDS))
            change = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({pause, change}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                pause.cancel()
                change.cancel()
        self._raise_if_told_to_wait()
        if self._edge is None:
            raise ServiceUnavailable(self.state.detail or "Telegram is not connected yet")
        await self.end_wait()
        return self._edge

    def _raise_if_told_to_wait(self) -> None:
        if self._wait is not None and (left := self._left()) > 0:
            raise FloodWait(f"{self._wait.why}, until {self._wait.until:%H:%M:%S} UTC", left)

    def _left(self) -> float:
        """Seconds that Telegram wants no requests for."""
        return (self._wait.until - self._clock.now()).total_seconds() if self._wait is not None else 0.0

    @property
    def who(self) -> str:
        """Who is signed in, while it is connected."""
        return self._who if self._edge is not None else ""

    def nudge(self) -> None:
        """Something has changed that may help: try now."""
        self._nudged.set()

    async def failed(self, error: ServiceUnavailable) -> None:
        """A question failed so that the connection is of no use any more, or must rest."""
        if isinstance(error, FloodWait):
            await self._told_to_wait(error)
        elif isinstance(error, Unreachable | LoginNeeded):
            self._drop = error
            self._dropped.set()

    def swept(self) -> None:
        """Everything was looked through just now."""
        self.state = replace(self.state, last_sweep=self._clock.now())

    def event(self) -> None:
        """The server told of something."""
        self.state = replace(self.state, last_event=self._clock.now())

    def complain(self, detail: str, todo: str) -> None:
        """Something is amiss although it is connected, and what a person can do; empty: nothing."""
        if self.state.link is Link.CONNECTED:
            self.state = replace(self.state, detail=detail, todo=todo)

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        while True:
            began, before = self._clock.monotonic(), self.state
            try:
                await self._rest()
                self._become(Link.CONNECTING)
                began = self._clock.monotonic()
                await self._live()  # which ends by raising why
            except SessionBusy as error:
                if before.link is Link.LOGIN:  # somebody is just signing in
                    self._become(Link.LOGIN, before.detail, before.todo)
                    await self._sleep(BUSY_SECONDS)
                    self._nudged.clear()
                else:
                    await self._pause(Link.WAITING, str(error), BUSY_SECONDS)
            except FloodWait as error:
                await self._told_to_wait(error)
            except LoginNeeded as error:
                await self._until_signed_in(str(error))
            except WronglySetUp as error:
                self._say(str(error), "error")
                await self._pause(Link.WRONG, error.what, LONGEST_WAIT, error.todo)
            except KingError as error:
                lasted = self._clock.monotonic() - began >= LASTED_SECONDS
                self._failures = 1 if lasted else self._failures + 1
                todo = error.todo if isinstance(error, Unreachable) else ""
                await self._pause(Link.WAITING, str(error), self._patience(), todo)

    async def _live(self) -> None:
        """One connection from its beginning to its end. Raises why it ended, or could not begin."""
        self._drop = None
        self._dropped.clear()
        session = self._session
        await asyncio.to_thread(session.acquire)
        edge = await asyncio.to_thread(self._make)  # which loads the library the first time
        try:
            await asyncio.to_thread(session.check)
            if not session.path.stat().st_size:
                raise LoginNeeded("nobody is signed in to Telegram")
            await edge.connect()
            who = await edge.me()
            if who is None:
                raise LoginNeeded("nobody is signed in to Telegram")
            edge.listen(self._heard)
            self._come(edge, who)
            await self._until_over(edge)
        finally:
            self._edge = None
            await edge.disconnect()
            session.release()

    def _come(self, edge: Edge, who: str) -> None:
        self._who, self._edge, self.fresh, self._told = who, edge, True, None
        self._become(Link.CONNECTED)
        self.state = replace(self.state, connected_since=self._clock.now())
        log.info("connected with Telegram as %s", who)
        self.came()

    async def _until_over(self, edge: Edge) -> None:
        closed = asyncio.ensure_future(edge.closed())
        dropped = asyncio.create_task(self._dropped.wait())
        try:
            await asyncio.wait({closed, dropped}, return_when=asyncio.FIRST_COMPLETED)
            if self._drop is not None:
                raise self._drop
            if closed.done() and (error := closed.exception()) is not None:
                raise error
            raise Unreachable("the connection to Telegram broke")
        finally:
            closed.cancel()
            dropped.cancel()
            await asyncio.gather(closed, dropped, return_exceptions=True)

    def _patience(self) -> float:
        wait = min(FIRST_WAIT * 2.0 ** min(self._failures - 1, 20), LONGEST_WAIT)
        return wait * self._chance.uniform(0.75, 1.25)

    async def _rest(self) -> None:
        """Do not even connect while Telegram wants no requests."""
        if self._wait is not None:
            while (left := self._left()) > 0:
                await self._pause(Link.FLOOD, self._wait.why, left)
            await self._keep_wait(None)

    async def _told_to_wait(self, error: FloodWait) -> None:
        until = self._clock.now() + timedelta(seconds=error.retry_after)
        await self._keep_wait(Wait(until, str(error)))
        if self._edge is not None:
            self.state = replace(
                self.state, link=Link.FLOOD, detail=str(error), next_try=until, broken_since=self._clock.now()
            )
            self._say(str(error), "warning")

    async def _keep_wait(self, wait: Wait | None) -> None:
        self._wait = wait
        try:
            await asyncio.to_thread(write_wait, self._session.path, wait)
        except OSError as error:
            log.warning("what Telegram asked to wait with cannot be kept: %s", error.strerror)

    async def end_wait(self) -> None:
        """Where a connected source was told to wait and the time is over, it is well again."""
        if self._wait is not None and self._edge is not None and self._left() <= 0:
            await self._keep_wait(None)
            self.state = replace(self.state, link=Link.CONNECTED, detail="", todo="", next_try=None, broken_since=None)

    @property
    def waits_until(self) -> datetime | None:
        """When Telegram takes requests again; None: now."""
        return None if self._wait is None else self._wait.until

    async def _until_signed_in(self, why: str) -> None:
        """Wait for a person. A sign-in here nudges; one by another process changes the session file."""
        self._become(Link.LOGIN, why, SIGN_IN)
        self._say(f"{why}. {SIGN_IN}. The rest goes on without it", "warning")
        stamp = self._session.stamp()
        while not self._nudged.is_set() and self._session.stamp() == stamp:
            await self._sleep(LOGIN_SECONDS)
        self._nudged.clear()
        self._failures = 0

    async def _pause(self, link: Link, why: str, seconds: float, todo: str = "") -> None:
        until: datetime = self._clock.now() + timedelta(seconds=seconds)
        self._become(link, why, todo)
        self.state = replace(self.state, next_try=until)
        log.warning("%s; tried again in %.0f s", why, seconds)
        await self._sleep(seconds)
        self._nudged.clear()

    async def _sleep(self, seconds: float) -> None:
        """Sleep unless nudged."""
        nudged = asyncio.create_task(self._nudged.wait())
        pause = asyncio.create_task(self._clock.sleep(seconds))
        try:
            await asyncio.wait({nudged, pause}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nudged.cancel()
            pause.cancel()

    def _become(self, link: Link, detail: str = "", todo: str = "") -> None:
        broken = None if link is Link.CONNECTED else self.state.broken_since or self._clock.now()
        self.state = replace(
            self.state, link=link, detail=detail, todo=todo, connected_since=None, next_try=None, broken_since=broken
        )
        if link is not Link.CONNECTING:
            self._changed.set()
            self._changed = asyncio.Event()

    def _say(self, text: str, severity: Literal["information", "warning", "error"]) -> None:
        """Tell a person, once until it was well again."""
        if text != self._told:
            self._told = text
            self._tell(text, severity)
