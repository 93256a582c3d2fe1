"""``kingtui``: the dashboard, with the orchestrator and the API running as workers in it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from os import getpid

from kingtui.commands.headless import run_loop, work
from kingtui.models import KingError, WrongUse
from kingtui.runtime import Runtime
from kingtui.settings import Settings

log = logging.getLogger("kingtui.dashboard")


def open_dashboard(settings: Settings) -> None:
    """Show the dashboard until it is left. Raises KingError where it cannot start or broke."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise WrongUse("the dashboard needs a terminal: use --api-only to run without one")
    run_loop(_show(settings))


async def _show(settings: Settings) -> None:
    from kingtui.app import KingApp

    async with Runtime(settings, mode="dashboard") as runtime:
        app = KingApp(runtime.control, start=runtime.start, stop=runtime.stop)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, app.leave)
        loop.add_signal_handler(signal.SIGHUP, app.hang_up)
        await app.run_async()
        if app.hung_up and settings.on_hangup == "continue":
            log.info(
                "going on without a terminal: kingtui status tells how it is, SIGTERM to process %d ends it", getpid()
            )
            await work(runtime)
            return
    if app.return_code:
        raise KingError("the dashboard ended with an error; orchestrator.log in the home tells which")
