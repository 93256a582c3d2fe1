"""Runs the steps: requests and their merging, one run of a step at a time, timeouts, cancel, pause, restart.

Each step has a lane. A request is stored as a waiting run before it is answered; a lane that is free begins its waiting
run, and looks for another when that has ended. When a run is wanted by itself is decided in ``triggers``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from kingtui.events import Notice, PauseChanged, Restarted, RunFinished, RunRequested, RunStarted
from kingtui.logs import run_log
from kingtui.models import MANUAL, KingError, Run, RunStatus, StepStatus, Triggered, WrongUse
from kingtui.redaction import hide
from kingtui.steps.base import Outcome, RunContext, Step, Toolbox
from kingtui.store import cursors, runs
from kingtui.store.database import StoreFailed

log = logging.getLogger("kingtui.orchestrator")

RETRY_SECONDS = 5.0
TROUBLE_SECONDS = 10.0
LONGEST_TROUBLE_SECONDS = 300.0


class Spawn(Protocol):
    """Starts a coroutine beside the others: a worker of the app, or a task."""

    def __call__(self, work: Coroutine[Any, Any, None], *, name: str, group: str) -> object: ...


@dataclass(slots=True)
class Lane:
    """One step and what is known of its runs."""

    step: Step
    pending: Run | None = None
    run: Run | None = None
    context: RunContext | None = None
    work: asyncio.Task[None] | None = None
    last: Run | None = None
    held_at: datetime | None = None
    idle: bool = True
    busy: bool = False
    """A run is being begun, done or ended."""
    ends_as: tuple[RunStatus, str] | None = None
    """What a run that was told to end shall say."""
    troubles: int = 0
    not_before: datetime | None = None
    """After a run that broke, automatic ones wait until then."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_taken(self) -> bool:
        """A run of it waits or is at work."""
        return self.busy or self.pending is not None

    @property
    def status(self) -> StepStatus:
        """SPEC's status of the step."""
        if self.run is not None:
            return StepStatus.RUNNING
        if self.pending is not None:
            return StepStatus.PENDING
        if self.idle or self.last is None or self.last.status is RunStatus.CANCELLED:
            return StepStatus.IDLE
        return StepStatus.COMPLETED if self.last.status is RunStatus.SUCCESS else StepStatus.FAILED


