"""Reports: what was written of each symbol, the newest first, by symbol and by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import DataTable, Input

from kingtui.events import Event, ReportWritten
from kingtui.models import Report
from kingtui.screens.asking import Choice, Pick
from kingtui.screens.report import ReportScreen
from kingtui.screens.table import PAGE, TableScreen
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.live import Live
from kingtui.widgets.words import ago, plain

_ALL = "all"


class ReportsScreen(TableScreen[Report]):
    """Enter opens the report; / narrows the list to a symbol, f to a day."""

    TITLE_TEXT: ClassVar[str] = "Reports (UTC)"
    COLUMNS: ClassVar[Sequence[str]] = ("Symbol", "Day", "Written", "Age", "File")
    RIGHT: ClassVar[Sequence[str]] = ("Age",)
    EMPTY: ClassVar[str] = (
        "No report has been written yet. Step 6 writes one of every symbol whose numbers have changed; "
        "press 6 to ask for them now."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "symbol", "Symbol", key_display="/", id="reports.symbol", tooltip="Only symbols that begin so"
        ),
        Binding("f", "day", "Day", id="reports.day", tooltip="Only the reports of one day"),
        Binding("escape", "leave", "All", show=False, id="reports.leave", tooltip="Show all again; then home"),
    ]

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.beginning = ""
        self.day: date | None = None

    def body(self) -> ComposeResult:
        yield from super().body()
        yield Input(placeholder="a symbol, or how it begins", id="beginning", compact=True)

    async def page(self, before: int | None) -> tuple[list[Report], int | None]:
        return await self.live.control.reports(beginning=self.beginning, day=self.day, limit=PAGE, before=before)

    def item_id(self, item: Report) -> int:
        return item.id

    def heading(self) -> str:
        parts = [self.TITLE_TEXT]
        parts += [f"{self.beginning}…"] if self.beginning else []
        parts += [self.day.isoformat()] if self.day is not None else []
        return " · ".join(parts)

    def empty(self) -> str:
        if not self.beginning and self.day is None:
            return self.EMPTY
        return "No report is like that. Press esc for all of them."

    def cells(self, item: Report) -> Sequence[Text]:
        now = self.live.now()
        return (
            Text(item.symbol, "bold"),
            Text(_day(item.at.date(), now.date())),
            Text(f"{item.at:%H:%M:%S}"),
            Text(ago(item.at, now), justify="right"),
            Text("" if self.has_class("-narrow") else plain(PurePosixPath(item.file).name), "dim"),
        )

    def detail(self, item: Report) -> Content:
        home = self.live.status.home if self.live.status is not None else ""
        return Content.assemble(
            (f"{item.symbol}", "bold"), f", {item.at:%Y-%m-%d %H:%M:%S} UTC",
            (f"\n{plain(home)}/{plain(item.file)}", "$foreground-muted"),
        )  # fmt: skip

    def concerns(self, event: Event) -> bool:
        return isinstance(event, ReportWritten)

    @on(DataTable.RowSelected)
    def _opened(self) -> None:
        if (report := self.chosen) is not None:
            self.app.push_screen(ReportScreen(self.live, report))

    def action_symbol(self) -> None:
        """Type how the symbol begins."""
        self.add_class("-typing")
        self.query_one("#beginning", Input).focus()

    @on(Input.Changed, "#beginning")
    def _typed(self, event: Input.Changed) -> None:
        self.beginning = "".join(char for char in event.value.upper() if char.isalnum() and char.isascii())
        self.begin()

    @on(Input.Submitted, "#beginning")
    def _submitted(self) -> None:
        self.query_one(KeyedTable).focus()

    def action_leave(self) -> None:
        """All reports again; where all are shown already, home."""
        if not (self.beginning or self.day or self.has_class("-typing")):
            self.app.switch_mode("home")
            return
        self.day = None
        self.remove_class("-typing")
        self.query_one("#beginning", Input).value = ""
        self.query_one(KeyedTable).focus()
        self.begin()

    def action_day(self) -> None:
        """Choose a day."""
        self.live.start(self._ask_day(), "reports by day")

    async def _ask_day(self) -> None:
        days = await self.live.ask(self.live.control.report_days())
        if days is None:
            return
        today = self.live.now().date()
        choices = [Choice(_ALL, "a", "every day", sum(count for _, count in days))]
        letters = {today: "t", today - timedelta(days=1): "y"}
        choices += [Choice(day.isoformat(), letters.get(day, ""), _day(day, today), count) for day, count in days]
        self.app.push_screen(Pick("Reports of", choices, self.day.isoformat() if self.day else _ALL), self._day_picked)

    def _day_picked(self, value: str | None) -> None:
        if value is not None:
            self.day = None if value == _ALL else date.fromisoformat(value)
            self.begin()


def _day(day: date, today: date) -> str:
    """``2026-03-04 today``"""
    near = {0: " today", 1: " yesterday"}.get((today - day).days, "")
    return f"{day.isoformat()}{near}"
