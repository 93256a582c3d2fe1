"""Leaving the dashboard: what runs in it is stopped first, whatever ends it; and it may go on without a screen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from rich.text import Text
from textual import constants
from textual.worker import get_current_worker

from kingtui.driver import EnduringDriver, TerminalLost
from kingtui.frame import Frame
from kingtui.models import StepStatus
from kingtui.redaction import hide
from kingtui.screens.dialogs import Leave, Leaving
from kingtui.widgets.live import Live

log = logging.getLogger("kingtui.app")

PATIENCE_SECONDS = 5.0


class LeavableApp(Frame):
    """Subclasses set ``live``, which knows what is at work."""

    live: Live

    def __init__(self, *, stop: Callable[[], Awaitable[None]], **options: Any) -> None:
        """``stop()`` is awaited before the app ends; it may be called twice."""
        super().__init__(driver_class=None if constants.DRIVER else EnduringDriver, **options)
        self.stop_services = stop
        self.hung_up = False
        """Whether the app ended because its terminal did."""
        self.goes_on = False
        """Whether it was left so that the work goes on without it."""
        self._leaving = False

    async def action_quit(self) -> None:
        """Leave; asks while work runs."""
        status = self.live.status
        busy = [view for view in status.steps if view.status is StepStatus.RUNNING] if status is not None else []
        if not busy:
            self.leave()
            return
        names = ", ".join(f"step {view.info.number} ({view.info.name})" for view in busy)
        question = (
            f"Work is under way: {names}.\n\nStop it and quit? Nothing is lost: what is not finished stays due and "
            "goes on at the next start. Or leave all running in the background, without a screen."
        )
        self.push_screen(Leave(question), self._leave_so)

    def action_detach(self) -> None:
        """Leave what this dashboard is attached to: it works on."""
        self.leave()

    def _leave_so(self, how: Leaving | None) -> None:
        if how == "background":
            self.leave_running()
        elif how == "stop":
            self.leave()

    def leave_running(self) -> None:
        """End the app; whoever runs it has the work go on without a screen."""
        self.goes_on = True
        self.leave()

    def leave(self) -> None:
        """Stop what runs, then end the app; a second time, end it at once."""
        if self._leaving:
            self.exit(return_code=1, message="kingtui was stopped before its work had ended; nothing is lost")
            return
        self.run_worker(self._leave(), name="leave", group="face", exit_on_error=False)

    def hang_up(self) -> None:
        """The terminal is said to be gone (SIGHUP)."""
        if isinstance(self._driver, EnduringDriver):
            self._driver.lose()
        else:
            self.leave()

    def on_terminal_lost(self, event: TerminalLost) -> None:
        """Stop what runs as workers of this app, then end it: it may go on without a face."""
        self.hung_up = True
        log.warning("the terminal is gone")
        if not self._leaving:
            self.leave()

    def _fatal_error(self) -> None:
        """What nobody caught ends the app: it is told in the log and on the terminal.

        Textual would show what the variables held: passwords that were typed among it.
        """
        error = sys.exc_info()[1] or self._exception
        log.error("the dashboard broke", exc_info=error)
        lines = hide("".join(traceback.format_exception(error))).splitlines()
        self.bell()
        self.panic(
            Text("\n".join("".join(char if char.isprintable() else "\ufffd" for char in line) for line in lines))
        )

    async def _leave(self) -> None:
        self._leaving = True
        attachment = self.live.attachment
        self.notify(
            "Stopping…" if attachment is None else f"Leaving: kingtui at {attachment.address} works on", timeout=30
        )
        try:
            await self.stop_services()
            await self._stop_asking()
        finally:
            self.exit()

    async def _stop_asking(self) -> None:
        """End what still asks the store, and wait for it: the store is closed as soon as the app has gone."""
        here = get_current_worker()
        asking = [worker for worker in self.workers if worker is not here and not worker.is_finished]
        for worker in asking:
            worker.cancel()
        ends = (worker.wait() for worker in asking)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*ends, return_exceptions=True), PATIENCE_SECONDS)
