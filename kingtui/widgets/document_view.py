"""A Markdown document to read: laid out off the loop, drawn row by row, and searched in."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_right
from collections import defaultdict
from itertools import accumulate
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kingtui.widgets.document import Document, document
from kingtui.widgets.live import Live
from kingtui.widgets.log_view import CURRENT, FOUND

MOST_WIDTH = 110
"""Longer lines are hard to read."""


class DocumentView(ScrollView, can_focus=True):
    """Shows what ``read`` was given last."""

    DEFAULT_CSS = """
    DocumentView {
        overflow: hidden scroll;  /* the room for text is the same whether or not there is more */
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, id="text.down", tooltip="One line down"),
        Binding("k", "scroll_up", "Up", show=False, id="text.up", tooltip="One line up"),
        Binding("space", "page_down", "Page", show=False, id="text.page", tooltip="One page down"),
        Binding("G", "scroll_end", "End", show=False, id="text.end", tooltip="The end"),
        Binding("right_square_bracket", "section(1)", "Section", id="text.section", tooltip="The next section"),
        Binding("left_square_bracket", "section(-1)", "Section before", show=False, id="text.section_before",
                tooltip="The section before"),
    ]  # fmt: skip

    class LaidOut(Message):
        """The text is there, or has another layout: places found before are others now."""

    def __init__(self, live: Live, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._live = live
        self._markdown = ""
        self._document = Document()
        self._pattern: re.Pattern[str] | None = None
        self._found: list[tuple[int, int]] = []
        """Where the text stands that is searched for, as offsets in the rows joined by line ends."""
        self._starts: list[int] = []
        """Where each row begins in that."""
        self._marks: dict[int, list[tuple[int, int, int]]] = {}
        """Row → (start, end, number of the place)."""
        self._current: int | None = None

    @property
    def text(self) -> str:
        """The rows as they are shown, without styles."""
        return "\n".join(self._document.texts)

    def on_mount(self) -> None:
        self.watch(self.app, "theme", lambda: self._lay_out(), init=False)

    def on_resize(self, event: events.Resize) -> None:
        if self._document.width != self._room:
            self._lay_out()

    @property
    def _room(self) -> int:
        return min(self.scrollable_content_region.width, MOST_WIDTH)

    def read(self, markdown: str) -> None:
        """Show another text, from its beginning."""
        self._markdown = markdown
        self.scroll_home(animate=False)
        self._lay_out()

    def _lay_out(self) -> None:
        if self._markdown and self._room > 0:
            self._live.start(self._arrange(self._markdown, self._room), "lay a text out")

    async def _arrange(self, markdown: str, width: int) -> None:
        styles = {name: self._live.style(name) for name in ("primary", "accent", "warning", "muted")}
        found = await asyncio.to_thread(document, markdown, width, styles)
        if markdown != self._markdown or width != self._room or not self.is_mounted:
            return  # another text, or another width meanwhile
        share = self.scroll_offset.y / max(1, len(self._document.texts))
        self._document = found
        self.virtual_size = Size(found.width, len(found.rows))
        self.scroll_to(y=round(share * len(found.rows)), animate=False, immediate=True, force=True)
        self._look()
        self.refresh()
        self.post_message(self.LaidOut())

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        row, style, width = self.scroll_offset.y + y, self.rich_style, self.size.width
        if row >= len(self._document.rows):
            return Strip.blank(width, style)
        strip = Strip(Segment.apply_style(self._document.rows[row], style))
        for start, end, number in self._marks.get(row, ()):
            strip = _mark(strip, start, end, CURRENT if number == self._current else FOUND)
        return strip.adjust_cell_length(width, style)

    @property
    def place(self) -> int | None:
        """The number, from 0, of the place that was gone to last."""
        return self._current

    def search(self, text: str) -> int:
        """Mark a text wherever it stands, case aside, over the ends of rows too; at how many places."""
        words = [re.escape(word) for word in text.split()]
        self._pattern = re.compile(r"\s+".join(words), re.IGNORECASE) if words else None
        self._look()
        self.refresh()
        return len(self._found)

    def _look(self) -> None:
        self._current = None
        texts, self._marks = self._document.texts, defaultdict(list)
        self._starts = [0, *accumulate(len(text) + 1 for text in texts)]
        matches = [] if self._pattern is None else self._pattern.finditer("\n".join(texts))
        self._found = [match.span() for match in matches]
        for number, (start, end) in enumerate(self._found):
            for row in range(self._row(start), self._row(end - 1) + 1):
                at = self._starts[row]
                first, last = max(start - at, 0), min(end - at, len(texts[row]))
                if first < last:
                    cells = cell_len(texts[row][:first]), cell_len(texts[row][:last])
                    self._marks[row].append((*cells, number))

    def _row(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def step(self, by: int) -> int | None:
        """Go to the next place (−1: the one before), round the end; its number from 0."""
        if not self._found:
            return None
        if self._current is None:
            rows = [self._row(start) for start, _ in self._found]
            below = next((number for number, row in enumerate(rows) if row >= self.scroll_offset.y), 0)
            self._current = below if by > 0 else (below - 1) % len(rows)
        else:
            self._current = (self._current + by) % len(self._found)
        row = self._row(self._found[self._current][0])
        height = self.scrollable_content_region.height
        if not self.scroll_offset.y <= row < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, row - height // 3), animate=False, immediate=True, force=True)
        self.refresh()
        return self._current

    def action_section(self, by: int) -> None:
        """Go to where the next section begins, or the one before."""
        here = self.scroll_offset.y
        rows = [row for row in self._document.sections if (row > here if by > 0 else row < here)]
        if rows:
            self.scroll_to(y=rows[0 if by > 0 else -1], animate=False)


def _mark(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """The strip with a style over the cells from ``start`` to ``end``."""
    total = strip.cell_length
    before, inside, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end, total)
    return Strip.join([before, Strip(Segment.apply_style(inside, post_style=style)), after])
