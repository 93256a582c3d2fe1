"""Pictures: what arrived, what it is, where it stands, and why one was put aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from kingtui.bridge import whole
from kingtui.events import Event, PictureArrived, PictureStaged
from kingtui.models import Image, Kind, KingError, Stage
from kingtui.screens.table import PAGE, TableScreen
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.words import plain, stamp, until

_STAGES: dict[Stage, tuple[str, str]] = {
    Stage.NEW: ("◇ new", ""),
    Stage.SORTED: ("◇ sorted", ""),
    Stage.UNIQUE: ("◇ unique", ""),
    Stage.ANALYSED: ("◇ analysed", ""),
    Stage.EXTRACTED: ("✓ extracted", "success"),
    Stage.UNKNOWN: ("? unknown", "warning"),
    Stage.DUPLICATE: ("= duplicate", "muted"),
    Stage.QUARANTINED: ("✗ quarantined", "error"),
    Stage.MISSING: ("✗ missing", "warning"),
}
_FILTERS: tuple[tuple[str, tuple[Stage, ...] | None], ...] = (
    ("all", None),
    ("in Quarantine", (Stage.QUARANTINED,)),
    ("unknown", (Stage.UNKNOWN,)),
    ("duplicates", (Stage.DUPLICATE,)),
    ("under way", (Stage.NEW, Stage.SORTED, Stage.UNIQUE, Stage.ANALYSED)),
)


class PicturesScreen(TableScreen[Image]):
    """The newest first; one in Quarantine can be tried again."""

    TITLE_TEXT: ClassVar[str] = "Pictures (UTC)"
    COLUMNS: ClassVar[Sequence[str]] = ("No", "Arrived", "Stage", "Kind", "Symbol", "Verified", "Name")
    RIGHT: ClassVar[Sequence[str]] = ("No",)
    EMPTY: ClassVar[str] = "No picture here. Drop one into the downloads folder of the home, or press f for others."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "filter", "Filter", id="pictures.filter", tooltip="Show all, or only those of one stage"),
        Binding("t", "retry", "Try again", id="pictures.retry", tooltip="Return a quarantined picture to its step"),
    ]

    _filter = 0

    def body(self) -> ComposeResult:
        frame = Vertical(
            KeyedTable(self.COLUMNS, right=self.RIGHT, opens=False), Line(classes="empty"), classes="frame"
        )
        frame.border_title = self.TITLE_TEXT
        yield frame
        yield Line(id="detail")

    async def page(self, before: int | None) -> tuple[list[Image], int | None]:
        stages = _FILTERS[self._filter][1]
        return await self.live.control.images(stages=stages, limit=PAGE, before=before), None

    def item_id(self, item: Image) -> int:
        return item.id

    def cells(self, item: Image) -> Sequence[Text]:
        stage, tone = _STAGES[item.stage]
        kind = "" if item.kind in (None, Kind.UNKNOWN) else item.kind.label if item.kind else ""
        verified = {None: "", True: "✓ all", False: "? not all"}[item.verified]
        return (
            Text(str(item.id), justify="right"),
            Text(stamp(item.arrived_at, self.live.now())),
            Text(stage, self.live.style(tone) if tone else ""),
            Text(kind),
            Text(item.symbol or ""),
            Text(verified, "" if item.verified else self.live.style("warning")),
            Text(plain(item.name)),
        )

    def detail(self, item: Image) -> Content:
        now = self.live.now()
        parts: list[str | tuple[str, str]] = [
            (plain(item.name), "bold"),
            (f"   {plain(item.path)}", "$foreground-muted"),
        ]
        if item.title:
            parts.append(f"\n{plain(item.title)}")
        if item.reason:
            parts.append((f"\n{plain(item.reason)}", "$text-warning"))
        if item.next_try is not None:
            parts.append(f"\nattempt {item.attempts} of 3 failed, tried again {until(item.next_try, now)}")
        return Content.assemble(*parts)

    def concerns(self, event: Event) -> bool:
        return isinstance(event, PictureArrived | PictureStaged)

    def offers(self) -> tuple[bool, ...]:
        return *super().offers(), self.chosen is not None and self.chosen.stage is Stage.QUARANTINED

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "retry":
            return bool(self._offers) and self._offers[-1]
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        """Show the pictures of the next filter."""
        self._filter = (self._filter + 1) % len(_FILTERS)
        self._befores = [None]
        name = _FILTERS[self._filter][0]
        self.query_one(".frame").border_title = self.TITLE_TEXT if not self._filter else f"Pictures: {name} (UTC)"
        self.load()

    def action_retry(self) -> None:
        """Try the picture under the cursor again."""
        if self.chosen is not None:
            self.live.start(self._retry(self.chosen), "retry")

    async def _retry(self, image: Image) -> None:
        try:
            await whole(self.live.control.retry(image.id))
        except KingError as error:
            self.live.tell(str(error), "error")
        else:
            self.live.tell(f"Tried again: {image.name}")
            self.load()
