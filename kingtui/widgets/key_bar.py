"""The keys that matter here, on the last line: those of the place first, and as many of the others as there is room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.binding import ActiveBinding
from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.style import Style
from textual.widgets import Static

_GAP = "  "
_ALWAYS = ("help", "quit", "detach")
_COMMON = ("go", "trigger", "pause", "resume", "find", "why", "palette")
"""Keys of everywhere by what they are worth where room is short."""


@dataclass(slots=True)
class _Item:
    """A key and its word. What has the highest ``rank`` goes first where there is no room."""

    key: str
    word: str
    pressed: str
    """The key that a click stands for."""
    rank: int

    @property
    def width(self) -> int:
        return len(self.key) + 1 + len(self.word) + len(_GAP)


class KeyBar(Static):
    """One line; a click on a key is as good as pressing it."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: Content | None = None

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self.call_after_refresh(self.show)

    def on_resize(self) -> None:
        self.show()

    def _changed(self, screen: Screen[Any]) -> None:
        if screen is self.screen and self.is_attached:
            self.call_after_refresh(self.show)

    def on_click(self, event: Click) -> None:
        """As good as the key."""
        if (key := event.style.meta.get("key")) is not None:
            self.app.simulate_key(key)

    def show(self) -> None:
        """Show the keys of this moment."""
        width = self.content_size.width
        if not width or not self.is_attached:
            return
        items = fitting([item for found in self.screen.active_bindings.values() if (item := self._item(found))], width)
        content = Content(_GAP).join([_content(item) for item in items])
        if self._shown is None or not content.is_same(self._shown):
            self._shown = content
            self.update(content, layout=False)

    @property
    def text(self) -> str:
        """What it shows, without styles."""
        return self._shown.plain if self._shown is not None else ""

    def _item(self, found: ActiveBinding) -> _Item | None:
        binding = found.binding
        name = binding.id or ""
        if not found.enabled or not (binding.show or name == "palette"):
            return None
        family = name.partition(".")[0]
        if not isinstance(found.node, App) or name == "cancel":
            rank = 1
        elif family in _ALWAYS:
            rank = 0
        else:
            rank = 2 + (_COMMON.index(family) if family in _COMMON else len(_COMMON))
        word = "Run step" if family == "trigger" else binding.description
        return _Item(self.app.get_key_display(binding), word, binding.key, rank)


def fitting(items: list[_Item], width: int) -> list[_Item]:
    """The items in their order, those of the place first, without those for which there is no room."""
    kept = sorted(_together(items), key=_place)
    while kept and sum(item.width for item in kept) - len(_GAP) > width:
        worst = max(item.rank for item in kept)
        kept.remove([item for item in kept if item.rank == worst][-1])
    return kept


def _place(item: _Item) -> int:
    """Keys of the place come first, then those of everywhere; help and quit are always at the end."""
    return 0 if item.rank == 1 else 2 if item.rank == 0 else 1


def _together(items: list[_Item]) -> list[_Item]:
    """The six steps as one item: ``1–6 Run step``."""
    steps = [item for item in items if item.word == "Run step"]
    if len(steps) < 2:
        return items
    first = steps[0]
    first.key = f"{first.key}–{steps[-1].key}" if _follow(steps) else "".join(item.key for item in steps)
    first.pressed = "question_mark"
    return [item for item in items if item not in steps[1:]]


def _follow(steps: list[_Item]) -> bool:
    return [item.key for item in steps] == [str(number) for number in range(1, len(steps) + 1)]


def _content(item: _Item) -> Content:
    text = Content.assemble((item.key, "bold $footer-key-foreground"), f" {item.word}")
    return text.stylize(Style.from_meta({"key": item.pressed}))
