"""One run: what it did, why it ran, and its log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import RichLog

from kingtui.events import Event, RunFinished, RunProgressed, RunStarted
from kingtui.models import STEPS, Run, RunStatus
from kingtui.screens.base import KingScreen
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.log_words import file_line
from kingtui.widgets.words import RUN_MARKS, ago, plain, result, took

LINES = 2000
PACE_SECONDS = 1.0


class RunScreen(KingScreen):
    """Follows the run while it is at work."""

    CSS_PATH = "run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back", id="run.back", tooltip="Back to where you came from"),
    ]

    def __init__(self, live: Live, run_id: int) -> None:
        super().__init__(live)
        self.run_id = run_id
        self.shown: Run | None = None
        self._log = ""
        self._waiting = False

    def body(self) -> ComposeResult:
        facts = Line(id="facts")
        facts.border_title = f"Run {self.run_id}"
        yield facts
        log = RichLog(max_lines=LINES, wrap=True, auto_scroll=False)
        log.border_title = "Its log (UTC)"
        yield log

    def on_mount(self) -> None:
        self.live.happened.subscribe(self, self._happened)
        self._load()

    def _happened(self, events: Sequence[Event]) -> None:
        if not self._waiting and any(self._concerns(event) for event in events):
            self._waiting = True
            self.set_timer(PACE_SECONDS, self._load)

    def _concerns(self, event: Event) -> bool:
        if isinstance(event, RunProgressed):
            return event.run_id == self.run_id
        return isinstance(event, RunStarted | RunFinished) and event.run.id == self.run_id

    def _load(self) -> None:
        self._waiting = False
        self.live.start(self._ask(), f"run {self.run_id}")

    async def _ask(self) -> None:
        run = await self.live.ask(self.live.control.run(self.run_id))
        text = await self.live.ask(self.live.control.run_log(self.run_id)) if run is not None else None
        if run is None or text is None or not self.is_mounted:
            return
        self.shown = run
        self.query_one("#facts", Line).show(self._facts(run))
        self._show_log(run, text)

    def _show_log(self, run: Run, text: str) -> None:
        log = self.query_one(RichLog)
        if text == self._log and log.lines:
            return
        fresh, self._log = text.removeprefix(self._log), text
        if len(fresh) == len(text):
            log.clear()
        lines = fresh.splitlines()[-LINES:]
        for line in lines:
            log.write(file_line(line, self.live), expand=True, scroll_end=run.status is RunStatus.RUNNING)
        if not text:
            log.clear()
            log.write("No log was kept: nothing was due." if run.finished_at else "Nothing was logged yet.")

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
            ("Items", result(run) if run.finished_at else "at work"),
        ]
        if run.error:
            rows.append(("Error", (plain(run.error), "$text-error" if run.failed else "$text-warning")))
        return Content("\n").join(
            [Content.assemble((name.ljust(9), "$foreground-muted"), value) for name, value in rows]
        )
