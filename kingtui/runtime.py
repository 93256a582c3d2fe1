"""Runtime: builds everything that lives long, starts the loops, and stops them in order.

The loops are plain coroutines, started through a given ``spawn``: workers of the dashboard's app, or tasks.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Literal, Self

from kingtui.clock import Clock, SystemClock
from kingtui.control.local import LocalControl
from kingtui.events import EventBus, Logged, Notice, RunFinished, RunStarted
from kingtui.health import HealthKeeper
from kingtui.home import Home, HomeLock
from kingtui.housekeeping import Housekeeping
from kingtui.logs import Logs
from kingtui.models import KingError, LogEntry
from kingtui.orchestrator import Orchestrator, Spawn
from kingtui.outgoing import Outgoing
from kingtui.outside import assistant_for, prices_for
from kingtui.redaction import hidden, hide
from kingtui.runner import Job, PoolRunner
from kingtui.services import LiveSource, Source
from kingtui.services.configured import Configured, configured
from kingtui.serving import Serving
from kingtui.settings import Settings
from kingtui.steps import all_steps
from kingtui.steps.base import Toolbox
from kingtui.steps.filing import Filing
from kingtui.steps.intake import Intake
from kingtui.store.database import Database
from kingtui.triggers import Triggers

log = logging.getLogger("kingtui.runtime")

RESTART_SECONDS = 5.0
FACE_FIRST_SECONDS = 0.3
"""To load the API takes a moment, which the first screen of a dashboard does not wait for."""


class Runtime:
    """All of kingtui but its face. ``async with Runtime(settings) as runtime: await runtime.start(spawn)``.

    ``needs_api``: a port that is busy is an error; else it is told of and the rest goes on without the API.
    Not ``automatic``: no triggers, health or housekeeping; the steps run when asked through ``control``.
    """

    def __init__(
        self, settings: Settings, *, mode: str, needs_api: bool = False, automatic: bool = True,
        clock: Clock | None = None, log_stream: Any = None, sources: Sequence[Source] | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.home = Home(settings.home)
        self.bus = EventBus()
        self.problems: dict[str, str] = {}
        """Loops that broke and what they said: reasons for attention until they run again."""
        self._clock = clock or SystemClock()
        self._needs_api = needs_api
        self._automatic = automatic
        self._lock = HomeLock(self.home, mode=mode)
        self._logs = Logs(self.home, level=settings.log_level, stderr=log_stream)
        self._database = Database(self.home.database)
        self._runner = PoolRunner(settings.workers, self.home.cache)
        self._given_sources = sources
        self._spawn: Spawn | None = None
        self._loops: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            await asyncio.to_thread(self.home.create)
            self._lock.acquire()
            stack.callback(self._lock.release)
            await asyncio.to_thread(self.home.sweep)
            hidden.add(self.settings.secrets())
            self._logs.start()
            stack.callback(self._logs.stop)
            self._logs.listen(self._logged, asyncio.get_running_loop())
            await self._database.open(self._clock.now())
            stack.push_async_callback(self._database.close)
            self._runner.start()
            stack.push_async_callback(self._runner.stop)
            self._build()
            for outside in (self._assistant, self._prices):
                if outside is not None:
                    stack.push_async_callback(outside.close)
            stack.callback(self.api.close)
            if self.settings.api:
                await self.api.bind(needed=self._needs_api)
                self._lock.update(address=self.address)
            self._stack = stack.pop_all()
        for warning in self.settings.warnings:
            log.warning("%s", warning)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        await self._stack.aclose()

    def _build(self) -> None:
        self._assistant = assistant_for(self.settings, self._database, self._clock, self._tell)
        self._prices = prices_for(self.settings, self._clock)
        tools = Toolbox(
            self.settings, self.home, self._database, self._runner, self.bus, self._clock, random.Random(),  # noqa: S311
            assistant=self._assistant, prices=self._prices,
        )  # fmt: skip
        made = self._configured()
        self.sources = made.sources
        self._filing = Filing(self.home, self._database)
        intake = Intake(tools)
        steps = all_steps(tools, self._filing, intake, self.sources)
        self._orchestrator = Orchestrator(steps, tools, self._start_worker, lambda: self._triggers.wake())
        self._triggers = Triggers(tools, self._orchestrator, intake, self._filing, self.sources)
        self._health = HealthKeeper(tools, self._orchestrator, self.sources, self._reasons)
        self._housekeeping = Housekeeping(tools)
        self._outgoing = Outgoing(tools, lambda: self._health.health)
        self.intake = intake
        self.api = Serving(
            self.settings, self.home, self._database, self._clock, make_app=self._make_app, keep=self._keep,
            changed=self._health.nudge,
        )  # fmt: skip
        self.control = LocalControl(
            tools, self._orchestrator, self._triggers, self._health, self._filing, self.sources, self._logs,
            lambda: (self.api.served_at, self.api.problem), self.set_api, self._outgoing,
            sign_in=made.sign_in,
        )  # fmt: skip

    def _configured(self) -> Configured:
        if self._given_sources is not None:
            return Configured(self._given_sources)
        made = configured(self.settings, self.home, self._clock, self._paint, self._tell)
        self.problems |= made.problems
        return made

    def _tell(self, text: str, severity: Literal["information", "warning", "error"]) -> None:
        log.log(logging.INFO if severity == "information" else logging.WARNING, "%s", text)
        self.bus.post(Notice(text, severity))
        self._health.nudge()

    async def _paint(self, chart: bytes) -> bytes:
        return await self._runner.run(Job("paint", chart))

    @property
    def address(self) -> str | None:
        """Where the API is, or would be while it is stopped; None without one."""
        return self.api.address

    async def set_api(self, on: bool) -> None:
        """Start or stop the API while the rest goes on. Raises KingError where its port cannot be had."""
        try:
            await self.api.switch(on)
        finally:
            self._lock.update(address=self.address or "")
        text = f"the API is served at {self.address}" if on else "the API is off: nobody can ask over HTTP"
        log.info("%s", text)
        self.bus.post(Notice(text))
        self._health.nudge()

    def _make_app(self) -> Any:
        from kingtui.api import make_api

        return make_api(self.control, self._clock, max_upload=self.settings.max_upload)

    async def start(self, spawn: Spawn, *, mode: str | None = None, hung_up: bool = False) -> None:
        """Complete what a crash left open, then start the API and the loops. After ``stop`` it starts all anew.

        ``mode``: what other processes are told of this one from now on; ``hung_up``: that its terminal has gone.
        """
        self._spawn = spawn
        self._stopping = False
        self._lock.update(mode=mode, hung_up_at=self._clock.now() if hung_up else None)
        moved = await self._filing.complete()
        if moved:
            log.warning("%d files were on their way when the process before ended; they are in place now", moved)
        if self.address is not None:
            self.api.serve(after=FACE_FIRST_SECONDS if self._lock.mode == "dashboard" else 0.0)
        elif self.api.problem:
            log.error("%s", self.api.problem)
            self.bus.post(Notice(self.api.problem, "error"))
        await self._orchestrator.start()
        for source in self.sources:
            if isinstance(source, LiveSource):
                self._keep(f"the connection of {source.name}", source.run)
        if self._automatic:
            self._keep_automatic()
        log.info("kingtui runs in %s%s", self.home.root, f", API at {self.api.served_at}" if self.api.served_at else "")
        if not gc.get_freeze_count():
            # What is loaded by now stays: to look through it for garbage would hold the loop for 0.1 s, again and again
            gc.freeze()
            gc.set_threshold(700, 10, 10)

    def _keep_automatic(self) -> None:
        self._keep("triggers", self._triggers.run)
        for source in self.sources:
            self._keep(f"source {source.name}", lambda source=source: self._triggers.listen(source))  # type: ignore[misc]
        if self._prices is not None:
            self._keep("prices", self._prices.run)
        self._keep("health", self._health.run)
        self._keep("health events", self._nudge_health)
        self._keep("housekeeping", self._housekeeping.run)
        for name, loop in self._outgoing.loops().items():
            self._keep(name, loop)

    async def stop(self) -> None:
        """Stop in order: no new work, runs ended, then the API and the other loops. Safe to call twice."""
        if self._stopping or self._spawn is None:
            return
        self._stopping = True
        self.api.refuse_work()
        await self._orchestrator.stop()
        await self.api.stop()
        loops = list(self._loops.values())
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        self._loops.clear()
        log.info("kingtui has stopped")

    def _reasons(self) -> list[str]:
        found = [*self.problems.values()]
        if not self._lock.held:
            found.append(f"{self.home.root} was removed or replaced while kingtui works in it: stop kingtui and look")
        if self._triggers.problem:
            found.append(self._triggers.problem)
        found += self.api.reasons()
        found += self._outgoing.reasons()
        if self._assistant is not None and self._assistant.problem:
            found.append(self._assistant.problem)
        live = (source.state for source in self.sources if isinstance(source, LiveSource))
        return [*found, *filter(None, (state.reason(self._clock.now()) for state in live))]

    def _logged(self, entry: LogEntry) -> None:
        self.bus.post(Logged(entry))

    async def _nudge_health(self) -> None:
        async with self.bus.subscribe() as events:
            async for event in events:
                if isinstance(event, RunStarted | RunFinished):
                    self._health.nudge()

    def _start_worker(self, work: Any, *, name: str, group: str) -> object:
        if self._spawn is None:
            raise RuntimeError("the runtime was not started")
        return self._spawn(work, name=name, group=group)

    def _keep(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        self._start_worker(self._kept(name, loop), name=name, group="loops")

    async def _kept(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Run a loop, and run it again where it breaks: nothing stops silently."""
        task = asyncio.current_task()
        if task is not None:
            self._loops[name] = task
        while True:
            try:
                await loop()
                return
            except Exception as error:
                said = str(error) if isinstance(error, KingError) else repr(error)
                text = hide(f"{name} broke and is started again: {said}")
                log.exception("%s", text)
                self.problems[name] = text
                self.bus.post(Notice(text, "error"))
            await self._clock.sleep(RESTART_SECONDS)
            self.problems.pop(name, None)
