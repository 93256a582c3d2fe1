"""Pictures to readings: here, or in several processes where there are many; in order, whatever is done first."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from kingtui.charts import AnyReading, NotAPicture
from kingtui.charts.reading import reading_from_json
from kingtui.commands.pictures import Picture, Unreadable
from kingtui.models import KingError
from kingtui.runner import Job, JobDied, JobFailed, JobTimedOut, PoolRunner

_AHEAD = 3
"""Pictures that each process may be ahead of what is shown."""
_WORTH = 6
"""So many pictures make a process worth its start, which takes as long as reading three or four."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a picture: a reading and, if it was asked for, the PNG that explains it; or why it has none."""

    picture: Picture
    reading: AnyReading | None = None
    explained: bytes = b""
    error: str = ""


def read_many(
    pictures: Sequence[Picture],
    *,
    explain: bool,
    jobs: int | None,
    done: Callable[[], None],
    then: Callable[[Outcome], None],
) -> None:
    """Read every picture in at most ``jobs`` processes (None: as many as there are cores) and hand each outcome to
    ``then``, in the pictures' order.

    ``done`` is called after each picture, in any order. Raises KingError where no picture can be read.
    """
    workers = len(pictures) // _WORTH
    if workers > 1:
        workers = min(workers, _cores() if jobs is None else jobs)
    if workers > 1:
        asyncio.run(_in_processes(pictures, explain, workers, done, then))
        return
    for picture in pictures:
        outcome = _here(picture, explain)
        done()
        then(outcome)


def _cores() -> int:
    from kingtui.settings.fields import cores  # costs 0.1 s, which a single picture need not wait for

    return cores()


def _here(picture: Picture, explain: bool) -> Outcome:
    from kingtui.charts import jobs
    from kingtui.charts.text import RecogniserMissing

    try:
        return _outcome(picture, (jobs.explain if explain else jobs.read)(picture.read()), explain)
    except (NotAPicture, Unreadable) as error:
        return Outcome(picture, error=str(error))
    except RecogniserMissing as error:  # no other picture could be read either
        raise _no_recogniser(error) from error
    except KingError:
        raise
    except Exception as error:  # a fault of the reader's: this picture failed, the others need not
        return Outcome(picture, error=_fault(error))


async def _in_processes(
    pictures: Sequence[Picture],
    explain: bool,
    workers: int,
    done: Callable[[], None],
    then: Callable[[Outcome], None],
) -> None:
    with tempfile.TemporaryDirectory(prefix="kingtui-") as cache:
        runner = PoolRunner(workers, Path(cache))
        runner.start()
        try:
            async with aclosing(_outcomes(runner, pictures, explain, done)) as outcomes:
                async for outcome in outcomes:
                    then(outcome)
        finally:
            await runner.stop()


async def _outcomes(
    runner: PoolRunner, pictures: Sequence[Picture], explain: bool, done: Callable[[], None]
) -> AsyncGenerator[Outcome, None]:
    waiting: deque[asyncio.Task[Outcome]] = deque()
    try:
        for picture in pictures:
            task = asyncio.create_task(_there(runner, picture, explain))
            task.add_done_callback(lambda _: done())
            waiting.append(task)
            if len(waiting) > _AHEAD * runner.width:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _there(runner: PoolRunner, picture: Picture, explain: bool) -> Outcome:
    from kingtui.charts.text import RecogniserMissing

    try:
        return _outcome(picture, await runner.run(Job("explain" if explain else "read", picture.read())), explain)
    except (NotAPicture, Unreadable, JobDied, JobTimedOut) as error:
        return Outcome(picture, error=str(error))
    except JobFailed as error:
        if isinstance(error.__cause__, RecogniserMissing):
            raise _no_recogniser(error.__cause__) from error
        return Outcome(picture, error=_fault(error.__cause__ or error))


def _outcome(picture: Picture, made: bytes, explain: bool) -> Outcome:
    told, _, explained = made.partition(b"\n") if explain else (made, b"", b"")
    return Outcome(picture, reading_from_json(json.loads(told)), explained)


def _no_recogniser(error: BaseException) -> KingError:
    return KingError(f"{error}; kingtui doctor says more")


def _fault(error: BaseException) -> str:
    return f"the reader failed, which is a fault in it: {type(error).__name__}: {error}"
