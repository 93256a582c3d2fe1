"""History: the runs at work, and every run that ended, and why it ran."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import DataTable

from kingtui.events import Event, RunFinished
from kingtui.models import STEPS, Run, RunStatus, Status
from kingtui.screens.asking import Choice, Pick
from kingtui.screens.run import RunScreen
from kingtui.screens.table import PAGE, TableScreen
from kingtui.widgets.live import Live
from kingtui.widgets.words import RUN_MARKS, plain, result, stamp, took

_TONES = {"$text-success": "success", "$text-error": "error", "$text-warning": "warning", "$text-primary": "primary"}
_ALL = "all"
_STATUSES = (("s", RunStatus.SUCCESS), ("f", RunStatus.FAILED), ("t", RunStatus.TIMEOUT), ("c", RunStatus.CANCELLED))
"""What the history is filtered by, with its letter."""


class HistoryScreen(TableScreen[Run]):
    """Enter shows a run with its log. What is at work stands above what has ended."""

    TITLE_TEXT: ClassVar[str] = "History (UTC)"
    COLUMNS: ClassVar[Sequence[str]] = ("Run", "Step", "Status", "Trigger", "When", "Took", "Items", "Error")
    RIGHT: ClassVar[Sequence[str]] = ("Run", "Took", "Items")
    EMPTY: ClassVar[str] = "No run has ended yet. Press 1 to 6 to ask for one."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "status", "Status", id="history.status", tooltip="Show only runs that ended in one way"),
        Binding("s", "step", "Step", id="history.step", tooltip="Show only the runs of one step"),
        Binding("a", "again", "Run again", id="history.again", tooltip="Run the step of the run under the cursor"),
    ]

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.status: RunStatus | None = None
        self.step: int | None = None
        self._at_work: list[tuple[int, RunStatus]] = []

    def on_mount(self) -> None:
        self.live.status_changed.subscribe(self, self._status_changed)

    def _status_changed(self, status: Status) -> None:
        """Runs began: they come to the top of the first page."""
        at_work = [(run.id, run.status) for run in self._current()]
        if at_work != self._at_work and self.is_current and self._befores == [None]:
            self.load()

    def _current(self) -> list[Run]:
        """The runs that wait or are at work, as far as they are wanted, the newest first."""
        views = self.live.status.steps if self.live.status is not None and self.status is None else ()
        found = [view.current_run for view in views if self.step in (None, view.info.number)]
        return sorted((run for run in found if run is not None), key=lambda run: -run.id)

    async def page(self, before: int | None) -> tuple[list[Run], int | None]:
        runs, total = await self.live.control.history(limit=PAGE, before=before, step=self.step, status=self.status)
        current = self._current() if before is None else []
        self._at_work = [(run.id, run.status) for run in current]
        ended = {run.id for run in runs}
        return [run for run in current if run.id not in ended] + runs[::-1], total

    def item_id(self, item: Run) -> int:
        return item.id

    def heading(self) -> str:
        parts = [self.TITLE_TEXT]
        parts += [f"step {self.step}"] if self.step is not None else []
        parts += [self.status.value] if self.status is not None else []
        return " · ".join(parts)

    def empty(self) -> str:
        if self.step is None and self.status is None:
            return self.EMPTY
        return "No run is like that. Press f for another status, s for another step."

    def cells(self, item: Run) -> Sequence[Text]:
        mark = RUN_MARKS[item.status]
        when = stamp(item.finished_at or item.started_at or item.requested_at, self.live.now())
        items = f"{item.items:,}" if item.items else "–"
        return (
            Text(str(item.id), justify="right"),
            Text(f"{item.step} {self._step_name(item)}"),
            Text(mark.text, self.live.style(_TONES[mark.style])),
            Text(plain(item.trigger) + (f" ×{item.count}" if item.count > 1 else "")),
            Text(when),
            Text(took(item.duration), justify="right"),
            Text(items, justify="right"),
            Text(plain(item.error or "")),
        )

    def _step_name(self, run: Run) -> str:
        info = STEPS[run.step - 1]
        return PurePosixPath(info.script).stem if self.has_class("-narrow") else info.name

    def detail(self, item: Run) -> Content:
        did = result(item) if item.finished_at is not None else RUN_MARKS[item.status].word
        text = f"Run {item.id} of step {item.step}, {STEPS[item.step - 1].name}: {did}"
        return Content.assemble(text, (f"\n{plain(item.error)}" if item.error else "", "$text-warning"))

    def concerns(self, event: Event) -> bool:
        return isinstance(event, RunFinished)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "again":
            return bool(self.items)
        return super().check_action(action, parameters)

    def offers(self) -> tuple[bool, ...]:
        return *super().offers(), bool(self.items)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        if (run := self.chosen) is not None:
            self.app.push_screen(RunScreen(self.live, run.id))

    async def action_again(self) -> None:
        """Ask for another run of the step."""
        if (run := self.chosen) is not None:
            await self.run_action(f"app.trigger({run.step})")

    def action_status(self) -> None:
        """Choose how the runs ended that are shown."""
        self.live.start(self._ask_status(), "runs by status")

    async def _ask_status(self) -> None:
        choices = []
        for letter, status in ((_ALL[0], None), *_STATUSES):
            answer = await self.live.ask(self.live.control.history(limit=1, step=self.step, status=status))
            words = RUN_MARKS[status].text if status is not None else "  all"
            choices.append(Choice(status or _ALL, letter, words, None if answer is None else answer[1]))
        self.app.push_screen(Pick("Runs that ended as", choices, self.status or _ALL), self._status_picked)

    def _status_picked(self, value: str | None) -> None:
        if value is not None:
            self.status = None if value == _ALL else RunStatus(value)
            self.begin()

    def action_step(self) -> None:
        """Choose the step whose runs are shown."""
        choices = [Choice("0", "a", "all steps")]
        choices += [Choice(str(info.number), str(info.number), info.name) for info in STEPS]
        self.app.push_screen(Pick("Runs of", choices, str(self.step or 0)), self._step_picked)

    def _step_picked(self, value: str | None) -> None:
        if value is not None:
            self.step = int(value) or None
            self.begin()
