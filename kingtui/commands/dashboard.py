"""``kingtui``: the dashboard, with the orchestrator and the API running as workers in it; or attached to another."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from os import getpid
from typing import TYPE_CHECKING, Any, Protocol

from kingtui.commands.headless import run_loop, work
from kingtui.commands.output import say
from kingtui.control import Control
from kingtui.home import Home, owner
from kingtui.models import Attachment, KingError, WrongUse
from kingtui.runtime import Runtime
from kingtui.settings import Settings, keymap_of

if TYPE_CHECKING:
    from kingtui.app import KingApp
    from kingtui.client.doors import Door

log = logging.getLogger("kingtui.dashboard")

BEGINS_SECONDS = 30.0
SLOWLY = 20.0
"""With ``--low-bandwidth`` what changes by itself is painted every 2 s at most; keys answer as fast as ever."""


def open_dashboard(settings: Settings, *, low_bandwidth: bool = False) -> None:
    """Show the dashboard until it is left. Raises KingError where it cannot start or broke."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise WrongUse("the dashboard needs a terminal: use --api-only to run without one")
    run_loop(_show(settings, SLOWLY if low_bandwidth else 1.0))


def open_attached(settings: Settings, door: Door, *, greeting: str, keeps: Home | None, low_bandwidth: bool) -> None:
    """Show what a kingtui elsewhere does, until the dashboard is left; that one works on. Raises KingError.

    ``keeps``: where what is chosen in the dashboard is kept, if not in the home over there.
    """
    run_loop(_show_attached(settings, door, greeting, keeps, SLOWLY if low_bandwidth else 1.0))


async def _show(settings: Settings, slowly: float) -> None:
    prepared = _prepared(settings) | {"slowly": slowly}
    async with Runtime(settings, mode="dashboard") as runtime:
        app = await _app(runtime, runtime.control, prepared)
        await _run(app)
        if app.hung_up and settings.on_hangup == "continue":
            log.info(
                "going on without a terminal: kingtui status tells how it is, SIGTERM to process %d ends it", getpid()
            )
            await work(runtime, hung_up=True)
            return
        address = runtime.address
    if app.goes_on:
        go_on_in_background(settings, address)
    elif app.return_code:
        raise KingError("the dashboard ended with an error; orchestrator.log in the home tells which")


async def _show_attached(settings: Settings, door: Door, greeting: str, keeps: Home | None, slowly: float) -> None:
    from kingtui.client.remote import RemoteControl

    logging.getLogger().addHandler(logging.NullHandler())  # the log is the other's; nothing may paint over the screen
    prepared = _prepared(settings) | {"slowly": slowly}
    remote = RemoteControl(door, greeting=greeting, keeps=keeps)
    try:
        await remote.status()  # who cannot be reached is told of before there is a screen
        attachment = Attachment((await asyncio.to_thread(door.find)).address)
        app = await _app(remote, remote.control, prepared, attachment)
        await _run(app)
    finally:
        await remote.stop()
    if app.return_code:
        raise KingError(f"the dashboard ended with an error; what it was attached to works on at {attachment.address}")


class _Services(Protocol):
    """What starts and stops what a dashboard shows."""

    async def start(self, spawn: Any) -> None: ...

    async def stop(self) -> None: ...


def _prepared(settings: Settings) -> dict[str, Any]:
    """What the app is given by the settings and the terminal, found out before anything starts. Raises WrongUse."""
    from kingtui.themes import checked_theme
    from kingtui.widgets import graphics

    graphics.prepare()
    return {"theme": checked_theme(settings.theme), "keymap": _keymap(settings)}


async def _app(
    services: _Services, control: Control, prepared: Mapping[str, Any], attachment: Attachment | None = None
) -> KingApp:
    from kingtui.app import KingApp

    return KingApp(
        control,
        start=services.start,
        stop=services.stop,
        choices=await control.choices(),
        attachment=attachment,
        **prepared,
    )


async def _run(app: KingApp) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.leave)
    loop.add_signal_handler(signal.SIGHUP, app.hang_up)
    await app.run_async()


def _keymap(settings: Settings) -> dict[str, str]:
    """The user's keys, checked. Raises WrongUse."""
    if not settings.keymap:
        return {}
    from kingtui.keymap import checked

    return checked(keymap_of(settings.keymap))


def go_on_in_background(settings: Settings, address: str | None) -> None:
    """Have another process own the home from now on, started as this one was but for the screen. Raises KingError."""
    command = [sys.executable, "-m", "kingtui", *sys.argv[1:], "--api-only"]
    if address is not None:  # a port that was any free one stays the same
        command += ["--port", address.rpartition(":")[2]]
    process = subprocess.Popen(  # noqa: S603 - our own command, as it was typed
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    home = Home(settings.home)
    deadline = time.monotonic() + BEGINS_SECONDS
    while (held_by := owner(home)) is None or held_by.pid != process.pid:
        if process.poll() is not None or time.monotonic() > deadline:
            raise KingError(f"kingtui could not be left running: {home.log_file} says why")
        time.sleep(0.05)
    say(f"kingtui goes on in the background: {held_by}. kingtui status tells how it is; kill {process.pid} ends it")
