"""The log, live."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from textual import events as terminal
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import RichLog

from kingtui.events import Event, Logged
from kingtui.models import LogEntry
from kingtui.screens.base import KingScreen
from kingtui.widgets.live import Live
from kingtui.widgets.log_words import LEVELS, entry_line, rank

LINES = 2000
FIRST_LINES = 500


class LogScreen(KingScreen):
    """Written in batches, and only while it is looked at."""

    CSS_PATH = "log.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "level", "Level", id="log.level", tooltip="Show only lines from this level on"),
        Binding("f", "follow", "Follow", id="log.follow", tooltip="Stay at the newest line, or stand still"),
        Binding("j", "scroll(1)", "Down", show=False, id="log.down", tooltip="One line down"),
        Binding("k", "scroll(-1)", "Up", show=False, id="log.up", tooltip="One line up"),
        Binding("G", "newest", "Newest", show=False, id="log.newest", tooltip="The newest line"),
    ]

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.entries: deque[LogEntry] = deque(maxlen=LINES)
        self.level = LEVELS.index("INFO")
        self._unwritten: list[LogEntry] = []
        self._width = 0

    def body(self) -> ComposeResult:
        yield RichLog(max_lines=LINES, wrap=True, auto_scroll=True)

    def on_mount(self) -> None:
        self.live.happened.subscribe(self, self._happened)
        self.watch(self.app, "theme", lambda: self._rewrite(), init=False)
        self._name_it()
        self.live.start(self._load(), "log")

    def on_resize(self, event: terminal.Resize) -> None:
        width = self.query_one(RichLog).size.width
        if self._width not in (0, width):
            self._rewrite()
        self._width = width

    def on_screen_resume(self, event: terminal.ScreenResume) -> None:
        self._write()

    async def _load(self) -> None:
        found = await self.live.ask(self.live.control.logs(FIRST_LINES))
        if found is not None:
            heard = [entry for entry in self.entries if not found or entry.at > found[-1].at]
            self.entries = deque([*found, *heard], maxlen=LINES)
            self._rewrite()

    def _happened(self, events: Sequence[Event]) -> None:
        fresh = [event.entry for event in events if isinstance(event, Logged)]
        self.entries.extend(fresh)
        self._unwritten = [*self._unwritten, *fresh][-LINES:]
        if self.is_current:
            self._write()

    def _write(self) -> None:
        log = self.query_one(RichLog)
        lines, self._unwritten = self._unwritten, []
        with self.app.batch_update():
            for entry in lines:
                if rank(entry.level) >= self.level:
                    log.write(entry_line(entry, self.live), expand=True)

    def _rewrite(self) -> None:
        self.query_one(RichLog).clear()
        self._unwritten = list(self.entries)
        self._write()
        self._name_it()

    def _name_it(self) -> None:
        log = self.query_one(RichLog)
        log.border_title = "Log (UTC)"
        log.border_subtitle = (
            f"from {LEVELS[self.level].lower()} on · {'follows' if log.auto_scroll else 'stands still'}"
        )

    def action_level(self) -> None:
        """Show lines from the next level on."""
        self.level = (self.level + 1) % len(LEVELS)
        self._rewrite()

    def action_follow(self) -> None:
        """Follow the newest line, or stand still."""
        log = self.query_one(RichLog)
        log.auto_scroll = not log.auto_scroll
        if log.auto_scroll:
            log.scroll_end(animate=False)
        self._name_it()

    def action_scroll(self, by: int) -> None:
        """Move by lines."""
        self.query_one(RichLog).scroll_relative(y=by, animate=False)

    def action_newest(self) -> None:
        """Go to the newest line."""
        self.query_one(RichLog).scroll_end(animate=False)
