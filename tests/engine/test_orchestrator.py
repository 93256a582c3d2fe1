"""Requests, merging, timeouts, cancel, pause and restart, on steps of our own and the real store."""

import asyncio
import contextlib
import random
from datetime import timedelta

import pytest

from kingtui.commands.headless import task_spawner
from kingtui.events import EventBus, RunFinished
from kingtui.home import Home
from kingtui.models import Backlog, KingError, RunStatus, StepStatus, WrongUse
from kingtui.orchestrator import Orchestrator
from kingtui.runner import PoolRunner
from kingtui.settings import Settings
from kingtui.steps.base import Outcome, Toolbox, info
from kingtui.store import runs
from kingtui.store.database import Database
from tests.world import FakeClock, until


class Errand:
    """A step whose items are what the test puts in; it works only while ``gate`` is open."""

    def __init__(self, number: int, clock: FakeClock) -> None:
        self.info = info(number)
        self.todo: list[object] = []
        self.done: list[object] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.clock = clock
        self.at_work = 0
        self.most_at_work = 0
        self.cancelled = 0

    async def backlog(self) -> Backlog:
        return Backlog(due=len(self.todo), newest=self.clock.now() if self.todo else None)

    async def run(self, run) -> None:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            await run.each(self._due, self._handle, key=lambda item: item)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_work -= 1

    async def _due(self, limit, seen):
        return [item for item in self.todo if item not in seen][:limit]

    async def _handle(self, item) -> Outcome:
        await self.gate.wait()
        if item == "break":
            raise KingError("the store is made of glass")
        self.todo.remove(item)
        self.done.append(item)
        return (
            Outcome.FAILED if str(item).startswith("bad") else Outcome.QUARANTINED if item == "poison" else Outcome.DONE
        )


class World:
    def __init__(self, tools, orchestrator, steps, clock):
        self.tools, self.orchestrator, self.steps, self.clock = tools, orchestrator, steps, clock

    async def history(self, **how):
        async with self.tools.database.read() as connection:
            return (
                await runs.history(connection, **{"limit": 100, "before": None, "step": None, "status": None} | how)
            )[0]

    def status(self, number):
        return self.orchestrator.lane(number).status

    async def ended(self, count):
        async def enough():
            found = await self.history()
            return (
                found
                if len(found) >= count and not any(lane.busy for lane in self.orchestrator.lanes.values())
                else None
            )

        return await until(enough, f"{count} runs", 10)


@contextlib.asynccontextmanager
async def world(home, **settings):
    clock = FakeClock()
    place = Home(home)
    place.create()
    database = Database(place.database)
    await database.open(clock.now())
    tools = Toolbox(
        Settings(home=home, **settings),
        place,
        database,
        PoolRunner(1, place.cache),
        EventBus(),
        clock,
        random.Random(1),
    )
    steps = {number: Errand(number, clock) for number in range(1, 7)}
    async with task_spawner() as spawn:
        orchestrator = Orchestrator(list(steps.values()), tools, spawn, lambda: None)
        await orchestrator.start()
        yield World(tools, orchestrator, steps, clock)
        await orchestrator.stop()
    await database.close()


async def test_a_request_leads_to_a_run_in_the_history(tmp_path):
    async with world(tmp_path) as w:
        assert w.status(2) is StepStatus.IDLE
        w.steps[2].todo = ["a", "b"]
        asked = await w.orchestrator.request(2, "manual")
        assert (asked.step.number, asked.merged) == (2, False)
        (run,) = await w.ended(1)
        assert (run.id, run.step, run.status, run.done, run.trigger) == (
            asked.run_id,
            2,
            RunStatus.SUCCESS,
            2,
            "manual",
        )
        assert w.status(2) is StepStatus.COMPLETED


async def test_a_manual_trigger_with_nothing_due_completes_with_no_items(tmp_path):
    async with world(tmp_path) as w:
        await w.orchestrator.request(3, "manual")
        (run,) = await w.ended(1)
        assert (run.status, run.items) == (RunStatus.SUCCESS, 0)


async def test_requests_merge_into_the_waiting_run_and_a_running_one_runs_once_more(tmp_path):
    async with world(tmp_path) as w:
        w.steps[2].gate.clear()
        w.steps[2].todo = ["a"]
        first = await w.orchestrator.request(2, "manual")
        await until(lambda: w.steps[2].at_work)
        answers = await asyncio.gather(*(w.orchestrator.request(2, f"ask {n}") for n in range(50)))
        assert len({answer.run_id for answer in answers}) == 1
        assert answers[0].run_id != first.run_id
        assert [answer.merged for answer in answers].count(False) == 1
        w.steps[2].gate.set()
        history = await w.ended(2)
        assert [run.id for run in history] == [first.run_id, answers[0].run_id]
        assert w.steps[2].most_at_work == 1


