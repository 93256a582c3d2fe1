"""A log to look at: long lines are broken, only what is seen is drawn, and a word can be searched for in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kingtui.widgets.wrapping import breaks, indent_of

LINES = 2000
FOUND = Style(underline=True, bold=True)
CURRENT = Style(reverse=True, bold=True)


class LogView(ScrollView, can_focus=True):
    """The newest ``most`` lines. While it follows, the newest is at the bottom; moving up lets it stand still."""

    DEFAULT_CSS = """
    LogView {
        overflow: hidden scroll;  /* the room for text is the same whether or not there is more */
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, id="log.down", tooltip="One line down"),
        Binding("k", "scroll_up", "Up", show=False, id="log.up", tooltip="One line up"),
        Binding("G", "newest", "Newest", show=False, id="log.newest", tooltip="The newest line, and follow it"),
    ]

    class FollowChanged(Message):
        """It follows the newest line now, or no longer does."""

        def __init__(self, view: LogView, follows: bool) -> None:
            super().__init__()
            self.view, self.follows = view, follows

        @property
        def control(self) -> LogView:
            """The view."""
            return self.view

    def __init__(
        self, *, most: int = LINES, follows: bool = True, id: str | None = None, classes: str | None = None  # noqa: A002
    ) -> None:  # fmt: skip
        super().__init__(id=id, classes=classes)
        self._lines: deque[Text] = deque(maxlen=most)
        self._follows = follows
        self._breaks: deque[list[tuple[int, int]]] = deque(maxlen=most)
        self._ends: list[int] = []
        """The row after each line's last: rows are what lines take on the screen."""
        self._first = 0
        """The serial number of the first line, which strips are remembered by."""
        self._strips: LRUCache[int, list[Strip]] = LRUCache(256)
        self._width = 0
        self._pattern: re.Pattern[str] | None = None
        self._current: int | None = None
        """The serial number of the line that was found last."""

    @property
    def texts(self) -> list[str]:
        """The lines without their styles, oldest first."""
        return [line.plain for line in self._lines]

    @property
    def follows(self) -> bool:
        """Whether the newest line is kept in sight."""
        return self._follows

    @follows.setter
    def follows(self, follows: bool) -> None:
        if follows != self._follows:
            self._follows = follows
            self.post_message(self.FollowChanged(self, follows))
        if follows:
            self.scroll_end(animate=False, immediate=True, force=True)

    def replace(self, lines: Iterable[Text]) -> None:
        """Show these lines and no others."""
        self._first += len(self._lines)
        self._lines.clear()
        self._breaks.clear()
        self._strips.clear()
        self._current = None
        self.extend(lines)

    def extend(self, lines: Iterable[Text]) -> None:
        """Add lines at the end; the oldest go where there are too many. What is looked at stays where it is."""
        fresh = list(lines)[-(self._lines.maxlen or LINES) :]
        gone = max(0, len(self._lines) + len(fresh) - (self._lines.maxlen or LINES))
        rows_gone = self._ends[gone - 1] if 0 < gone <= len(self._ends) else 0
        self._first += gone
        self._lines.extend(fresh)
        self._breaks.extend(breaks(line.plain, self._width, indent_of(self._width)) for line in fresh)
        self._measure()
        if self._follows:
            self.scroll_end(animate=False, immediate=True, force=True)
        elif rows_gone:
            self.scroll_to(y=max(0, self.scroll_offset.y - rows_gone), animate=False, immediate=True, force=True)
        self.refresh()

    def _measure(self) -> None:
        self._ends = list(accumulate(len(rows) for rows in self._breaks))
        self.virtual_size = Size(self._width, self._ends[-1] if self._ends else 0)

    def on_resize(self, event: events.Resize) -> None:
        width = self.scrollable_content_region.width
        if width == self._width:
            return
        top = bisect_right(self._ends, self.scroll_offset.y)
        self._width = width
        self._breaks = deque(
            (breaks(line.plain, width, indent_of(width)) for line in self._lines), maxlen=self._lines.maxlen
        )
        self._strips.clear()
        self._measure()
        if self._follows:
            self.scroll_end(animate=False, immediate=True, force=True)
        else:
            self.scroll_to(y=self._ends[top - 1] if top else 0, animate=False, immediate=True, force=True)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        row, style = self.scroll_offset.y + y, self.rich_style
        number = bisect_right(self._ends, row)
        if number >= len(self._lines):
            return Strip.blank(self.size.width, style)
        serial = self._first + number
        strips = self._strips.get(serial)
        if strips is None:
            strips = self._strips[serial] = self._draw(number, style)
        start = self._ends[number - 1] if number else 0
        return strips[row - start].adjust_cell_length(self.size.width, style)

    def _draw(self, number: int, style: Style) -> list[Strip]:
        line = self._lines[number]
        if self._pattern is not None:
            line = line.copy()
            found = CURRENT if self._first + number == self._current else FOUND
            for match in self._pattern.finditer(line.plain):
                line.stylize(found, *match.span())
        rows = self._breaks[number]
        indent = [Segment(" " * indent_of(self._width), style)]
        cut = line.divide([end for _, end in rows[:-1]]) if len(rows) > 1 else [line]
        console = self.app.console
        drawn = [Strip(Segment.apply_style(piece.render(console), style)) for piece in cut]
        return [drawn[0], *(Strip([*indent, *strip]) for strip in drawn[1:])]

    # Searching

    @property
    def place(self) -> int | None:
        """The number, from 0, of the line with the text that was gone to last."""
        found = self._matches()
        return found.index(self._current) if self._current in found else None

    def search(self, text: str) -> int:
        """Mark a text wherever it stands, case aside; on how many lines that is. Empty: mark nothing."""
        pattern = re.compile(re.escape(text), re.IGNORECASE) if text else None
        if pattern != self._pattern:
            self._pattern, self._current = pattern, None
            self._redraw()
        return len(self._matches())

    def step(self, by: int) -> int | None:
        """Go to the next line that has the text (−1: the one before), round the end; its number among those."""
        found = self._matches()
        if not found:
            return None
        place = self.place
        place = self._nearest(found, by) if place is None else (place + by) % len(found)
        self._current = found[place]
        self.follows = False
        number = self._current - self._first
        start = self._ends[number - 1] if number else 0
        self.scroll_to(
            y=max(0, start - self.scrollable_content_region.height // 3), animate=False, immediate=True, force=True
        )
        self._redraw()
        return place

    def _nearest(self, found: list[int], by: int) -> int:
        """Where a search begins: at what is seen; while the newest line is followed, at the newest."""
        if self._follows:
            return len(found) - 1
        top = self._first + bisect_right(self._ends, self.scroll_offset.y)
        below = next((place for place, serial in enumerate(found) if serial >= top), 0)
        return below if by > 0 else (below - 1) % len(found)

    def _matches(self) -> list[int]:
        """The serial numbers of the lines that have the text."""
        if self._pattern is None:
            return []
        return [self._first + place for place, line in enumerate(self._lines) if self._pattern.search(line.plain)]

    def _redraw(self) -> None:
        self._strips.clear()
        self.refresh()

    # Moving

    def action_scroll_up(self) -> None:
        """One line up."""
        self.follows = False
        super().action_scroll_up()

    def action_page_up(self) -> None:
        """One page up."""
        self.follows = False
        super().action_page_up()

    def action_scroll_home(self) -> None:
        """To the oldest line."""
        self.follows = False
        super().action_scroll_home()

    def action_newest(self) -> None:
        """To the newest line."""
        self.follows = True

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves up: it stands still."""
        self.follows = False