class Orchestrator:
    """The six lanes. ``wake`` is called whenever something ended or was released, so that triggers look again."""

    def __init__(self, steps: Sequence[Step], tools: Toolbox, spawn: Spawn, wake: Callable[[], None]) -> None:
        self.lanes = {step.info.number: Lane(step) for step in steps}
        self.paused = False
        self._tools = tools
        self._spawn = spawn
        self._wake = wake
        self._stopping = False

    async def start(self) -> None:
        """Take over from the process before: its runs failed, what was waiting runs now."""
        self._stopping = False
        now = self._tools.clock.now()
        async with self._tools.database.write() as tx:
            ended = await runs.recover(tx, now)
            self.paused = bool(await cursors.flag(tx, "paused"))
            last, states = await runs.last_ended(tx), await runs.step_state(tx)
            for number, lane in self.lanes.items():
                lane.last = last.get(number)
                lane.held_at, lane.idle = states.get(number, (None, True))
                lane.pending = await runs.pending(tx, number)
        if ended:
            log.warning("%d runs had not ended when the process before did; their items stay due", ended)
        for lane in self.lanes.values():
            self._kick(lane)

    async def stop(self) -> None:
        """End every run as cancelled and begin none; what waits is kept for the next start."""
        self._stopping = True
        await asyncio.gather(*(self._end(lane, "kingtui was stopped") for lane in self.lanes.values()))

    @property
    def stopping(self) -> bool:
        """Whether no run begins any more."""
        return self._stopping

    def lane(self, number: int) -> Lane:
        """The lane of a step. Raises WrongUse."""
        if number not in self.lanes:
            raise WrongUse("Invalid step number")
        return self.lanes[number]

    async def request(self, number: int, trigger: str) -> Triggered:
        """Ask for a run. It is stored when this returns, and joined to a run that waits already."""
        lane = self.lane(number)
        async with lane.lock:
            async with self._tools.database.write() as tx:
                run, merged = await runs.request(tx, number, trigger, self._tools.clock.now())
                if lane.held_at is not None:
                    await runs.set_step(tx, number, held_at=None)
            lane.pending, lane.held_at = run, None
        if not merged:
            self._tools.bus.post(RunRequested(run))
        self._kick(lane)
        return Triggered(lane.step.info, run.id, merged)

    async def cancel(self, number: int) -> bool:
        """End the step's run and hold it until a manual trigger or a newer item; False where none ran or waited."""
        lane = self.lane(number)
        now = self._tools.clock.now()
        async with lane.lock:
            waiting = lane.pending is not None
            async with self._tools.database.write() as tx:
                await runs.set_step(tx, number, held_at=now)
                await runs.cancel_open(tx, now, "cancelled", number)
            lane.pending, lane.held_at = None, now
        running = await self._end(lane, "cancelled")
        await self._reload(lane)
        self._wake()
        return waiting or running

    async def set_paused(self, paused: bool) -> None:
        """Hold automatic triggers, or let them go; kept over restarts."""
        async with self._tools.database.write() as tx:
            await cursors.set_flag(tx, "paused", paused)
        self.paused = paused
        log.info("automatic triggers are %s", "held" if paused else "on")
        self._tools.bus.post(PauseChanged(paused))
        self._wake()

    async def restart(self) -> None:
        """End every run as cancelled and set all steps to idle; pause stays and nothing is lost."""
        now = self._tools.clock.now()
        for lane in self.lanes.values():
            async with lane.lock:
                async with self._tools.database.write() as tx:
                    await runs.cancel_open(tx, now, "restarted", lane.step.info.number)
                lane.pending = None
        await asyncio.gather(*(self._end(lane, "restarted") for lane in self.lanes.values()))
        async with self._tools.database.write() as tx:
            for number, lane in self.lanes.items():
                await runs.set_step(tx, number, idle=True, held_at=None)
                lane.idle, lane.held_at, lane.troubles, lane.not_before = True, None, 0, None
        for lane in self.lanes.values():
            await self._reload(lane)
        log.info("restarted: every run was ended, all steps are idle")
        self._tools.bus.post(Restarted())
        self._wake()

    async def clock_set_back(self, by: timedelta) -> None:
        """Moments that were kept are too late by so much: no step shall wait for them."""
        for number, lane in self.lanes.items():
            lane.not_before = None
            if lane.held_at is not None:
                async with self._tools.database.write() as tx:
                    await runs.set_step(tx, number, held_at=lane.held_at - by)
                lane.held_at -= by

    def item_finished(self, number: int) -> None:
        """A step finished an item: the next one may have work."""
        after = self.lanes.get(number + 1)
        if after is not None and after.context is not None:
            after.context.fed()
        else:
            self._wake()

    async def _feeds(self, before: Lane | None, run: Run | None) -> bool:
        """Whether the step before ``run`` is at work, or will be in a moment, so that there may soon be more to do."""
        if before is None or run is None:
            return False
        if before.is_taken:
            return True
        comes = not self.paused and before.held_at is None and before.not_before is None
        return comes and run.trigger != MANUAL and (await before.step.backlog()).due > 0

    async def _end(self, lane: Lane, why: str) -> bool:
        """End the lane's run, if any, and wait until it has ended."""
        if not lane.busy:
            return False
        lane.ends_as = (RunStatus.CANCELLED, why)
        if lane.work is not None:
            lane.work.cancel()
        await lane.free.wait()
        return True

    async def _reload(self, lane: Lane) -> None:
        async with self._tools.database.read() as connection:
            lane.last = (await runs.last_ended(connection)).get(lane.step.info.number)

    def _kick(self, lane: Lane) -> None:
        if lane.pending is not None and not lane.busy and not self._stopping:
            lane.busy = True
            lane.free.clear()
            number = lane.step.info.number
            self._spawn(self._execute(lane), name=f"step {number}", group="steps")

    async def _execute(self, lane: Lane) -> None:
        try:
            if await self._begin(lane):
                await self._work(lane)
            elif lane.pending is not None:  # the store refused: not again at once
                await self._tools.clock.sleep(RETRY_SECONDS)
        finally:
            lane.run = lane.context = lane.work = lane.ends_as = None
            lane.busy = False
            lane.free.set()
            self._kick(lane)
            after = self.lanes.get(lane.step.info.number + 1)
            if after is not None and after.context is not None:
                after.context.fed()  # it may have waited for more from here
            self._wake()

    async def _begin(self, lane: Lane) -> bool:
        async with lane.lock:
            if lane.pending is None:
                return False
            now = self._tools.clock.now()
            try:
                async with self._tools.database.write() as tx:
                    await runs.begin(tx, lane.pending.id, now)
                    await runs.set_step(tx, lane.step.info.number, idle=False)
            except StoreFailed as error:
                self._trouble(lane, f"step {lane.step.info.number} cannot begin: {error}")
                return False
            lane.run = replace(lane.pending, status=RunStatus.RUNNING, started_at=now)
            lane.pending, lane.idle = None, False
        number = lane.step.info.number
        before = self.lanes.get(number - 1)
        lane.context = RunContext(
            lane.run,
            self._tools,
            backlog=lane.step.backlog,
            feeding=lambda: self._feeds(before, lane.run),
            finished_item=lambda: self.item_finished(number),
        )
        self._tools.bus.post(RunStarted(lane.run))
        return True

    async def _work(self, lane: Lane) -> None:
        context, run = lane.context, lane.run
        if context is None or run is None:
            raise RuntimeError("a run was begun without its context")
        with run_log(run.id, run.step):
            lane.work = asyncio.create_task(lane.step.run(context), name=f"step {run.step} at work")
            if lane.ends_as is not None:  # told to end while it began
                lane.work.cancel()
            watch = asyncio.create_task(self._watch(context))
            try:
                await asyncio.wait({lane.work, watch}, return_when=asyncio.FIRST_COMPLETED)
                if not lane.work.done():
                    lane.ends_as = (RunStatus.TIMEOUT, _timed_out(self._tools.settings.step_timeout))
            except asyncio.CancelledError:  # the app ends its workers
                lane.ends_as = lane.ends_as or (RunStatus.CANCELLED, "kingtui was stopped")
            finally:
                watch.cancel()
                lane.work.cancel()
                await asyncio.gather(lane.work, watch, return_exceptions=True)
            status, error = self._verdict(lane, context)
            await asyncio.shield(self._finish(lane, context, status, error))

    async def _watch(self, context: RunContext) -> None:
        """Return when the run has finished no item for too long."""
        timeout = self._tools.settings.step_timeout
        while (rest := timeout - (self._tools.clock.monotonic() - context.moved_at)) > 0:
            await self._tools.clock.sleep(rest)

    def _verdict(self, lane: Lane, context: RunContext) -> tuple[RunStatus, str | None]:
        work = lane.work
        if work is None or work.cancelled():
            return lane.ends_as or (RunStatus.CANCELLED, "cancelled")
        error = work.exception()
        if error is not None:
            text = hide(str(error) if isinstance(error, KingError) else f"{type(error).__name__}: {error}")
            log.error(
                "step %d broke: %s", context.run.step, text, exc_info=None if isinstance(error, KingError) else error
            )
            return RunStatus.FAILED, text
        failed, taken = context.counts[Outcome.FAILED], context.taken - context.counts[Outcome.WAITS]
        text = "; ".join(context.errors[:3]) + (f"; and {len(context.errors) - 3} more" if context.errors[3:] else "")
        return (RunStatus.FAILED if failed and failed == taken else RunStatus.SUCCESS), hide(text) or None

    async def _finish(self, lane: Lane, context: RunContext, status: RunStatus, error: str | None) -> None:
        counts = context.counts
        ended = replace(
            context.run, status=status, finished_at=self._tools.clock.now(), done=counts[Outcome.DONE],
            failed=counts[Outcome.FAILED], quarantined=counts[Outcome.QUARANTINED], error=error,
            calls=context.spent.calls, tokens=context.spent.tokens, cost=context.spent.cost,
        )  # fmt: skip
        while True:
            try:
                async with self._tools.database.write() as tx:
                    await runs.end(
                        tx, ended.id, status, ended.finished_at or ended.requested_at, done=ended.done,
                        failed=ended.failed, quarantined=ended.quarantined, error=error,
                    )  # fmt: skip
                    if status is RunStatus.SUCCESS and not ended.items and ended.trigger != MANUAL:
                        await runs.collapse(tx, ended)
                break
            except StoreFailed as failure:  # until it is written the step is not free: the history must tell
                log.error("the end of run %d cannot be written: %s", ended.id, failure)
                if self._stopping:
                    break
                await self._tools.clock.sleep(RETRY_SECONDS)
        lane.last = ended
        lane.run = lane.context = None  # who hears of the end finds the step at rest
        if status in (RunStatus.FAILED, RunStatus.TIMEOUT):
            self._trouble(lane, f"step {ended.step} {status.value}: {error}")
        else:
            lane.troubles, lane.not_before = 0, None
        self._tools.bus.post(RunFinished(ended))

    def _trouble(self, lane: Lane, text: str) -> None:
        wait = min(TROUBLE_SECONDS * 2**lane.troubles, LONGEST_TROUBLE_SECONDS)
        lane.troubles += 1
        lane.not_before = self._tools.clock.now() + timedelta(seconds=wait)
        log.error("%s", text)
        self._tools.bus.post(Notice(text, "error"))


def _timed_out(seconds: float) -> str:
    return f"no item was finished for {seconds:.0f} s"
