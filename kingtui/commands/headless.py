"""``kingtui --api-only``: the orchestrator and its API without a screen."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from kingtui.runtime import Runtime
from kingtui.settings import Settings


def serve(settings: Settings) -> None:
    """Run until a signal says stop; a second signal does not wait. Raises KingError where it cannot start."""
    run_loop(_serve(settings))


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """``asyncio.run`` on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, _asked_to_stop, stop)
    runtime = Runtime(settings, mode="headless", needs_api=settings.api, log_stream=sys.stderr)
    async with runtime, task_spawner() as spawn:
        await runtime.start(spawn)
        await stop.wait()
        await runtime.stop()


def _asked_to_stop(stop: asyncio.Event) -> None:
    if stop.is_set():
        raise SystemExit(1)
    stop.set()


@contextlib.asynccontextmanager
async def task_spawner() -> Any:
    """A ``spawn`` whose coroutines are tasks; those still at work at the end are cancelled."""
    tasks: set[asyncio.Task[None]] = set()

    def spawn(work: Coroutine[Any, Any, None], *, name: str, group: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    try:
        yield spawn
    finally:
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
