"""A pane whose text is written for its width."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message


class Fitted(VerticalScroll):
    """Says when it has another size: the terminal's is, or what stands beside it came or went."""

    class Resized(Message):
        """What it shows is to be written anew."""

    _fits = Size()

    def on_resize(self, event: Resize) -> None:
        if event.size != self._fits:
            self._fits = event.size
            self.post_message(self.Resized())
