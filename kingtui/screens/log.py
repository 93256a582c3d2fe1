"""The log, live."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from textual import events as terminal
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from kingtui.events import Event, Logged, Missed
from kingtui.models import LogEntry
from kingtui.screens.text import Shown, TextScreen
from kingtui.widgets.live import Live
from kingtui.widgets.log_view import LINES, LogView
from kingtui.widgets.log_words import LEVELS, entry_line, entry_text, rank


class LogScreen(TextScreen):
    """Written in batches, and only while it is looked at."""

    AUTO_FOCUS = "LogView"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "level", "Level", id="log.level", tooltip="Show only lines from this level on"),
        Binding("f", "follow", "Follow", id="log.follow", tooltip="Stay at the newest line, or stand still"),
    ]

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.entries: deque[LogEntry] = deque(maxlen=LINES)
        self.level = LEVELS.index("INFO")
        self._unwritten: list[LogEntry] = []
        self._new = 0
        """Lines that came since it stands still."""

    def body(self) -> ComposeResult:
        view = LogView(id="log", classes="pane")
        view.border_title = "Log (UTC)"
        yield view

    def searched(self) -> LogView:
        return self.query_one(LogView)

    def reader(self) -> LogView:
        return self.query_one(LogView)

    def taken(self) -> Shown | None:
        shown = [entry_text(entry) for entry in self.entries if rank(entry.level) >= self.level]
        return Shown("\n".join(shown) + "\n", f"{len(shown):,} lines of the log", "kingtui.log") if shown else None

    def back(self) -> None:
        self.app.switch_mode("home")

    def on_mount(self) -> None:
        self.live.happened.subscribe(self, self._happened)
        self.watch(self.app, "theme", lambda: self._rewrite(), init=False)
        self._name_it()
        self.live.start(self._load(), "log")

    def on_screen_resume(self, event: terminal.ScreenResume) -> None:
        self._write()

    async def _load(self) -> None:
        found = await self.live.ask(self.live.control.logs(LINES))
        if found is not None:
            heard = [entry for entry in self.entries if not found or entry.at > found[-1].at]
            self.entries = deque([*found, *heard], maxlen=LINES)
            self._rewrite()

    def _happened(self, events: Sequence[Event]) -> None:
        if any(isinstance(event, Missed) for event in events):
            self.live.start(self._load(), "log")
        fresh = [event.entry for event in events if isinstance(event, Logged)]
        self.entries.extend(fresh)
        self._unwritten = [*self._unwritten, *fresh][-LINES:]
        if self.is_current:
            self._write()

    def _write(self) -> None:
        view = self.query_one(LogView)
        entries, self._unwritten = self._unwritten, []
        lines = [entry_line(entry, self.live) for entry in entries if rank(entry.level) >= self.level]
        if lines:
            view.extend(lines)
            self._new = 0 if view.follows else self._new + len(lines)
            self._name_it()
            self.search_again()

    def _rewrite(self) -> None:
        view = self.query_one(LogView)
        self._unwritten = []
        view.replace(entry_line(entry, self.live) for entry in self.entries if rank(entry.level) >= self.level)
        self.search_again()
        self._name_it()
        self.refresh_bindings()

    def _name_it(self) -> None:
        view = self.query_one(LogView)
        level = LEVELS[self.level].lower()
        stands = f"stands still, {self._new:,} new below" if self._new else "stands still"
        view.border_subtitle = (
            f"{'every line' if not self.level else f'from {level} on'} · {'follows' if view.follows else stands}"
        )

    @on(LogView.FollowChanged)
    def _follow_changed(self, event: LogView.FollowChanged) -> None:
        self._new = 0
        self._name_it()

    def action_level(self) -> None:
        """Show lines from the next level on."""
        self.level = (self.level + 1) % len(LEVELS)
        self._rewrite()

    def action_follow(self) -> None:
        """Follow the newest line, or stand still."""
        view = self.query_one(LogView)
        view.follows = not view.follows
