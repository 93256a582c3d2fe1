"""The symbols with the newest evidence."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable

from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.symbol_cells import HOME_COLUMNS, home_cells
from kingtui.widgets.words import plain

LEGEND = "win rates are liquidation-implied · ? not verified · ! stale"
REFRESH_SECONDS = 20.0
FIRST_SECONDS, PACE_SECONDS, SLOWEST = 1.0, 15.0, 2.0
"""How soon a change is painted, and how long after a paint the next one comes where more has changed."""


class SymbolTable(Vertical):
    """A table, or what to do where there is no symbol yet."""

    class SymbolChosen(Message):
        """A symbol shall be shown."""

        def __init__(self, symbol: str) -> None:
            super().__init__()
            self.symbol = symbol

    def __init__(self, live: Live, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._live = live
        self._waiting = False
        self._shown_at = live.now()

    def compose(self) -> ComposeResult:
        yield Line(classes="empty")
        yield KeyedTable(HOME_COLUMNS, right=HOME_COLUMNS[1:])
        legend = Line(classes="legend")
        legend.show(Content.styled(LEGEND, "$foreground-muted"))
        yield legend

    def on_mount(self) -> None:
        self._live.book.changed.subscribe(self, lambda _: self._changed())
        self._live.status_changed.subscribe(self, lambda _: self._show_if_empty())
        self.watch(self.app, "theme", lambda: self.show(), init=False)
        self.set_interval(REFRESH_SECONDS * min(self._live.slowly, 3.0), self.show)
        self.show()

    def _changed(self) -> None:
        """While charts are read every row changes at once, again and again: that is painted now and then."""
        if self.has_class("-empty"):
            self.show()
        elif not self._waiting:
            self._waiting = True
            pace = PACE_SECONDS * min(self._live.slowly, SLOWEST)
            rested = (self._live.now() - self._shown_at).total_seconds()
            soon = FIRST_SECONDS * self._live.slowly
            self.set_timer(min(max(soon, pace - rested), pace), self._show_waiting)

    def _show_waiting(self) -> None:
        self._waiting = False
        self.show()

    def show(self) -> None:
        """Show the newest records with their ages as of now."""
        newest, now = self._live.book.records, self._live.now()
        self._shown_at = now
        self.set_class(not newest, "-empty")
        self.query_one(KeyedTable).sync({name: home_cells(found, now, self._live) for name, found in newest.items()})
        if not newest:
            self.query_one(".empty", Line).show(Content(self._teach()))

    def _show_if_empty(self) -> None:
        if self.has_class("-empty"):
            self.show()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if event.row_key.value is not None:
            self.post_message(self.SymbolChosen(event.row_key.value))

    def _teach(self) -> str:
        if not self._live.book.loaded:
            return "Loading…"
        home = plain(self._live.status.home) if self._live.status else "the home"
        return (
            "No symbol is known yet.\n\n"
            f"Drop a chart picture into\n{home}/downloads\nor press i to import one or a folder of them.\n\n"
            "Steps 2 to 6 turn it into levels, win rates and a report, by themselves."
        )
