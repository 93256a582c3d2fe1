"""A text that repaints only when it changes."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Line(Static):
    """A Static without markup whose ``show`` with the text that it shows already does nothing."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(markup=False, id=id, classes=classes)
        self._shown: Content | None = None

    def show(self, content: Content) -> bool:
        """Show ``content``; whether anything changed."""
        if self._shown is not None and content.is_same(self._shown):
            return False
        self._shown = content
        self.update(content)
        return True

    @property
    def text(self) -> str:
        """What it shows, without styles."""
        return self._shown.plain if self._shown is not None else ""
