"""``kingtui --api-only``: the orchestrator and its API without a screen; also what is left of a dashboard that lost its
terminal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from kingtui.clock import SystemClock
from kingtui.models import KingError
from kingtui.notify_service import ServiceManager
from kingtui.runtime import Runtime
from kingtui.settings import Settings
from kingtui.terminal import let_go

log = logging.getLogger("kingtui.headless")

MODE = "headless"
STARTING_SECONDS = 0.1
"""Between two looks whether all is at work."""


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
    async with Runtime(settings, mode=MODE, needs_api=settings.api, log_stream=sys.stderr) as runtime:
        await work(runtime)


async def work(runtime: Runtime, *, hung_up: bool = False) -> None:
    """Run what the runtime has until a signal says stop. Whether a lost terminal says so too is a setting.

    ``hung_up``: it is lost already.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _asked_to_stop, stop)
    stays = runtime.settings.on_hangup == "continue"
    loop.add_signal_handler(signal.SIGHUP, _hung_up if stays else stop.set)
    manager = ServiceManager()
    async with task_spawner() as spawn:
        await runtime.start(spawn, mode=MODE, hung_up=hung_up)
        if manager.there:
            spawn(_tell(manager, runtime), name="service manager", group="loops")
        await stop.wait()
        manager.stopping()
        await runtime.stop()


async def _tell(manager: ServiceManager, runtime: Runtime) -> None:
    """Say when all is at work, and then again and again that and how it is."""
    clock = SystemClock()
    while (await runtime.control.status()).starting:
        await clock.sleep(STARTING_SECONDS)

    async def status() -> str:
        try:
            health = (await runtime.control.status()).health
        except KingError as error:  # a full disk is no reason to start anew
            return f"attention: {error}"
        return ": ".join(filter(None, (health.word.value, "; ".join(health.reasons))))

    manager.ready(await status())
    await manager.keep_alive(clock, status)


def _asked_to_stop(stop: asyncio.Event) -> None:
    if stop.is_set():
        raise SystemExit(1)
    stop.set()


def _hung_up() -> None:
    let_go()
    log.warning("the terminal is gone; kingtui goes on without it")


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
