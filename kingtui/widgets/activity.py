"""What happened, in plain words, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events as terminal
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from kingtui.events import Event
from kingtui.widgets.feed import Feed, Tone
from kingtui.widgets.feed import Line as FeedLine
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live

PACE_SECONDS, SLOWEST = 1.0, 10.0
"""At most so often the feed is painted."""
INDENT = 8
REMEMBERED = 30
_STYLES: dict[Tone, str] = {"plain": "", "good": "", "warning": "$text-warning", "error": "$text-error"}
_SYMBOLS: dict[Tone, str] = {"plain": " ", "good": " ", "warning": "▲", "error": "✗"}


class Activity(VerticalScroll):
    """The feed; it keeps on gathering while it is not shown."""

    def __init__(self, live: Live, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.feed = Feed()
        self._live = live
        self._waiting = False

    def compose(self) -> ComposeResult:
        yield Line(id="feed")

    def on_mount(self) -> None:
        self._live.happened.subscribe(self, self._happened)
        self._live.start(self._remember(), "activity before")
        self._show()

    async def _remember(self) -> None:
        """What the last runs did, so that a fresh dashboard is not an empty one."""
        answer = await self._live.ask(self._live.control.history(limit=REMEMBERED))
        if answer is not None and self.is_mounted:
            self.feed.remember(answer[0])
            self._show()

    def _happened(self, events: Sequence[Event]) -> None:
        if self.feed.take(events, self._live.now()) and not self._waiting:
            self._waiting = True
            self.set_timer(PACE_SECONDS * min(self._live.slowly, SLOWEST), self._show)

    def on_resize(self, event: terminal.Resize) -> None:
        self._show()

    def _show(self) -> None:
        self._waiting = False
        width = self.scrollable_content_region.width
        if width <= INDENT:
            return
        lines = [part for line in reversed(self.feed.lines) for part in _lines(line, width)]
        empty = Content.styled("Nothing has happened since the start. What does is told here, the newest first.", "dim")
        self.query_one("#feed", Line).show(Content("\n").join(lines) if lines else empty)


def _lines(line: FeedLine, width: int) -> list[Content]:
    """The line with its time, and what does not fit below it."""
    head = Content.assemble((f"{line.at:%H:%M} ", "$foreground-muted"), (f"{_SYMBOLS[line.tone]} ", _STYLES[line.tone]))
    first, *rest = Content.styled(line.text, _STYLES[line.tone]).wrap(width - INDENT)
    return [Content.assemble(head, first), *(Content.assemble(" " * INDENT, part) for part in rest)]
