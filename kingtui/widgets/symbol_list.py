"""Every symbol in a table: found as you type, sorted by any column, in pages, kept up to date by key."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import DataTable, Input

from kingtui.bridge import whole
from kingtui.models import KingError, SymbolPage, SymbolSort
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.symbol_cells import list_cells

PAGE = 100
SORTS: dict[str, tuple[SymbolSort, bool]] = {
    "Symbol": ("symbol", False), "Price": ("price", True), "Score": ("score", True),
    "24h long/short": ("score", True), "Below": ("below", False), "Above": ("above", False), "RSI": ("rsi", True),
    "Age": ("updated", True),
}  # fmt: skip
"""Of each column what it sorts by, and whether the largest comes first. The newest has the largest time."""
COLUMNS: dict[bool, tuple[str, ...]] = {
    False: ("Symbol", "Price", "Score", "Below", "Above"),
    True: ("Symbol", "Price", "Score", "Below", "Above", "RSI", "Age"),
}
"""By whether there is room for all."""
ROOMY = 64


class SortableTable(KeyedTable):
    """A table whose columns can be given anew, with a mark on the one that it is sorted by."""

    def show_columns(self, columns: tuple[str, ...], sorted_by: str, descending: bool) -> None:
        """Empty the table and give it these columns."""
        self.clear(columns=True)
        self._keys.clear()
        self._names = columns
        for name in columns:
            label = f"{name} {'▼' if descending else '▲'}" if name == sorted_by else name
            self.add_column(Text(label, justify="left" if name == "Symbol" else "right"), key=name)


class SymbolSuggester(Suggester):
    """Completes what is typed to the first symbol that begins with it."""

    def __init__(self, live: Live) -> None:
        super().__init__(use_cache=False, case_sensitive=False)
        self._live = live

    async def get_suggestion(self, value: str) -> str | None:
        name = await first_match(self._live, value)
        return None if name is None else value + name[len(value) :]


async def first_match(live: Live, typed: str) -> str | None:
    """The first known symbol that begins with what is typed."""
    try:
        page = await whole(live.control.symbol_page(find=typed, limit=1))
    except KingError:  # what is typed says all that there is to say
        return None
    name = page.items[0].symbol if page.items else ""
    return name if name.startswith(typed.upper()) else None


class SymbolList(Vertical):
    """The look-up box over the table. ``load()`` asks for the page anew; at most once at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort(1)", "Sort", id="symbols.sort", tooltip="Sort by the next column (or click its heading)"),
        Binding("S", "turn", "Turn", show=False, id="symbols.turn", tooltip="Sort the other way round"),
        Binding("right_square_bracket", "page(1)", "More", id="symbols.more", tooltip="The next page of symbols"),
        Binding("left_square_bracket", "page(-1)", "Back", id="symbols.back", tooltip="The page before"),
    ]

    class Pointed(Message):
        """The cursor came to a symbol."""

        def __init__(self, symbol: str) -> None:
            super().__init__()
            self.symbol = symbol

    class SymbolChosen(Message):
        """A symbol shall be shown; ``text`` is what was typed, or the row's name."""

        def __init__(self, text: str, *, typed: bool) -> None:
            super().__init__()
            self.text, self.typed = text, typed

    def __init__(self, live: Live, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.page: SymbolPage | None = None
        self.sorted_by = "Symbol"
        self.descending = False
        self._live = live
        self._offset = 0
        self._columns: tuple[str, ...] = ()
        self._wanted: str | None = None
        self._loading = self._dirty = False
        self._pages = (False, False)
        """Which pages can be gone to: on, back."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="type to find", id="lookup", compact=True, suggester=SymbolSuggester(self._live))
        yield SortableTable(())
        yield Line(classes="empty")

    def on_mount(self) -> None:
        self.watch(self.app, "theme", lambda: self._show(), init=False)

    def on_resize(self) -> None:
        columns = COLUMNS[self.size.width >= ROOMY]
        if columns != self._columns:
            self._columns = columns
            self._head()

    @property
    def table(self) -> SortableTable:
        """The table."""
        return self.query_one(SortableTable)

    @property
    def entry(self) -> Input:
        """The look-up box."""
        return self.query_one("#lookup", Input)

    def point_at(self, symbol: str) -> None:
        """Bring the cursor to a symbol, now or as soon as it is listed."""
        self._wanted = symbol
        if symbol in self.table.keys and self.table.chosen != symbol:
            self.table.move_cursor(row=self.table.keys.index(symbol), animate=False)

    def load(self) -> None:
        """Ask for the page anew."""
        if self._loading:
            self._dirty = True
            return
        self._loading, self._dirty = True, False
        self._live.start(self._load(), "symbols page")

    async def _load(self) -> None:
        asked = (self.entry.value, self.sorted_by, self.descending, self._offset)
        find, column, descending, offset = asked
        try:
            page = await self._live.ask(
                self._live.control.symbol_page(
                    find=find, sort=SORTS[column][0], descending=descending, limit=PAGE, offset=offset
                )
            )
        finally:
            self._loading = False
        if not self.is_mounted:
            return
        if self._dirty or asked != (self.entry.value, self.sorted_by, self.descending, self._offset):
            self.load()
        if page is not None:
            self.page = page
            self._show()

    def show_ages(self) -> None:
        """Show what is known, with the ages of this moment."""
        self._show()

    def _head(self) -> None:
        if self._columns:
            self.table.show_columns(self._columns, self.sorted_by, self.descending)
            self._show()

    def _show(self) -> None:
        if self.page is None or not self._columns:
            return
        now = self._live.now()
        rows = {found.symbol: list_cells(found, now, self._live, self._columns) for found in self.page.items}
        self.table.sync(rows)
        if self._wanted in rows:
            self.point_at(self._wanted)
        self.set_class(not rows, "-empty")
        self.query_one(".empty", Line).show(Content.styled(self._nothing(self.page), "$foreground-muted"))
        self.border_subtitle = self._where(self.page)
        pages = (self._more, self._offset > 0)
        if pages != self._pages:
            self._pages = pages
            self.refresh_bindings()

    def _nothing(self, page: SymbolPage) -> str:
        if page.known:
            return "No symbol has that in its name. Empty the box to see all."
        return "No symbol is known yet. A picture that shows one brings it here."

    def _where(self, page: SymbolPage) -> str:
        first, last = self._offset + 1, self._offset + len(page.items)
        if len(page.items) == page.total:
            return f"{page.total:,}" if page.total == page.known else f"{page.total:,} of {page.known:,}"
        return f"{first:,}–{last:,} of {page.total:,}"

    @property
    def _more(self) -> bool:
        return self.page is not None and self._offset + PAGE < self.page.total

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "page":
            return self._more if parameters[0] == 1 else self._offset > 0
        return True

    def action_page(self, by: int) -> None:
        """Show the next page, or the one before."""
        self._offset = max(0, self._offset + by * PAGE)
        self._wanted = None
        self.load()

    def action_sort(self, by: int) -> None:
        """Sort by the next column."""
        place = self._columns.index(self.sorted_by) if self.sorted_by in self._columns else 0
        self.sort_by(self._columns[(place + by) % len(self._columns)])

    def action_turn(self) -> None:
        """Sort the other way round."""
        self._sort(self.sorted_by, not self.descending)

    def sort_by(self, column: str) -> None:
        """Sort by a column; by the one that it is sorted by already: the other way round."""
        self._sort(column, not self.descending if column == self.sorted_by else SORTS[column][1])

    def _sort(self, column: str, descending: bool) -> None:
        self.sorted_by, self.descending, self._offset, self._wanted = column, descending, 0, None
        self._head()
        self.table.move_cursor(row=0)
        self.load()

    @on(DataTable.HeaderSelected)
    def _heading_clicked(self, event: DataTable.HeaderSelected) -> None:
        event.stop()
        if event.column_key.value in SORTS:
            self.sort_by(event.column_key.value)

    @on(DataTable.RowHighlighted)
    def _walked(self, event: DataTable.RowHighlighted) -> None:
        """The cursor came to a row: where it is now counts, not where it was when the message was sent."""
        event.stop()
        if self.table.has_focus and self.table.chosen is not None:
            self._wanted = self.table.chosen
            self.post_message(self.Pointed(self.table.chosen))

    @on(DataTable.RowSelected)
    def _row_chosen(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if event.row_key.value is not None:
            self.post_message(self.SymbolChosen(event.row_key.value, typed=False))

    @on(Input.Changed, "#lookup")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._offset = 0
        self.load()

    @on(Input.Submitted, "#lookup")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if typed := event.value.strip():
            self._live.start(self._choose(typed), "look up")

    async def _choose(self, typed: str) -> None:
        """Choose what is suggested: the symbol that is typed, else the first that begins so; else what is typed."""
        self.post_message(self.SymbolChosen(await first_match(self._live, typed) or typed, typed=True))
