"""What any app of ours has whatever it shows: themes that suit the terminal, the user's keys, vi's keys, copying."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.filter import Monochrome, NoColor

from kingtui.clipboard import local_tool, osc52, run_tool
from kingtui.themes import THEMES, choice_name, depth_of, suited
from kingtui.widgets.live import Severity

_MOVES = (
    ("h", "left", "left"),
    ("j", "down", "down"),
    ("k", "up", "up"),
    ("l", "right", "right"),
    ("G", "end", "to the end"),
)


class Frame(App[None]):
    """Subclasses say how a notice is told and how a choice is kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+p", "command_palette", "Palette", show=False, priority=True, id="palette",
            tooltip="Everything that can be done now, found by typing",
        ),
        Binding("T", "change_theme", "Theme", show=False, id="theme", tooltip="Choose the colours; kept over restarts"),
        *(
            Binding(key, f"move('{way}')", way.capitalize(), show=False, id=f"move.{way}", tooltip=f"Move {words}")
            for key, way, words in _MOVES
        ),
    ]  # fmt: skip

    def __init__(
        self, *, keymap: Mapping[str, str], theme: str | None, choices: Mapping[str, str], **options: Any
    ) -> None:
        """``keymap``: keys by binding, checked; ``theme``: one that is set, which goes before what was chosen."""
        super().__init__(**options)
        for ours in THEMES:
            self.register_theme(ours)
        self._depth = depth_of(os.environ, self.console.color_system)
        chosen = theme or choices.get(choice_name(self._depth))
        self._kept_theme = chosen if chosen in self.available_themes else suited(self._depth, os.environ)
        self._begin_with(self._kept_theme)
        if self.no_color:  # no colour at all; what Textual makes of it is shades of grey
            self._filters = [found for found in self._filters if not isinstance(found, Monochrome)] + [NoColor()]
        if keymap:
            self.set_keymap(dict(keymap))

    def _begin_with(self, theme: str) -> None:
        """Have the theme from the first paint on, without a second one: what Textual does when it changes, but that."""
        self.set_reactive(App.theme, theme)
        dark = self.current_theme.dark
        self.update_classes({f"-theme-{theme}": True, "-dark-mode": dark, "-light-mode": not dark}, update=False)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Show a notice, and keep it where it can be read later."""
        raise NotImplementedError

    async def keep(self, name: str, value: str) -> None:
        """Keep a choice over restarts."""
        raise NotImplementedError

    def watch_theme(self, theme: str) -> None:
        """Keep the theme that was chosen."""
        if theme != self._kept_theme:
            self._kept_theme = theme
            self.run_worker(self.keep(choice_name(self._depth), theme), name="keep the theme", exit_on_error=False)

    def action_move(self, way: str) -> None:
        """Move in whatever is focused, as the arrow keys do."""
        focused = self.focused or next(iter(self.screen.query(VerticalScroll)), None)
        if focused is None:
            return
        if way == "end":
            focused.scroll_end(animate=False)
        else:
            getattr(focused, f"action_cursor_{way}", getattr(focused, f"action_scroll_{way}"))()

    def copy(self, text: str, what: str) -> None:
        """Put a text into the clipboard of whoever looks, and say what became of it. ``what``: ``the report of BTC``"""
        self.run_worker(self._copy(text, what), name="copy", exit_on_error=False)

    async def _copy(self, text: str, what: str) -> None:
        tool = local_tool(os.environ)
        if tool is not None and await asyncio.to_thread(run_tool, tool, text):
            self.tell(f"Copied {what}: {len(text):,} characters")
            return
        sequence = osc52(text, os.environ)
        if sequence is None:
            self.tell(f"{what} has {len(text):,} characters, more than a terminal copies: save it", "warning")
        elif self._driver is not None:
            self._driver.write(sequence)
            self.tell(f"Copied {what}: {len(text):,} characters, if your terminal lets it; saving always works")
