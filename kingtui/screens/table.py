"""A screen with one paged table: the newest rows first, older pages a key away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize, ScreenResume
from textual.widgets import DataTable

from kingtui.events import Event, Missed
from kingtui.screens.base import KingScreen
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live

Item = TypeVar("Item")

PAGE = 100
PACE_SECONDS = 1.0
REFRESH_SECONDS = 20.0


class TableScreen(KingScreen, Generic[Item]):
    """Subclasses say what a page is, how an item looks, and what is told of the one under the cursor."""

    CSS_PATH = "table.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "older", "Older", id="table.older", tooltip="The page with older rows"),
        Binding("left_square_bracket", "newer", "Newer", id="table.newer", tooltip="The page with newer rows"),
    ]
    TITLE_TEXT: ClassVar[str]
    COLUMNS: ClassVar[Sequence[str]]
    RIGHT: ClassVar[Sequence[str]] = ()
    EMPTY: ClassVar[str]

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.items: dict[str, Item] = {}
        self._befores: list[int | None] = [None]
        """Where each page begins that led to this one."""
        self._more = False
        self._total: int | None = None
        self._offers: tuple[bool, ...] = ()
        self._loaded = False
        self._loading = False
        self._dirty = False
        self._was_narrow: bool | None = None

    async def page(self, before: int | None) -> tuple[list[Item], int | None]:
        """At most PAGE items with ids below ``before``, newest first, and how many there are in all."""
        raise NotImplementedError

    def item_id(self, item: Item) -> int:
        """The id by which pages go on."""
        raise NotImplementedError

    def cells(self, item: Item) -> Sequence[Text]:
        """The item's row."""
        raise NotImplementedError

    def detail(self, item: Item) -> Content:
        """What is told of the item under the cursor, in at most three lines."""
        raise NotImplementedError

    def concerns(self, event: Event) -> bool:
        """Whether the first page may be another after this event."""
        raise NotImplementedError

    def heading(self) -> str:
        """What the table shows: the title, and how it is filtered."""
        return self.TITLE_TEXT

    def empty(self) -> str:
        """What is told where there is no row."""
        return self.EMPTY

    def body(self) -> ComposeResult:
        frame = Vertical(KeyedTable(self.COLUMNS, right=self.RIGHT), Line(classes="empty"), classes="frame")
        frame.border_title = self.heading()
        yield frame
        yield Line(id="detail")

    def on_mount(self) -> None:
        self.live.happened.subscribe(self, self._happened)
        self.set_interval(REFRESH_SECONDS, self._show)
        self.watch(self.app, "theme", lambda: self._show(), init=False)
        self.load()

    def on_screen_resume(self, event: ScreenResume) -> None:
        if self._dirty:
            self.load()

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._show)

    def load(self) -> None:
        """Ask for the page anew; at most once at a time and once a second."""
        if self._loading:
            self._dirty = True
            return
        self._loading, self._dirty = True, False
        self.live.start(self._load(), f"{self.TITLE_TEXT} page")

    def begin(self) -> None:
        """Show the first page anew, of what the filters let through now."""
        self._befores = [None]
        self.query_one(".frame").border_title = self.heading()
        self.load()

    async def _load(self) -> None:
        before = self._befores[-1]
        try:
            answer = await self.live.ask(self.page(before))
        finally:
            self._loading = False
        if answer is not None and before == self._befores[-1]:
            items, self._total = answer
            self._loaded = True
            self.items = {str(self.item_id(item)): item for item in items}
            self._more = len(items) >= PAGE
            self._show()
        elif answer is not None:
            self.load()

    def _show(self) -> None:
        if not self._loaded:
            return
        table = self.query_one(KeyedTable)
        narrow = self.has_class("-narrow")
        anew, self._was_narrow = self._was_narrow not in (None, narrow), narrow
        table.sync({key: self.cells(item) for key, item in self.items.items()}, anew=anew)
        self.query_one(".frame").border_subtitle = self._where()
        self.set_class(not self.items, "-empty")
        self.query_one(".empty", Line).show(Content.styled(self.empty(), "$foreground-muted"))
        if self.items and self.focused is None and self.is_current:
            table.focus()
        self._show_detail()

    def _where(self) -> str:
        parts = [f"page {len(self._befores)}"] if self._more or len(self._befores) > 1 else []
        return ", ".join([*parts, f"{self._total:,} in all"] if self._total is not None else parts)

    def _show_detail(self) -> None:
        item = self.chosen
        self.query_one("#detail", Line).show(Content("") if item is None else self.detail(item))
        offers = self.offers()
        if offers != self._offers:
            self._offers = offers
            self.refresh_bindings()

    def offers(self) -> tuple[bool, ...]:
        """Which of the screen's keys mean something now: the footer is painted anew only when this changes."""
        return self._more, len(self._befores) > 1

    @property
    def chosen(self) -> Item | None:
        """The item under the cursor."""
        key = self.query_one(KeyedTable).chosen
        return None if key is None else self.items.get(key)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        self._show_detail()

    def _happened(self, events: Sequence[Event]) -> None:
        missed = any(isinstance(event, Missed) for event in events)
        ours = self._befores == [None] and any(self.concerns(event) for event in events)
        if (ours or missed) and not self._dirty:
            self._dirty = True
            if self.is_current:
                self.set_timer(PACE_SECONDS, self.load)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "older":
            return self._more
        if action == "newer":
            return len(self._befores) > 1
        return True

    def action_older(self) -> None:
        """Show the page with older rows."""
        if self.items:
            self._befores.append(self.item_id(list(self.items.values())[-1]))
            self.load()

    def action_newer(self) -> None:
        """Show the page with newer rows."""
        self._befores.pop()
        self.load()
