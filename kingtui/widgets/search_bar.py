"""One line to type what is searched for, with how often it was found."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from kingtui.widgets.line import Line


class SearchBar(Horizontal):
    """Hidden until it is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="search.close", tooltip="End the search"),
        Binding("down", "step(1)", "Next", show=False, id="search.down", tooltip="The next place"),
        Binding("up", "step(-1)", "Before", show=False, id="search.up", tooltip="The place before"),
    ]

    class Changed(Message):
        """Something else is searched for; an empty text: nothing."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Stepped(Message):
        """The next place is wanted, or the one before."""

        def __init__(self, by: int, *, leave: bool = False) -> None:
            super().__init__()
            self.by, self.leave = by, leave

    class Closed(Message):
        """The search has ended."""

    def compose(self) -> ComposeResult:
        yield Line(id="search-mark")
        yield Input(placeholder="search", id="search-text", compact=True, select_on_focus=True)
        yield Line(id="search-count")

    def on_mount(self) -> None:
        self.query_one("#search-mark", Line).show(Content.styled("/ ", "bold $text-accent"))

    @property
    def text(self) -> str:
        """What is searched for; empty while the bar is closed."""
        return self.query_one(Input).value if self.has_class("-open") else ""

    def open(self) -> None:
        """Let a text be typed."""
        self.add_class("-open")
        self.query_one(Input).focus()

    def count(self, found: int, at: int | None = None) -> None:
        """Tell how often the text was found, and at which of these places (from 0) we are."""
        where = f"{at + 1} of {found:,}" if at is not None and found else f"{found:,} found" if found else "not found"
        shown = Content.styled(where, "$foreground-muted" if found else "$text-warning") if self.text else Content("")
        self.query_one("#search-count", Line).show(shown)

    def action_close(self) -> None:
        """End the search."""
        self.remove_class("-open")
        self.query_one(Input).value = ""
        self.post_message(self.Closed())

    def action_step(self, by: int) -> None:
        """The next place, or the one before, while typing."""
        self.post_message(self.Stepped(by))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.has_class("-open"):
            self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Stepped(1, leave=True))
