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
        before, self._shown = self._shown, content
        self.update(content, layout=before is None or _size(before) != _size(content))
        return True

    @property
    def text(self) -> str:
        """What it shows, without styles."""
        return self._shown.plain if self._shown is not None else ""


def _size(content: Content) -> tuple[int, ...]:
    """The widths of its lines: of the same size it needs no other room."""
    return tuple(line.cell_length for line in content.split("\n"))
