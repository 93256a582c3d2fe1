"""The board of the six steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events as terminal
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.timer import Timer

from kingtui.events import Event, RunProgressed
from kingtui.models import STEPS, Progress, Status, StepStatus, StepView
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.step_words import heading, step_lines

CALM_SECONDS = 10.0
COUNTDOWN_SECONDS = 1.0


class StepRow(Line, can_focus=True):
    """One step in two lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Its run", id="step.open", tooltip="Show this step's current or last run and its log"),
        Binding("x", "cancel", "Cancel", id="step.cancel", tooltip="End this step's run and hold the step"),
        Binding("up,k", "app.focus_previous", "Up", show=False, id="step.up", tooltip="The step above"),
        Binding("down,j", "app.focus_next", "Down", show=False, id="step.down", tooltip="The step below"),
    ]

    class RunChosen(Message):
        """The step's run shall be shown."""

        def __init__(self, run_id: int) -> None:
            super().__init__()
            self.run_id = run_id

    class CancelAsked(Message):
        """The step's run shall be ended."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, number: int, live: Live) -> None:
        super().__init__(id=f"step-{number}")
        self.number = number
        self.view: StepView | None = None
        self._live = live
        self._paused = False
        self._progress: Progress | None = None

    def on_resize(self, event: terminal.Resize) -> None:
        self.show_now()

    def take(self, view: StepView, paused: bool) -> None:
        """Show the step as of a new status."""
        if view.current_run is None or self.view is None or self.view.current_run != view.current_run:
            self._progress = None
        before, self.view, self._paused = self.view, view, paused
        if view.progress is not None and (self._progress is None or view.progress.done >= self._progress.done):
            self._progress = view.progress
        for status in StepStatus:
            self.set_class(view.status is status, f"-{status.value}")
        self.show_now()
        if before is None or _offers(before) != _offers(view):
            self.refresh_bindings()

    def progressed(self, event: RunProgressed) -> None:
        """Show how far the run is, where it is the one shown."""
        if self.view is not None and self.view.current_run is not None and self.view.current_run.id == event.run_id:
            self._progress = event.progress
            self.show_now()

    def show_now(self) -> None:
        """Show what is known, with ages and countdowns of this moment."""
        width = self.content_size.width
        if self.view is not None and width:
            self.show(step_lines(self.view, self._progress, self._paused, self._live.now(), width))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.view is None:
            return action not in ("open", "cancel")
        if action == "open":
            return (self.view.current_run or self.view.last_run) is not None
        if action == "cancel":
            return self.view.current_run is not None
        return True

    def action_open(self) -> None:
        """Show the run that is at work or was the last."""
        run = (self.view.current_run or self.view.last_run) if self.view is not None else None
        if run is not None:
            self.post_message(self.RunChosen(run.id))

    def action_cancel(self) -> None:
        """Ask to end the run."""
        self.post_message(self.CancelAsked(self.number))


def _offers(view: StepView) -> tuple[bool, bool]:
    """What the row's keys can do: cancel, open."""
    return view.current_run is not None, (view.current_run or view.last_run) is not None


class StepBoard(VerticalScroll, can_focus=False):
    """Six rows. Seconds pass on it only while something is less than a minute away."""

    def __init__(self, live: Live, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._live = live
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Line(id="heading")
        for info in STEPS:
            yield StepRow(info.number, self._live)

    def on_mount(self) -> None:
        self._live.status_changed.subscribe(self, self._take)
        self._live.happened.subscribe(self, self._happened)
        if self._live.status is not None:
            self._take(self._live.status)
        self._tick()

    def on_resize(self, event: terminal.Resize) -> None:
        line = self.query_one("#heading", Line)
        line.show(heading(line.content_size.width))

    @property
    def rows(self) -> list[StepRow]:
        """The rows, in the order of the steps."""
        return list(self.query(StepRow))

    def _take(self, status: Status) -> None:
        for row, view in zip(self.rows, status.steps, strict=True):
            row.take(view, status.paused)
        self._rest()

    def _happened(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, RunProgressed):
                self.rows[event.step - 1].progressed(event)

    def _tick(self) -> None:
        for row in self.rows:
            row.show_now()
        self._rest()

    def _rest(self) -> None:
        """Look again in a second where a countdown shows seconds, else a little later."""
        now = self._live.now()
        nexts = [row.view.next_trigger for row in self.rows if row.view is not None and not row.view.held]
        soon = any(at is not None and 0 < (at - now).total_seconds() < 61 for at in nexts)
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(COUNTDOWN_SECONDS if soon else CALM_SECONDS, self._tick)
