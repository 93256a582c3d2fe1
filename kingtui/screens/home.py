"""Home: the six steps, the newest symbols, and what happened."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Tab, Tabs

from kingtui.screens.base import KingScreen
from kingtui.screens.importing import import_pictures
from kingtui.widgets.activity import Activity
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.steps import StepBoard, StepRow
from kingtui.widgets.symbol_table import LEGEND, SymbolTable

PANES = ("steps", "symbols", "activity")


class HomeScreen(KingScreen):
    """Three panes; on a narrow terminal one at a time, under tabs."""

    CSS_PATH = "home.tcss"
    AUTO_FOCUS = "#step-1"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "pane(1)", "Pane", id="home.next", tooltip="Go to the next pane"),
        Binding(
            "left_square_bracket", "pane(-1)", "Pane before", show=False, id="home.before", tooltip="The pane before"
        ),
        Binding("i", "bring", "Import", id="home.import", tooltip="Copy pictures of this machine into downloads"),
    ]

    def body(self) -> ComposeResult:
        yield Tabs(*(Tab(pane.capitalize(), id=f"tab-{pane}") for pane in PANES), id="tabs")
        steps = StepBoard(self.live, id="steps", classes="pane")
        steps.border_title = "Steps"
        yield steps
        symbols = SymbolTable(self.live, id="symbols", classes="pane")
        symbols.border_title = "Symbols, the newest first"
        symbols.border_subtitle = LEGEND
        activity = Activity(self.live, id="activity", classes="pane")
        activity.border_title = "Activity (UTC)"
        yield Horizontal(symbols, activity, id="lower")

    def compose(self) -> ComposeResult:
        yield from super().compose()
        self._activate("steps")

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        if event.tab.id is not None:
            self._activate(event.tab.id.removeprefix("tab-"))

    def action_pane(self, by: int) -> None:
        """Go to the next pane, or to the one before."""
        here = next((number for number, pane in enumerate(PANES) if self.has_class(f"-on-{pane}")), 0)
        if not self.has_class("-narrow"):
            focused = [number for number, pane in enumerate(PANES) if self.query_one(f"#{pane}").has_focus_within]
            here = focused[0] if focused else here
        pane = PANES[(here + by) % len(PANES)]
        self._activate(pane)
        self.query_one(Tabs).active = f"tab-{pane}"
        self.call_after_refresh(self._focus, pane)

    def action_bring(self) -> None:
        """Ask for pictures and copy them in."""
        import_pictures(self.app, self.live)

    def _activate(self, pane: str) -> None:
        for name in PANES:
            self.set_class(name == pane, f"-on-{name}")

    def _focus(self, pane: str) -> None:
        targets: dict[str, Widget] = {
            "steps": self.query(StepRow).first(),
            "symbols": self.query_one(KeyedTable),
            "activity": self.query_one(Activity),
        }
        targets[pane].focus()
