"""What every screen shares that shows a text: / and a word searches in it, s saves it, y copies it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from kingtui.models import KingError
from kingtui.screens.asking import SaveAs
from kingtui.screens.base import KingScreen
from kingtui.widgets.live import Live
from kingtui.widgets.saving import save, size
from kingtui.widgets.search_bar import SearchBar


class Searchable(Protocol):
    """What can be searched in."""

    @property
    def place(self) -> int | None:
        """The number, from 0, of the place that was gone to last."""
        ...

    def search(self, text: str) -> int:
        """Mark the text wherever it stands; at how many places."""
        ...

    def step(self, by: int) -> int | None:
        """Go to the next place or the one before; its number from 0, None without any."""
        ...


class Shown(NamedTuple):
    """A text that can be taken away: itself, what it is in words, and a name for its file."""

    text: str
    what: str
    file: str


class TextScreen(KingScreen):
    """Subclasses say what is searched in and what is taken away. The bar stands above the footer while it is open."""

    CSS_PATH = "text.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", id="search.open", tooltip="Search for a text here"),
        Binding("n", "found(1)", "Next", id="search.next", tooltip="The next place where the text stands"),
        Binding("N", "found(-1)", "Before", id="search.before", tooltip="The place before"),
        Binding("s", "save", "Save", id="text.save", tooltip="Save what is shown to a file"),
        Binding("y", "copy", "Copy", id="text.copy", tooltip="Copy what is shown to your clipboard"),
        Binding("escape", "leave", "Back", id="text.leave", tooltip="End the search; then back to where you came from"),
    ]

    class CopyAsked(Message):
        """A text shall go to the clipboard of whoever looks."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text, self.what = text, what

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self._found = 0

    def searched(self) -> Searchable:
        """What is searched in."""
        raise NotImplementedError

    def reader(self) -> Widget:
        """What has the keys while nothing is typed."""
        raise NotImplementedError

    def taken(self) -> Shown | None:
        """What is saved or copied; None while there is nothing."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield SearchBar()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "found":
            return self._found > 0
        if action in ("save", "copy"):
            return self.taken() is not None
        return True

    # Searching

    def search_again(self) -> None:
        """What is searched in has changed, and with it the places."""
        if text := self.query_one(SearchBar).text:
            self._look_for(text)

    def back(self) -> None:
        """Go to where we came from."""
        self.app.pop_screen()

    def action_leave(self) -> None:
        """End the search; without one, go back."""
        bar = self.query_one(SearchBar)
        if bar.has_class("-open"):
            bar.action_close()
        else:
            self.back()

    def action_search(self) -> None:
        """Type what to search for."""
        self.query_one(SearchBar).open()

    def action_found(self, by: int) -> None:
        """Go to the next place, or to the one before."""
        place = self.searched().step(by)
        self.query_one(SearchBar).count(self._found, place)

    @on(SearchBar.Changed)
    def _search_typed(self, event: SearchBar.Changed) -> None:
        self._look_for(event.text)

    @on(SearchBar.Stepped)
    def _search_stepped(self, event: SearchBar.Stepped) -> None:
        self.action_found(event.by)
        if event.leave:
            self.reader().focus()

    @on(SearchBar.Closed)
    def _search_closed(self) -> None:
        self._look_for("")
        self.reader().focus()

    def _look_for(self, text: str) -> None:
        before, self._found = self._found, self.searched().search(text)
        self.query_one(SearchBar).count(self._found, self.searched().place)
        if bool(before) != bool(self._found):
            self.refresh_bindings()

    # Taking away

    def action_copy(self) -> None:
        """Copy what is shown."""
        if (shown := self.taken()) is not None:
            self.post_message(self.CopyAsked(shown.text, shown.what))

    def action_save(self) -> None:
        """Ask where to save what is shown."""
        if (shown := self.taken()) is None:
            return

        def named(wanted: str | None) -> None:
            if wanted is not None:
                self.live.start(self._save(shown, wanted), "save")

        self.app.push_screen(SaveAs(shown.what, shown.file, str(Path.cwd())), named)

    async def _save(self, shown: Shown, wanted: str) -> None:
        try:
            path = await asyncio.to_thread(save, shown.text, wanted)
        except KingError as error:
            self.live.tell(str(error), "error")
        else:
            self.live.tell(f"Saved {shown.what}, {size(shown.text)}, as {path}")