async def test_steps_overlap_but_one_step_never_runs_twice_at_once(tmp_path):
    async with world(tmp_path) as w:
        for step in w.steps.values():
            step.gate.clear()
            step.todo = ["item"]
        for _ in range(3):
            await asyncio.gather(*(w.orchestrator.request(number, "manual") for number in w.steps))
        await until(lambda: all(step.at_work for step in w.steps.values()), "all six at once")
        for step in w.steps.values():
            step.gate.set()
        await w.ended(12)
        assert {step.most_at_work for step in w.steps.values()} == {1}


async def test_a_run_is_failed_if_it_breaks_or_every_item_fails(tmp_path):
    async with world(tmp_path) as w:
        w.steps[4].todo = ["bad 1", "bad 2"]
        await w.orchestrator.request(4, "manual")
        (run,) = await w.ended(1)
        assert (run.status, run.failed) == (RunStatus.FAILED, 2)
        assert w.status(4) is StepStatus.FAILED
        w.steps[4].todo = ["bad", "good", "poison"]
        await w.orchestrator.request(4, "manual")
        run = (await w.ended(2))[-1]
        assert (run.status, run.done, run.failed, run.quarantined) == (RunStatus.SUCCESS, 1, 1, 1)
        w.steps[4].todo = ["break"]
        await w.orchestrator.request(4, "manual")
        run = (await w.ended(3))[-1]
        assert (run.status, run.error) == (RunStatus.FAILED, "the store is made of glass")


async def test_a_run_that_finishes_no_item_for_long_times_out(tmp_path):
    async with world(tmp_path, step_timeout=300) as w:
        w.steps[2].todo = ["a", "b"]
        w.steps[2].gate.clear()
        await w.orchestrator.request(2, "manual")
        await until(lambda: w.steps[2].at_work)
        await w.clock.advance(299, step=50)
        assert w.status(2) is StepStatus.RUNNING
        await w.clock.advance(2)
        (run,) = await w.ended(1)
        assert (run.status, run.error) == (RunStatus.TIMEOUT, "no item was finished for 300 s")
        assert w.status(2) is StepStatus.FAILED
        assert w.steps[2].todo == ["a", "b"]


async def test_progress_keeps_a_long_run_alive(tmp_path):
    async with world(tmp_path, step_timeout=300) as w:
        w.steps[2].todo = list("abcdef")
        w.steps[2].gate.clear()
        await w.orchestrator.request(2, "manual")
        for count in range(1, 7):
            await until(lambda: w.steps[2].at_work)
            await w.clock.advance(200, step=50)
            w.steps[2].gate.set()
            await until(lambda count=count: len(w.steps[2].done) >= count)
            w.steps[2].gate.clear()
            if len(w.steps[2].done) == 6:
                break
        (run,) = await w.ended(1)
        assert (run.status, run.done) == (RunStatus.SUCCESS, 6)


async def test_cancel_ends_the_run_and_holds_the_step(tmp_path):
    async with world(tmp_path) as w:
        assert await w.orchestrator.cancel(2) is False
        w.steps[2].todo = ["a"]
        w.steps[2].gate.clear()
        await w.orchestrator.request(2, "manual")
        await until(lambda: w.steps[2].at_work)
        await w.orchestrator.request(2, "manual")
        assert await w.orchestrator.cancel(2) is True
        assert w.steps[2].cancelled == 1
        assert {run.status for run in await w.ended(2)} == {RunStatus.CANCELLED}
        assert w.status(2) is StepStatus.IDLE
        assert w.orchestrator.lane(2).held_at is not None
        w.steps[2].gate.set()
        await w.orchestrator.request(2, "manual")
        assert (await w.ended(3))[-1].status is RunStatus.SUCCESS
        assert w.orchestrator.lane(2).held_at is None


async def test_restart_ends_everything_keeps_pause_and_sets_all_idle(tmp_path):
    async with world(tmp_path) as w:
        await w.orchestrator.set_paused(True)
        await w.orchestrator.request(3, "manual")
        await w.ended(1)
        w.steps[2].todo = ["a"]
        w.steps[2].gate.clear()
        await w.orchestrator.request(2, "manual")
        await until(lambda: w.steps[2].at_work)
        await w.orchestrator.request(2, "manual")
        await w.orchestrator.restart()
        history = await w.ended(3)
        assert [run.status for run in history] == [RunStatus.SUCCESS, RunStatus.CANCELLED, RunStatus.CANCELLED]
        assert {w.status(number) for number in range(1, 7)} == {StepStatus.IDLE}
        assert w.orchestrator.paused
        assert w.steps[2].todo == ["a"]


