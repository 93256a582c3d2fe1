"""Small windows that ask for one thing: one of several, or where a text shall be saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import DataTable, Input, Static

from kingtui.widgets.keyed_table import KeyedTable


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: its value, the letter that picks it at once, its words, and how many there are of it."""

    value: str
    letter: str
    words: str
    count: int | None = None


class Pick(ModalScreen[str | None]):
    """One of several, by its letter or with the arrows and enter; None: none of them."""

    CSS_PATH = "asking.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Leave", id="pick.leave", tooltip="Choose none"),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], chosen: str) -> None:
        super().__init__()
        self._heading, self._choices, self._chosen = title, choices, chosen

    def compose(self) -> ComposeResult:
        with Vertical(classes="window") as window:
            window.border_title = self._heading
            window.border_subtitle = "enter or its letter · esc leaves"
            yield KeyedTable((" ", "  ", "Of", "Number"), right=("Number",))

    def on_mount(self) -> None:
        table = self.query_one(KeyedTable)
        table.show_header = False
        table.sync({choice.value: self._cells(choice) for choice in self._choices})
        self.call_after_refresh(self._point)

    def _point(self) -> None:
        table = self.query_one(KeyedTable)
        if self._chosen in table.keys:
            table.move_cursor(row=table.keys.index(self._chosen), animate=False)

    def _cells(self, choice: Choice) -> list[Text]:
        number = "" if choice.count is None else f"{choice.count:,}"
        return [
            Text("●" if choice.value == self._chosen else " "),
            Text(choice.letter, "bold"),
            Text(choice.words),
            Text(number, justify="right"),
        ]

    @on(DataTable.RowSelected)
    def _picked(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.dismiss(event.row_key.value)

    def on_key(self, event: events.Key) -> None:
        """A letter picks at once."""
        for choice in self._choices:
            if event.character is not None and choice.letter == event.character:
                event.stop()
                self.dismiss(choice.value)
                return

    def action_leave(self) -> None:
        """Choose none."""
        self.dismiss(None)


class SaveAs(ModalScreen[str | None]):
    """Where a text shall be saved; None: nowhere."""

    CSS_PATH = "asking.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="save.leave", tooltip="Save nothing"),
    ]

    def __init__(self, what: str, file: str, folder: str) -> None:
        """``what``: in words; ``file``: the name proposed; ``folder``: where relative names lead."""
        super().__init__()
        self._what, self._file, self._folder = what, file, folder

    def compose(self) -> ComposeResult:
        with Vertical(classes="window") as window:
            window.border_title = f"Save {self._what}"
            window.border_subtitle = "enter saves · esc leaves"
            yield Input(self._file, id="file", select_on_focus=False, compact=True)
            where = f"In {self._folder}, unless the name says another folder."
            told = f"{where}\nNo file is written over: a taken name gets a number."
            yield Static(Content.styled(told, "$foreground-muted"))

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)

    def action_leave(self) -> None:
        """Save nothing."""
        self.dismiss(None)
