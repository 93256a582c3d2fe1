"""LocalControl: what a face may ask or do, in the process that owns the home."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from kingtui import __version__
from kingtui.control.answers import StoreAnswers
from kingtui.control.imports import Imports
from kingtui.control.picture_changes import PictureChanges
from kingtui.control.picture_reader import PictureReader
from kingtui.control.setup_answers import SetupAnswers
from kingtui.control.sign_in_answers import SignInAnswers
from kingtui.events import EventBus, Subscription
from kingtui.health import HealthKeeper
from kingtui.logs import Logs
from kingtui.models import (
    MANUAL,
    Backlog,
    Connection,
    KingError,
    Link,
    LogEntry,
    SourceState,
    SourceView,
    Status,
    StepView,
    Triggered,
)
from kingtui.orchestrator import Lane, Orchestrator
from kingtui.outgoing import Outgoing
from kingtui.services import LiveSource, Source
from kingtui.services.telegram.sign_in import SigningIn
from kingtui.steps.backlogs import backlogs
from kingtui.steps.base import Toolbox
from kingtui.steps.filing import Filing
from kingtui.store import images, runs
from kingtui.triggers import Triggers


class LocalControl(Imports, PictureChanges, PictureReader, SetupAnswers, SignInAnswers, StoreAnswers):
    """Answers from the store and the lanes; every change goes through the orchestrator."""

    def __init__(
        self, tools: Toolbox, orchestrator: Orchestrator, triggers: Triggers, health: HealthKeeper, filing: Filing,
        sources: Sequence[Source], logs: Logs, api: Callable[[], tuple[str | None, str | None]],
        switch_api: Callable[[bool], Awaitable[None]], outgoing: Outgoing, sign_in: SigningIn | None = None,
    ) -> None:  # fmt: skip
        PictureReader.__init__(self)
        StoreAnswers.__init__(self, tools.home, tools.database, tools.clock)
        outside = [service for service in (tools.assistant, tools.prices) if service is not None]
        SetupAnswers.__init__(self, tools.home, tools.settings, sources, api, switch_api, outgoing, outside)
        self._prices = tools.prices
        self._sign_in = sign_in
        self._tools = tools
        self._orchestrator = orchestrator
        self._triggers = triggers
        self._health = health
        self._filing = filing
        self._logs = logs

    @property
    def bus(self) -> EventBus:
        """Where events are posted."""
        return self._tools.bus

    async def status(self) -> Status:
        now = self._clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        lanes = self._orchestrator.lanes
        waiting = await backlogs((lane.step for lane in lanes.values()), self._database, now)
        views = [self._view(lane, waiting[number]) for number, lane in lanes.items()]
        async with self._database.read() as connection:
            total, today, last = await images.arrivals(connection, midnight)
            count = await runs.ended_count(connection)
        address, problem = self._api()
        return Status(
            at=now, steps=tuple(views), health=self._health.health, paused=self._orchestrator.paused,
            demo=self._tools.settings.demo, history_count=count, pictures_total=total, pictures_today=today,
            last_picture_at=last, source=", ".join(source.label for source in self._sources) or "none",
            api_address=address, api_problem=problem, home=str(self._home.root), version=__version__,
            sources=self._source_views(),
            starting=() if self._triggers.checked else ("the first check for work was not done yet",),
            stopping=self._orchestrator.stopping,
        )  # fmt: skip

    def _open(self) -> None:
        """Raises KingError where new work is refused."""
        if self._orchestrator.stopping:
            raise KingError("kingtui is stopping and takes no new work: ask again when it runs")

    def _source_views(self) -> tuple[SourceView, ...]:
        heard = self._health.heard
        pulled = (_source_view(source, heard.get(source.name)) for source in self._sources)
        return (SourceView("drop", "downloads folder", heard.get("drop")), *pulled)

    def _view(self, lane: Lane, backlog: Backlog) -> StepView:
        info = lane.step.info
        due = self._triggers.next_due.get(info.number)
        context = lane.context
        return StepView(
            info=info,
            status=lane.status,
            backlog=backlog,
            last_run=lane.last,
            current_run=lane.run or lane.pending,
            progress=context.current if context is not None else None,
            next_trigger=due.at if due is not None and lane.run is None else None,
            held=lane.held_at is not None,
            waits=self._why_it_waits(lane, backlog.due),
        )

    def _why_it_waits(self, lane: Lane, due: int) -> str:
        if lane.is_taken:
            return ""
        if lane.held_at is not None:
            return "cancelled: waits for a new item or a manual trigger"
        if self._orchestrator.paused:
            return "automatic triggers are paused"
        if lane.not_before is not None and lane.not_before > self._clock.now() and due:
            return "its last run failed: it is tried again soon"
        if lane.step.info.number == 1 and not self._sources:
            telegram = self._no_telegram()
            if telegram.state is Connection.PROBLEM:
                return f"Telegram is not set up: {telegram.detail}"
            return "no source is configured: drop pictures into downloads"
        if lane.step.info.number == 1:
            states = [source.state for source in self._sources if isinstance(source, LiveSource)]
            return "; ".join(f"{state.name.capitalize()}: {state.told}" for state in states if not _well(state))
        return ""

    async def logs(self, limit: int = 500) -> list[LogEntry]:
        return self._logs.entries(limit)

    async def trigger(self, step: int) -> Triggered:
        self._open()
        return await self._orchestrator.request(step, MANUAL)

    async def cancel(self, step: int) -> bool:
        return await self._orchestrator.cancel(step)

    async def pause(self) -> None:
        await self._orchestrator.set_paused(True)

    async def resume(self) -> None:
        await self._orchestrator.set_paused(False)

    async def restart(self) -> None:
        self._open()
        await self._orchestrator.restart()

    async def add_picture(self, name: str, data: bytes) -> str:
        self._open()
        return await super().add_picture(name, data)

    async def retry(self, image_id: int) -> None:
        self._open()
        await super().retry(image_id)

    async def reread(self, image_id: int) -> None:
        self._open()
        await super().reread(image_id)

    def events(self) -> Subscription:
        return self._tools.bus.subscribe()


def _well(state: SourceState) -> bool:
    return state.link in (Link.CONNECTED, Link.CONNECTING)


def _source_view(source: Source, came: datetime | None) -> SourceView:
    state = source.state if isinstance(source, LiveSource) else None
    note = "" if state is None or _well(state) else state.link.value
    return SourceView(source.name, source.label, came, note, state)