async def test_the_next_process_fails_what_was_running_and_runs_what_waited(tmp_path):
    async with world(tmp_path) as w:
        async with w.tools.database.write() as tx:
            running, _ = await runs.request(tx, 2, "manual", w.clock.now())
            await runs.begin(tx, running.id, w.clock.now())
            waiting, _ = await runs.request(tx, 2, "manual", w.clock.now())
        async with w.tools.database.write() as tx:
            with pytest.raises(Exception, match="UNIQUE constraint failed: runs.step"):
                await runs.begin(tx, waiting.id, w.clock.now())
    async with world(tmp_path) as w:
        history = await w.ended(2)
        assert [(run.id, run.status, run.error) for run in history] == [
            (running.id, RunStatus.FAILED, "process ended"), (waiting.id, RunStatus.SUCCESS, None),
        ]  # fmt: skip


async def test_stopping_ends_runs_as_cancelled_and_their_items_stay_due(tmp_path):
    async with world(tmp_path) as w:
        w.steps[2].todo = ["a"]
        w.steps[2].gate.clear()
        await w.orchestrator.request(2, "manual")
        await until(lambda: w.steps[2].at_work)
        await w.orchestrator.stop()
        (run,) = await w.history()
        assert (run.status, run.error) == (RunStatus.CANCELLED, "kingtui was stopped")
        assert w.steps[2].todo == ["a"]


async def test_timer_runs_without_items_collapse_into_one_row(tmp_path):
    async with world(tmp_path) as w:
        for _ in range(5):
            await w.orchestrator.request(6, "timer")
            await until(lambda: not w.orchestrator.lane(6).busy)
            await w.clock.advance(1)
        (run,) = await w.history()
        assert (run.trigger, run.count) == ("timer", 5)
        await w.orchestrator.request(6, "manual")
        await until(lambda: not w.orchestrator.lane(6).busy)
        await w.orchestrator.request(6, "timer")
        assert [run.count for run in await w.ended(3)] == [5, 1, 1]


async def test_a_full_run_takes_no_more_than_its_batch(tmp_path):
    async with world(tmp_path, batch=10) as w:
        w.steps[2].todo = [object() for _ in range(25)]
        await w.orchestrator.request(2, "manual")
        (run,) = await w.ended(1)
        assert run.done == 10


async def test_a_step_that_is_fed_works_on_in_one_run(tmp_path):
    async with world(tmp_path) as w:
        w.steps[2].todo = ["a", "b", "c"]
        w.steps[2].gate.clear()
        await w.orchestrator.request(2, "manual")
        w.steps[3].todo = ["x"]
        await w.orchestrator.request(3, "manual")
        await until(lambda: w.steps[3].done == ["x"])
        for item in ("y", "z"):
            await asyncio.sleep(0.02)
            w.steps[3].todo.append(item)
            w.orchestrator.item_finished(2)
        await until(lambda: w.steps[3].done == ["x", "y", "z"])
        w.steps[2].gate.set()
        history = await w.ended(2)
        assert sorted((run.step, run.done) for run in history) == [(2, 3), (3, 3)]


async def test_a_run_that_broke_holds_automatic_ones_for_a_while(tmp_path):
    async with world(tmp_path) as w:
        waits = []
        for _ in range(3):
            w.steps[2].todo = ["break"]
            await w.orchestrator.request(2, "new items")
            await until(lambda: not w.orchestrator.lane(2).busy)
            waits.append(w.orchestrator.lane(2).not_before - w.clock.now())
        assert waits == [timedelta(seconds=seconds) for seconds in (10, 20, 40)]


async def test_events_tell_of_every_run(tmp_path):
    async with world(tmp_path) as w, w.tools.bus.subscribe() as events:
        await w.orchestrator.request(5, "manual")
        seen = []
        async for event in events:
            seen.append(type(event).__name__)
            if isinstance(event, RunFinished):
                break
        assert seen == ["RunRequested", "RunStarted", "RunFinished"]


@pytest.mark.parametrize("number", [0, 7, -1])
async def test_another_number_is_refused(tmp_path, number):
    async with world(tmp_path) as w:
        with pytest.raises(WrongUse, match="Invalid step number"):
            await w.orchestrator.request(number, "manual")
