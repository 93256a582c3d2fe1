"""Symbols: all of them in a sortable list, and all that is known of one beside it, with a plot of its levels."""

from __future__ import annotations

import re
from typing import ClassVar

from textual import events as terminal
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Markdown

from kingtui.bridge import whole
from kingtui.models import KingError, NotFound, SymbolHistory, SymbolRecord, WrongUse, symbol_of
from kingtui.screens.base import KingScreen
from kingtui.widgets.fitted import Fitted
from kingtui.widgets.level_plot import ZOOMS, Zoom, bars_of
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.symbol_card import Room, card
from kingtui.widgets.symbol_list import SymbolList
from kingtui.widgets.words import plain, plain_lines

REFRESH_SECONDS = 20.0
PACE_SECONDS, SLOWEST = 2.0, 3.0
REST_SECONDS = 0.12
"""The cursor must rest so long on a symbol before it is asked for: who walks down a list wants the last one."""
FIGURE = re.compile(r"^!\[.*\]\(.*\)$\n?", re.MULTILINE)
NO_REPORT = "No report has been written of this symbol yet. Step 6 writes one; press 6 to ask for it."
NO_SYMBOL = (
    "No symbol is known yet.\n\nDrop a chart picture into the downloads folder of the home: steps 2 to 6 turn it into "
    "levels, win rates and a report, by themselves. Or go home (esc) and press i to import some."
)


