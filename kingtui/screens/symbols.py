"""Symbols: look one up, and see all that is known of it and its latest report."""

from __future__ import annotations

import re
from typing import ClassVar

from textual import events as terminal
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import DataTable, Input, Markdown, TabbedContent, TabPane

from kingtui.bridge import whole
from kingtui.models import KingError, NotFound, SymbolRecord, WrongUse, symbol_of
from kingtui.screens.base import KingScreen
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.symbol_words import card, list_cells
from kingtui.widgets.words import plain, plain_lines

LISTED = 300
REFRESH_SECONDS = 20.0
FIGURE = re.compile(r"^!\[.*\]\(.*\)$\n?", re.MULTILINE)
NO_REPORT = "No report has been written of this symbol yet. Step 6 writes one; press 6 to ask for it."


class SymbolsScreen(KingScreen):
    """The list on the left narrows as you type; the symbol chosen last is shown on the right."""

    CSS_PATH = "symbols.tcss"
    AUTO_FOCUS = "KeyedTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "look", "Find", key_display="/", id="symbols.find", tooltip="Type a symbol: btc, BTC/USDT, …"),
        Binding("r", "tab", "Report", id="symbols.tab", tooltip="Its levels, or its latest report"),
        Binding("escape", "leave_input", "List", show=False, id="symbols.list", tooltip="Back to the list"),
    ]

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.record: SymbolRecord | None = None
        self._wanted: str | None = None
        self._report_shown: tuple[str, int | None] | None = None

    def body(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="listing"):
                yield Input(placeholder="type a symbol", id="lookup", compact=True)
                yield KeyedTable(("Symbol", "Score"), right=("Score",))
            with Vertical(id="detail"):
                yield Line(id="message")
                with TabbedContent(initial="levels"):
                    with TabPane("Levels", id="levels"), VerticalScroll():
                        yield Line(id="card")
                    with TabPane("Report", id="report"), VerticalScroll():
                        yield Markdown(open_links=False)

    def on_mount(self) -> None:
        self.live.book.changed.subscribe(self, lambda _: self._changed())
        self.watch(self.app, "theme", lambda: self._list(), init=False)
        self.set_interval(REFRESH_SECONDS, self._show)
        self._changed()

    def on_resize(self, event: terminal.Resize) -> None:
        self.call_after_refresh(self._show)

    def look_up(self, text: str) -> bool:
        """Show what is known of the symbol that a text means; False where it means none."""
        try:
            self._wanted = symbol_of(text)
        except WrongUse as error:
            self._say(str(error))
            return False
        self._point_at(self._wanted)
        self.live.start(self._load(self._wanted), "look up")
        return True

    def _point_at(self, symbol: str) -> None:
        table = self.query_one(KeyedTable)
        if symbol in table.keys and table.chosen != symbol:
            table.move_cursor(row=table.keys.index(symbol), animate=False)

    async def _load(self, symbol: str) -> None:
        try:
            record = await whole(self.live.control.data(symbol))
        except NotFound:
            self._say(f"{symbol}: nothing is known of it. A picture that shows it brings it here.")
            return
        except KingError as error:
            self._say(str(error))
            return
        if symbol != self._wanted:
            return  # another was asked for meanwhile
        self.record = record
        self._show()
        if self.query_one(TabbedContent).active == "report":
            await self._load_report(symbol)

    async def _load_report(self, symbol: str) -> None:
        shown: tuple[str, int | None]
        try:
            report = await whole(self.live.control.report(symbol))
        except NotFound:
            shown, text = (symbol, None), NO_REPORT
        except KingError as error:
            shown, text = (symbol, None), plain(error)
        else:
            shown, text = (symbol, report.id), readable(report.text)
        if symbol == self._wanted and shown != self._report_shown:
            self._report_shown = shown
            await self.query_one(Markdown).update(text)

    def _changed(self) -> None:
        """Records changed: the list, and the symbol shown."""
        self._list()
        names = sorted(self.live.book.records)
        self.query_one("#lookup", Input).suggester = SuggestFromList(names, case_sensitive=False)
        if self._wanted is not None:
            self.live.start(self._load(self._wanted), "look up")
        elif names:
            newest = self.live.book.newest(1)[0]
            self.look_up(newest.symbol)
        else:
            self._say("No symbol is known yet. Drop a chart picture into the downloads folder of the home.")

    def _list(self) -> None:
        typed = _meant(self.query_one("#lookup", Input).value)
        found = [self.live.book.records[name] for name in sorted(self.live.book.records) if typed in name]
        found.sort(key=lambda record: not record.symbol.startswith(typed))
        self.query_one(KeyedTable).sync({record.symbol: list_cells(record, self.live) for record in found[:LISTED]})
        if self._wanted is not None:
            self._point_at(self._wanted)
        self.query_one("#listing").border_subtitle = f"{len(found):,} of {len(self.live.book.records):,}"

    def _say(self, text: str) -> None:
        self.record = None
        self.add_class("-message")
        self.query_one("#message", Line).show(Content.styled(plain(text), "$text-warning"))

    def _show(self) -> None:
        if self.record is not None:
            self.remove_class("-message")
            line = self.query_one("#card", Line)
            line.show(card(self.record, self.live.now(), line.content_size.width))

    @on(TabbedContent.TabActivated)
    def _tab_changed(self, event: TabbedContent.TabActivated) -> None:
        if event.pane.id == "report" and self.record is not None:
            self.live.start(self._load_report(self.record.symbol), "report")

    @on(Input.Changed, "#lookup")
    def _typed(self) -> None:
        self._list()

    @on(Input.Submitted, "#lookup")
    def _submitted(self, event: Input.Submitted) -> None:
        known = event.value.strip() and self.look_up(event.value) and self._wanted in self.live.book.records
        if known:
            event.input.value = ""
            self.query_one(KeyedTable).focus()

    @on(DataTable.RowHighlighted)
    def _walked(self) -> None:
        """The cursor came to a row: where it is now counts, not where it was when the message was sent."""
        table = self.query_one(KeyedTable)
        if table.has_focus and table.chosen is not None and table.chosen != self._wanted:
            self.look_up(table.chosen)

    @on(DataTable.RowSelected)
    def _chosen(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value is not None:
            self.look_up(event.row_key.value)

    def action_look(self) -> None:
        """Type a symbol."""
        self.query_one("#lookup", Input).focus()

    def action_leave_input(self) -> None:
        """From the input back to the list; from there home."""
        if self.query_one("#lookup", Input).has_focus:
            self.query_one(KeyedTable).focus()
        else:
            self.app.switch_mode("home")

    def action_tab(self) -> None:
        """Switch between levels and report."""
        tabs = self.query_one(TabbedContent)
        tabs.active = "report" if tabs.active == "levels" else "levels"


def readable(report: str) -> str:
    """A report as a terminal can show it: without its figure and without control characters."""
    return plain_lines(FIGURE.sub("", report))


def _meant(typed: str) -> str:
    """What a text in the making looks for: the symbol it means already, else its letters."""
    try:
        return symbol_of(typed)
    except WrongUse:
        return typed.strip().upper()
