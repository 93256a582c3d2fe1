"""Where a long line is broken, cheaply: a log of thousands of lines is broken anew whenever its width changes."""

from __future__ import annotations

from rich.cells import cell_len, get_character_cell_size

INDENT = 9
"""Cells by which what goes on below is set in: a line begins with its time of day."""
_LOOK_BACK = 24
"""A word of at most so many characters is not torn."""


def indent_of(width: int) -> int:
    """By how much what goes on is set in at this width: not at all where there is little room."""
    return INDENT if width > INDENT + _LOOK_BACK else 0


def breaks(text: str, width: int, indent: int = 0) -> list[tuple[int, int]]:
    """The (start, end) of each row that ``text`` takes in ``width`` cells; what goes on is set in by ``indent``."""
    size = cell_len(text)
    if size <= width or width <= 0:
        return [(0, len(text))]
    narrow = size == len(text)  # every character has one cell
    rows: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        room = width if not rows else width - indent
        end = start + room if narrow else _fit(text, start, room)
        if end < len(text):
            space = text.rfind(" ", max(start + 1, end - _LOOK_BACK), end + 1)
            end = space + 1 if space > 0 else end
        rows.append((start, min(end, len(text))))
        start = end
    return rows


def _fit(text: str, start: int, room: int) -> int:
    """The end of what fits into ``room`` cells from ``start`` on; at least one character."""
    used = 0
    for place in range(start, len(text)):
        used += get_character_cell_size(text[place])
        if used > room:
            return max(place, start + 1)
    return len(text)