class SymbolsScreen(KingScreen):
    """The list on the left, the symbol chosen last on the right; on a narrow terminal one of them at a time."""

    CSS_PATH = "symbols.tcss"
    AUTO_FOCUS = "KeyedTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "look", "Find", key_display="/", id="symbols.find", tooltip="Type a symbol: btc, BTC/USDT, …"),
        Binding("v", "tab", "Report", id="symbols.tab", tooltip="Its levels, or its latest report"),
        Binding("z", "zoom", "Zoom", id="symbols.zoom", tooltip="The plot: all clusters, ± 5 %, ± 15 %, the whole map"),
        Binding("escape", "leave_input", "Back", id="symbols.list", tooltip="Back to the list, then home"),
    ]

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.record: SymbolRecord | None = None
        self.history: SymbolHistory | None = None
        self.zoom: Zoom = "auto"
        self._wanted: str | None = None
        self._waiting = False
        self._dirty = True
        """Whether symbols changed while another screen was shown."""
        self._report_shown: tuple[str, int | None] | None = None

    def body(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield SymbolList(self.live, id="listing")
            with Vertical(id="detail"):
                yield Line(id="message")
                with Fitted(id="levels-view"):
                    yield Line(id="card")

    def on_mount(self) -> None:
        self.listing.border_title = "Symbols"
        self._title()
        self.live.book.changed.subscribe(self, lambda _: self._soon())
        self.set_interval(REFRESH_SECONDS, self._refresh)

    def on_screen_resume(self) -> None:
        if self._dirty:
            self._changed()

    @on(Fitted.Resized)
    def _resized(self) -> None:
        self.call_after_refresh(self._show)

    def on_descendant_focus(self, event: terminal.DescendantFocus) -> None:
        """Where the terminal became narrow the list is hidden, and with it the box: no key may go there unseen."""
        if self.has_class("-narrow") and self.has_class("-detail") and self.listing in event.widget.ancestors:
            self.query_one("#report-view" if self.has_class("-report") else "#levels-view").focus()

    @property
    def listing(self) -> SymbolList:
        """The list of symbols."""
        return self.query_one(SymbolList)

    def look_up(self, text: str) -> bool:
        """Show what is known of the symbol that a text means; False where it means none."""
        try:
            symbol = symbol_of(text)
        except WrongUse as error:
            self._say(str(error))
            self.add_class("-detail")
            return False
        self.add_class("-detail")
        self.listing.point_at(symbol)
        self._want(symbol)
        return True

    def _want(self, symbol: str) -> None:
        if symbol != self._wanted:
            self.query_one("#levels-view").scroll_home(animate=False)
        self._wanted = symbol
        self.live.start(self._load(symbol), "look up")

    async def _load(self, symbol: str) -> None:
        try:
            record = await whole(self.live.control.data(symbol))
            history = await whole(self.live.control.symbol_history(symbol))
        except NotFound:
            if symbol == self._wanted:
                self._say(f"{symbol}: nothing is known of it. A picture that shows it brings it here.")
            return
        except KingError as error:
            self._say(str(error))
            return
        if symbol != self._wanted or not self.is_mounted:
            return  # another was asked for meanwhile
        zoomable = self.check_action("zoom", ())
        self.record, self.history = record, history
        self._show()
        if zoomable != self.check_action("zoom", ()):
            self.refresh_bindings()
        if self.has_class("-report"):
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
        if symbol == self._wanted and shown != self._report_shown and self.is_mounted:
            self._report_shown = shown
            await self.query_one(Markdown).update(text)
            self.query_one("#report-view").scroll_home(animate=False)

    def _soon(self) -> None:
        """Records changed. While charts are read they do again and again: that is painted every few seconds."""
        if self._wanted is None:
            self._changed()
        elif not self._waiting:
            self._waiting = True
            self.set_timer(PACE_SECONDS * min(self.live.slowly, SLOWEST), self._changed)

    def _changed(self) -> None:
        """Records changed: the list, and the symbol shown. While another screen is shown it can wait."""
        self._waiting = False
        self._dirty = not self.is_current
        if self._dirty:
            return
        self.listing.load()
        book = self.live.book
        if self._wanted is not None:
            self.live.start(self._load(self._wanted), "look up")
        elif book.records:
            self._want(next(iter(book.records)))
            self.listing.point_at(next(iter(book.records)))
        elif book.loaded:
            self._say(NO_SYMBOL, "$foreground-muted")

    def _refresh(self) -> None:
        if self.is_current:
            self.listing.show_ages()
            self._show()

    def _say(self, text: str, style: str = "$text-warning") -> None:
        self.record = None
        self.add_class("-message")
        self.query_one("#message", Line).show(Content.styled(plain_lines(text), style))

    def _show(self) -> None:
        if self.record is not None:
            self.remove_class("-message")
            line, view = self.query_one("#card", Line), self.query_one("#levels-view")
            width = line.content_size.width
            if width:
                room = Room(width, view.size.height, self.zoom)
                line.show(card(self.record, self.history, self.live.now(), room))

    @on(SymbolList.Pointed)
    def _pointed(self, event: SymbolList.Pointed) -> None:
        if event.symbol != self._wanted:
            self._wanted = event.symbol
            self.set_timer(REST_SECONDS, lambda: self._rested(event.symbol))

    def _rested(self, symbol: str) -> None:
        if symbol == self._wanted:
            self.query_one("#levels-view").scroll_home(animate=False)
            self._want(symbol)

    @on(SymbolList.SymbolChosen)
    def _chosen(self, event: SymbolList.SymbolChosen) -> None:
        if not self.look_up(event.text):
            return
        if event.typed:
            self.listing.entry.value = ""
        if self.has_class("-narrow"):
            self.query_one("#levels-view").focus()
        else:
            self.listing.table.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "zoom":
            return self.record is not None and bars_of(self.record) is not None
        return True

    def action_look(self) -> None:
        """Type a symbol."""
        self.remove_class("-detail")
        self.listing.entry.focus()

    def action_leave_input(self) -> None:
        """From the box or a narrow terminal's detail back to the list; from there home."""
        listing = self.listing
        if listing.entry.has_focus or (self.has_class("-narrow") and self.has_class("-detail")):
            self.remove_class("-detail")
            listing.entry.value = ""
            listing.table.focus()
        else:
            self.app.switch_mode("home")

    async def action_tab(self) -> None:
        """Switch between levels and report."""
        self.add_class("-detail")
        self.toggle_class("-report")
        if not self.query("#report-view"):  # only now: who never reads reports here need not wait for their widgets
            await self.query_one("#detail").mount(VerticalScroll(Markdown(open_links=False), id="report-view"))
        self._title()
        self.query_one("#report-view" if self.has_class("-report") else "#levels-view").focus()
        if self.record is not None and self.has_class("-report"):
            self.live.start(self._load_report(self.record.symbol), "report")

    def _title(self) -> None:
        detail = self.query_one("#detail")
        detail.border_title = "Report" if self.has_class("-report") else "Levels"
        detail.border_subtitle = "v: levels" if self.has_class("-report") else "v: report"

    def action_zoom(self) -> None:
        """Show more or less of the map around the price."""
        self.zoom = ZOOMS[(ZOOMS.index(self.zoom) + 1) % len(ZOOMS)]
        self._show()


def readable(report: str) -> str:
    """A report as a terminal can show it: without its figure and without control characters."""
    return plain_lines(FIGURE.sub("", report))
