"""One run: what it did, why it ran, and its log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from kingtui.events import Event, Missed, RunFinished, RunProgressed, RunStarted
from kingtui.models import STEPS, Run, RunStatus, Status, dollars
from kingtui.screens.text import Shown, TextScreen
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.log_view import LINES, LogView
from kingtui.widgets.log_words import file_line
from kingtui.widgets.words import RUN_MARKS, ago, counted, pace, plain, result, took

PACE_SECONDS = 1.0
_UNDER_WAY = (RunStatus.PENDING, RunStatus.RUNNING)


class RunScreen(TextScreen):
    """Follows the run while it is at work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "again", "Run again", id="run.again", tooltip="Ask for another run of this step"),
        Binding("x", "cancel", "Cancel", id="run.cancel", tooltip="End this run; asks first"),
    ]

    class CancelAsked(Message):
        """The run of this step shall end."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, live: Live, run_id: int) -> None:
        super().__init__(live)
        self.run_id = run_id
        self.shown: Run | None = None
        self._log: str | None = None
        self._waiting = False

    def body(self) -> ComposeResult:
        facts = Line(id="facts")
        facts.border_title = f"Run {self.run_id}"
        yield facts
        log = LogView(follows=False, id="run-log", classes="pane")
        log.border_title = "Its log (UTC)"
        yield log

    def searched(self) -> LogView:
        return self.query_one(LogView)

    def reader(self) -> LogView:
        return self.query_one(LogView)

    def taken(self) -> Shown | None:
        return Shown(self._log, f"the log of run {self.run_id}", f"run_{self.run_id}.log") if self._log else None

    def on_mount(self) -> None:
        self.live.happened.subscribe(self, self._happened)
        self.live.status_changed.subscribe(self, self._status_changed)
        self.watch(self.app, "theme", lambda: self._recolour(), init=False)
        self.query_one(LogView).focus()
        self._load()

    def _recolour(self) -> None:
        """Another theme: the log in its colours."""
        self._log = None
        self._load()

    def _happened(self, events: Sequence[Event]) -> None:
        if not self._waiting and any(self._concerns(event) for event in events):
            self._waiting = True
            self.set_timer(PACE_SECONDS, self._load)

    def _concerns(self, event: Event) -> bool:
        if isinstance(event, Missed):
            return True
        if isinstance(event, RunProgressed):
            return event.run_id == self.run_id
        return isinstance(event, RunStarted | RunFinished) and event.run.id == self.run_id

    def _status_changed(self, status: Status) -> None:
        if self.shown is not None and self.shown.status in _UNDER_WAY:
            self.query_one("#facts", Line).show(self._facts(self.shown))

    def _load(self) -> None:
        self._waiting = False
        self.live.start(self._ask(), f"run {self.run_id}")

    async def _ask(self) -> None:
        run = await self.live.ask(self.live.control.run(self.run_id))
        text = await self.live.ask(self.live.control.run_log(self.run_id)) if run is not None else None
        if run is None or text is None or not self.is_mounted:
            return
        before, self.shown = self.shown, run
        self.query_one("#facts", Line).show(self._facts(run))
        self._show_log(run, text)
        if before is None or before.status is not run.status:
            self.refresh_bindings()

    def _show_log(self, run: Run, text: str) -> None:
        log = self.query_one(LogView)
        if run.status in _UNDER_WAY and self._log is None:
            log.follows = True
        if text == self._log:
            return
        known = self._log or ""
        self._log = text
        if not text:
            log.replace([Text("No log was kept: nothing was due." if run.finished_at else "Nothing was logged yet.")])
        elif known and text.startswith(known):
            log.extend(self._lines(text[len(known) :]))
        else:
            log.replace(self._lines(text))
        self.search_again()

    def _lines(self, text: str) -> list[Text]:
        return [file_line(line, self.live) for line in text.splitlines()[-LINES:]]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "cancel":
            return self.shown is not None and self.shown.status in _UNDER_WAY
        return super().check_action(action, parameters)

    async def action_again(self) -> None:
        """Ask for another run of the step."""
        if self.shown is not None:
            await self.run_action(f"app.trigger({self.shown.step})")

    def action_cancel(self) -> None:
        """End the run, after a question."""
        if self.shown is not None:
            self.post_message(self.CancelAsked(self.shown.step))

    def _facts(self, run: Run) -> Content:
        mark, now = RUN_MARKS[run.status], self.live.now()
        asked = f"{run.requested_at:%Y-%m-%d %H:%M:%S} UTC, {ago(run.requested_at, now)}"
        rows: list[tuple[str, str | tuple[str, str]]] = [
            ("Step", f"{run.step} {STEPS[run.step - 1].name}"),
            ("Status", (mark.text, mark.style)),
            (
                "Trigger",
                plain(run.trigger) + (f", {run.count} times, of which this is the last" if run.count > 1 else ""),
            ),
            ("Asked", asked),
            ("Began", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC" if run.started_at else "not yet"),
            ("Took", took(run.duration) or "it has not ended"),
            ("Items", result(run) if run.finished_at else self._progress(run)),
        ]
        if run.calls:
            use = f"{counted(run.calls, 'call')}, {counted(run.tokens, 'token')}, {dollars(run.cost)}"
            rows.append(("Model", use))
        if run.error:
            rows.append(("Error", (plain(run.error), "$text-error" if run.failed else "$text-warning")))
        return Content("\n").join(
            [Content.assemble((name.ljust(9), "$foreground-muted"), value) for name, value in rows]
        )

    def _progress(self, run: Run) -> str:
        """How far a run is that is at work."""
        view = self.live.status.steps[run.step - 1] if self.live.status is not None else None
        if view is None or view.progress is None or view.current_run is None or view.current_run.id != run.id:
            return "at work" if run.status is RunStatus.RUNNING else "waits for its turn"
        done = f"{view.progress.done:,} of {view.progress.total:,}"
        speed = pace(view.progress, run, self.live.now())
        return f"{done}, {speed}" if speed else done
