"""A text of which only what changes is painted."""

from __future__ import annotations

from typing import Self

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.style import Style
from textual.widgets import Static


class Line(Static):
    """A Static without markup whose ``show`` with the text that it shows already does nothing.

    Where a new text needs the same room, only the cells that differ go to the terminal: over SSH it is they that count.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(markup=False, id=id, classes=classes)
        self._shown: Content | None = None
        self._changed: list[Region] | None = None

    def show(self, content: Content) -> bool:
        """Show ``content``; whether anything changed."""
        if self._shown is not None and content.is_same(self._shown):
            return False
        before, self._shown = self._shown, content
        layout = before is None or _size(before) != _size(content)
        if before is not None and self.styles.text_align in ("left", "start"):
            self._changed = changes(before, content, self.content_size.width)
        if self._changed is not None and self._fixed():
            layout = False
        try:
            self.update(content, layout=layout)
        finally:
            self._changed = None
        return True

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Paint the regions anew, or all of it; of a new text what changed."""
        if self._changed is not None and not regions and not layout:
            regions = tuple(self._changed)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _fixed(self) -> bool:
        """Whether its size does not come from its text."""
        width, height = self.styles.width, self.styles.height
        return (
            (width is None or not width.is_auto) and height is not None and not height.is_auto
        )  # no width: all there is

    @property
    def text(self) -> str:
        """What it shows, without styles."""
        return self._shown.plain if self._shown is not None else ""


def changes(before: Content, after: Content, width: int) -> list[Region] | None:
    """The regions in which two texts differ; None where that cannot be said, as where lines may be wrapped."""
    old, new = before.split("\n", allow_blank=True), after.split("\n", allow_blank=True)
    if len(old) != len(new) or any(line.cell_length > width for line in (*old, *new)):
        return None
    found = []
    for row, (left, right) in enumerate(zip(old, new, strict=True)):
        one, other = _cells(left), _cells(right)
        if one == other:
            continue
        same = next(
            (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
        )
        end = max(len(one), len(other))
        if len(one) == len(other):
            end -= next(at for at in range(end) if one[-1 - at] != other[-1 - at])
        begin = cell_len("".join(char for char, _ in other[:same]))
        longest = max(cell_len("".join(char for char, _ in cells[same:end])) for cells in (one, other))
        found.append(Region(begin, row, max(longest, 1), 1))
    return found


def _cells(line: Content) -> list[tuple[str, Style | str]]:
    """Each character with what it is painted in."""
    styles: list[list[str | Style]] = [[] for _ in line.plain]
    for start, end, style in line.spans:
        for at in range(max(start, 0), min(end, len(styles))):
            styles[at].append(style)
    return [(char, str(style)) for char, style in zip(line.plain, styles, strict=True)]


def _size(content: Content) -> tuple[int, ...]:
    """The widths of its lines: of the same size it needs no other room."""
    return tuple(line.cell_length for line in content.split("\n"))
