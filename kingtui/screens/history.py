"""History: every run that ended, and why it ran."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import ClassVar

from rich.text import Text
from textual.content import Content
from textual.widgets import DataTable

from kingtui.events import Event, RunFinished
from kingtui.models import STEPS, Run
from kingtui.screens.run import RunScreen
from kingtui.screens.table import PAGE, TableScreen
from kingtui.widgets.words import RUN_MARKS, plain, result, stamp, took

_TONES = {"$text-success": "success", "$text-error": "error", "$text-warning": "warning", "$text-primary": "primary"}


class HistoryScreen(TableScreen[Run]):
    """Enter shows a run with its log."""

    TITLE_TEXT: ClassVar[str] = "History (UTC)"
    COLUMNS: ClassVar[Sequence[str]] = ("Run", "Step", "Status", "Trigger", "When", "Took", "Items", "Error")
    RIGHT: ClassVar[Sequence[str]] = ("Run", "Took", "Items")
    EMPTY: ClassVar[str] = "No run has ended yet. Press 1 to 6 to ask for one."

    async def page(self, before: int | None) -> tuple[list[Run], int | None]:
        runs, total = await self.live.control.history(limit=PAGE, before=before)
        return runs[::-1], total

    def item_id(self, item: Run) -> int:
        return item.id

    def cells(self, item: Run) -> Sequence[Text]:
        mark = RUN_MARKS[item.status]
        when = stamp(item.finished_at or item.requested_at, self.live.now())
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
        text = f"Run {item.id} of step {item.step}, {STEPS[item.step - 1].name}: {result(item)}"
        return Content.assemble(text, (f"\n{plain(item.error)}" if item.error else "", "$text-warning"))

    def concerns(self, event: Event) -> bool:
        return isinstance(event, RunFinished)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        if (run := self.chosen) is not None:
            self.app.push_screen(RunScreen(self.live, run.id))
