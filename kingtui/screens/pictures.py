"""Pictures: what arrived, what it is, where it stands, and why one was put aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import DataTable

from kingtui.events import Event, PictureArrived, PictureStaged
from kingtui.models import Image, Stage
from kingtui.screens.asking import Choice, Pick
from kingtui.screens.picture import PictureScreen, again
from kingtui.screens.table import PAGE, TableScreen
from kingtui.widgets.live import Live
from kingtui.widgets.picture_words import STAGE_MARKS, advice, kind
from kingtui.widgets.words import plain, stamp, until

_UNDER_WAY = (Stage.NEW, Stage.SORTED, Stage.UNIQUE, Stage.ANALYSED)
FILTERS: Mapping[str, tuple[str, tuple[Stage, ...] | None]] = {
    "all": ("a", None),
    "quarantined": ("x", (Stage.QUARANTINED,)),
    "unknown": ("u", (Stage.UNKNOWN,)),
    "duplicates": ("d", (Stage.DUPLICATE,)),
    "missing": ("m", (Stage.MISSING,)),
    "under way": ("w", _UNDER_WAY),
    "read": ("r", (Stage.EXTRACTED,)),
}
"""Which pictures can be shown: the letter that picks them, and their stages."""


class PicturesScreen(TableScreen[Image]):
    """The newest first; enter shows one beside what was read from it."""

    TITLE_TEXT: ClassVar[str] = "Pictures (UTC)"
    COLUMNS: ClassVar[Sequence[str]] = ("No", "Arrived", "Stage", "Kind", "Symbol", "Verified", "Name")
    RIGHT: ClassVar[Sequence[str]] = ("No",)
    EMPTY: ClassVar[str] = "No picture has come yet. Drop one into the downloads folder of the home."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "filter", "Filter", id="pictures.filter", tooltip="Show all, or only those of one stage"),
        Binding("t", "retry", "Try again", id="pictures.retry", tooltip="Return a quarantined picture to its step"),
        Binding("e", "reread", "Read again", id="pictures.reread", tooltip="Read it anew and update its symbols"),
    ]

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.filter = "all"

    async def page(self, before: int | None) -> tuple[list[Image], int | None]:
        stages = FILTERS[self.filter][1]
        found = await self.live.control.images(stages=stages, limit=PAGE, before=before)
        return found, _number(await self.live.control.image_counts(), stages)

    def item_id(self, item: Image) -> int:
        return item.id

    def heading(self) -> str:
        return self.TITLE_TEXT if self.filter == "all" else f"{self.TITLE_TEXT} · {self.filter}"

    def empty(self) -> str:
        if self.filter == "all":
            home = plain(self.live.status.home) if self.live.status is not None else "the home"
            return f"No picture has come yet.\n\nDrop a chart picture into\n{home}/downloads\nand it shows up here."
        return "No picture is like that now. Press f for others."

    def cells(self, item: Image) -> Sequence[Text]:
        mark = STAGE_MARKS[item.stage]
        narrow = self.has_class("-narrow")
        verified = {None: "", True: "✓ all", False: "✗ part" if narrow else "✗ not all"}[item.verified]
        return (
            Text(str(item.id), justify="right"),
            Text(stamp(item.arrived_at, self.live.now())),
            Text(mark.text, self.live.style(mark.style) if mark.style else ""),
            Text(kind(item).removeprefix("liquidation ") if narrow else kind(item)),
            Text(item.symbol or ""),
            Text(verified, "" if item.verified else self.live.style("warning")),
            Text(plain(item.name)),
        )

    def detail(self, item: Image) -> Content:
        parts: list[str | tuple[str, str]] = [
            (plain(item.name), "bold"),
            (f"   {plain(item.path)}", "$foreground-muted"),
        ]
        if item.reason:
            parts.append((f"\n{plain(item.reason)}", "$text-warning"))
        elif item.title:
            parts.append(f"\n{plain(item.title)}")
        if item.next_try is not None:
            parts.append(f"\nattempt {item.attempts} of 3 failed, tried again {until(item.next_try, self.live.now())}")
        if told := advice(item):
            parts.append((f"\n{told}", "$foreground-muted"))
        return Content.assemble(*parts)

    def concerns(self, event: Event) -> bool:
        return isinstance(event, PictureArrived | PictureStaged)

    def offers(self) -> tuple[bool, ...]:
        stage = self.chosen.stage if self.chosen is not None else None
        return *super().offers(), stage in (Stage.EXTRACTED, Stage.UNKNOWN), stage is Stage.QUARANTINED

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "retry":
            return bool(self._offers) and self._offers[-1]
        if action == "reread":
            return bool(self._offers) and self._offers[-2]
        return super().check_action(action, parameters)

    @on(DataTable.RowSelected)
    def _opened(self) -> None:
        if (image := self.chosen) is not None:
            among = [found.id for found in self.items.values()]
            self.app.push_screen(PictureScreen(self.live, image.id, among))

    def action_filter(self) -> None:
        """Choose which pictures are shown."""
        self.live.start(self._ask_filter(), "pictures by stage")

    async def _ask_filter(self) -> None:
        counts = await self.live.ask(self.live.control.image_counts())
        if counts is not None:
            choices = [
                Choice(name, letter, name, _number(counts, stages)) for name, (letter, stages) in FILTERS.items()
            ]
            self.app.push_screen(Pick("Pictures that are", choices, self.filter), self._filter_picked)

    def _filter_picked(self, value: str | None) -> None:
        if value is not None:
            self.filter = value
            self.begin()

    def action_retry(self) -> None:
        """Try the picture under the cursor again."""
        if self.chosen is not None:
            self.live.start(again(self.live, self.chosen.id, read=False), "retry")

    def action_reread(self) -> None:
        """Read the picture under the cursor anew."""
        if self.chosen is not None:
            self.live.start(again(self.live, self.chosen.id, read=True), "read again")


def _number(counts: Mapping[Stage, int], stages: tuple[Stage, ...] | None) -> int:
    return sum(counts.values()) if stages is None else sum(counts.get(stage, 0) for stage in stages)
