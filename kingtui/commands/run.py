"""``kingtui run``: steps once, in order, until nothing of theirs is due."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from kingtui.commands.output import say
from kingtui.commands.progress import Progressing
from kingtui.home import Home, Owner, owner
from kingtui.models import STEPS, KingError, Run, RunStatus, WrongUse
from kingtui.settings import Settings

if TYPE_CHECKING:
    from kingtui.commands.desk import Desk

ALL = tuple(info.number for info in STEPS)
T = TypeVar("T")


@dataclass(slots=True)
class Tally:
    """What came of the runs."""

    runs: list[Run] = field(default_factory=list)
    waiting: int = 0
    """Items that wait for another try."""
    due: int = 0
    """Items that are still due although the last runs could do nothing about them."""

    @property
    def failed(self) -> int:
        """Items that failed or went to Quarantine."""
        return sum(run.failed + run.quarantined for run in self.runs)

    @property
    def well(self) -> bool:
        """Whether every run succeeded with every item."""
        return not self.failed and all(run.status is RunStatus.SUCCESS for run in self.runs)


def step_named(text: str) -> int:
    """A step by its number. Raises WrongUse."""
    if text in {str(number) for number in ALL}:
        return int(text)
    raise WrongUse(f"{text[:20]!r} is no step: 1 to {ALL[-1]} are allowed")


def steps_named(text: str) -> tuple[int, ...]:
    """One step by its number, or ``all``. Raises WrongUse."""
    if text == "all":
        return ALL
    try:
        return (step_named(text),)
    except WrongUse:
        raise WrongUse(f"{text[:20]!r} is no step: 1 to {ALL[-1]}, or all, are allowed") from None


def run_steps(settings: Settings, steps: Sequence[int]) -> bool:
    """Run the steps in this process, or have the home's owner run them. Whether everything went well."""
    home = Home(settings.home)
    held_by = owner(home)
    tally = ended(_alone(settings, steps)) if held_by is None else ended(_beside(home, held_by, steps))
    _sum_up(tally)
    return tally.well


async def _alone(settings: Settings, steps: Sequence[int]) -> Tally:
    from kingtui.commands.desk import alone

    async with alone(settings) as desk:
        return await drive(desk, steps)


async def _beside(home: Home, held_by: Owner, steps: Sequence[int]) -> Tally:
    from kingtui.commands.desk import beside

    async with beside(home, held_by) as desk:
        say(f"{held_by}, owns the home and is asked")
        return await drive(desk, steps)


async def drive(desk: Desk, steps: Sequence[int]) -> Tally:
    """Each step until nothing is due for it, in order, and again from the first that has new work."""
    began = datetime.now(UTC)
    with Progressing() as told:
        todo: Sequence[int] = steps
        while todo:
            finished = 0
            for step in todo:
                finished += await _work_off(desk, step, told)
            due = await desk.due()
            todo = [step for step in steps if due[step][0]] if finished else ()
        await desk.rest(told)
    due = await desk.due()
    return Tally(
        [run for run in await desk.ended_since(began) if run.step in steps],
        waiting=sum(due[step][1] for step in steps),
        due=sum(due[step][0] for step in steps),
    )


async def _work_off(desk: Desk, step: int, told: Progressing) -> int:
    """Run a step until nothing is due or a run could do nothing; how many items ended."""
    finished = 0
    while True:
        told.begins(step)
        run = await desk.run(step, told)
        told.ended(run)
        finished += run.items
        if run.status is not RunStatus.SUCCESS or not run.items or not (await desk.due())[step][0]:
            return finished


def ended(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine in a loop of its own, which ends in order when it is interrupted. Raises KingError."""

    async def until_told() -> T:
        task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
        with _handled(loop, task):
            return await task

    try:
        return asyncio.run(until_told())
    except asyncio.CancelledError:
        raise KingError("interrupted: what was not finished stays due") from None


@contextlib.contextmanager
def _handled(loop: asyncio.AbstractEventLoop, task: asyncio.Future[Any]) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _sum_up(tally: Tally) -> None:
    items = sum(run.done for run in tally.runs)
    parts = [f"{items} {'item' if items == 1 else 'items'} done"]
    if tally.failed:
        parts.append(f"{tally.failed} failed")
    if tally.waiting:
        parts.append(f"{tally.waiting} wait for another try")
    if tally.due:
        parts.append(f"{tally.due} still due")
    say(", ".join(parts))
