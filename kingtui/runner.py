"""Where work on pictures runs: pure functions by name, in a pool of processes.

A job is ``(bytes, params) -> bytes``. Nothing but bytes and JSON data crosses to the worker, which looks the function
up by its name: a worker on another machine can do the same.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, Protocol

from kingtui.charts import NotAPicture
from kingtui.models import KingError
from kingtui.terminal import let_go

JOBS: Mapping[str, str] = {
    "identify": "kingtui.charts.jobs:identify",
    "read": "kingtui.charts.jobs:read",
    "overlay": "kingtui.charts.jobs:overlay",
    "explain": "kingtui.charts.jobs:explain",
    "marks": "kingtui.charts.jobs:marks",
    "preview": "kingtui.charts.preview:preview",
    "paint": "kingtui.charts.jobs:paint",
    "figure": "kingtui.reports.figure:draw",
}
"""Name of a job → its function."""

IDLE_SECONDS = 60.0
STOP_SECONDS = 5.0
_STARTS = 3
"""So many processes may die before they have begun a job; what kills them is not the job."""


class JobFailed(KingError):
    """The job raised: the text says what."""


class JobDied(KingError):
    """The worker process died in the job (crash, out of memory)."""


class JobTimedOut(KingError):
    """The job took longer than it may; its worker was ended."""


@dataclass(frozen=True, slots=True)
class Job:
    """A function by its name, its bytes and parameters (JSON data), and how many seconds it may take."""

    name: str
    data: bytes
    params: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 60.0


class Runner(Protocol):
    """Where jobs run."""

    @property
    def width(self) -> int:
        """How many jobs it can do at once."""
        ...

    async def run(self, job: Job) -> bytes:
        """Do a job. Cancelling the await ends the job. Raises NotAPicture, JobFailed, JobDied, JobTimedOut."""
        ...


class PoolRunner:
    """Spawned worker processes, niced, and retired after a minute of idleness.

    ``start()`` before any screen takes the terminal; workers themselves are made when there is work.
    """

    def __init__(self, workers: int, cache: Path, idle_seconds: float = IDLE_SECONDS) -> None:
        self.width = workers
        self._workers = [_Worker(cache) for _ in range(workers)]
        self._free = list(self._workers)
        self._room = asyncio.Semaphore(workers)
        self._idle_seconds = idle_seconds
        self._idle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start the tracker process that spawning needs, while descriptors 0 to 2 are still the real ones."""
        resource_tracker.ensure_running()

    async def run(self, job: Job) -> bytes:
        if job.name not in JOBS:
            raise JobFailed(f"there is no job {job.name!r}")
        async with self._room:
            self._stay()
            worker = self._free.pop()
            try:
                return await worker.run(job)
            finally:
                self._free.append(worker)
                if len(self._free) == self.width:
                    loop = asyncio.get_running_loop()
                    self._idle = loop.call_later(self._idle_seconds, lambda: loop.create_task(self._retire()))

    async def stop(self) -> None:
        """End every worker, whatever it does."""
        self._stay()
        ends = [end for worker in self._workers if (end := worker.discard())]
        await asyncio.gather(*(asyncio.to_thread(end.join, STOP_SECONDS) for end in ends))

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _retire(self) -> None:
        if len(self._free) == self.width:
            await self.stop()


class _Worker:
    """One process in a pebble pool of its own, which ends a job that takes too long and starts the process anew.

    Workers of one pool share two pipes and their locks: where one is killed at the wrong moment, or while none has a
    job, the whole pool breaks for good. So there is one pool for each, and after such an end a new one.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._pool: Any = None

    async def run(self, job: Job) -> bytes:
        """Do a job; see ``Runner.run``."""
        from pebble import ProcessExpired

        for _ in range(_STARTS):
            try:
                return await asyncio.wrap_future(self._begin(job))
            except NotAPicture:
                raise
            except TimeoutError as error:
                raise JobTimedOut(f"{job.name} took longer than {job.timeout:.0f} s and was ended") from error
            except ProcessExpired as error:
                self.discard()
                raise JobDied(f"the process that did {job.name} died (exit code {error.exitcode})") from error
            except BrokenProcessPool:  # its process died before it had begun the job
                self.discard()
            except Exception as error:
                raise JobFailed(f"{job.name} failed: {type(error).__name__}: {error}") from error
        raise JobDied(f"{_STARTS} processes died before they had begun {job.name}")

    def discard(self) -> threading.Thread | None:
        """Give the pool up; the thread in which it ends, which a pipe with half a message in it may hold for ever."""
        if self._pool is None:
            return None
        pool, self._pool = self._pool, None
        end = threading.Thread(target=_end, args=(pool,), name="end of a worker", daemon=True)
        end.start()
        return end

    def _begin(self, job: Job) -> Future[bytes]:
        from pebble import ProcessPool

        if self._pool is not None and not self._pool.active:  # its process was killed while it had no job
            self.discard()
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=1,
                context=multiprocessing.get_context("spawn"),
                initializer=_prepare,
                initargs=(os.getpid(), str(self._cache)),
            )
        try:
            future: Future[bytes] = self._pool.schedule(
                _work, args=(job.name, job.data, dict(job.params)), timeout=job.timeout
            )
        except RuntimeError as error:  # it broke just now
            raise BrokenProcessPool(str(error)) from error
        return future


def _end(pool: Any) -> None:
    pool.stop()
    pool.join()


def _prepare(parent: int, cache: str) -> None:
    """In a new worker: be nice, keep off the terminal, and never outlive the parent."""
    let_go()
    os.nice(10)
    os.environ["MPLCONFIGDIR"] = os.environ["XDG_CACHE_HOME"] = cache
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _work(name: str, data: bytes, params: dict[str, Any]) -> bytes:
    module, _, function = JOBS[name].partition(":")
    job: Callable[..., bytes] = getattr(importlib.import_module(module), function)
    return job(data, **params)
