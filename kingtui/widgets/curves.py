"""How a value went over time, on one line of blocks."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from kingtui.models import Point

LEVELS = "▁▂▃▄▅▆▇█"


def curve(points: Sequence[Point], width: int) -> Content:
    """Blocks from the first to the last point, each column an equal share of the time between them.

    A column without a picture holds the value before it and is muted: that value was still the newest known.
    """
    if not points or width < 1:
        return Content("")
    columns = buckets(points, width)
    values = [value for value in columns if value is not None]
    low, high = min(values), max(values)
    parts: list[Content] = []
    held = values[0]
    for value in columns:
        measured = value is not None
        held = value if value is not None else held
        share = (held - low) / (high - low) if high > low else 0.5
        glyph = LEVELS[min(int(share * len(LEVELS)), len(LEVELS) - 1)]
        parts.append(Content.styled(glyph, "$primary" if measured else "$foreground-disabled"))
    return Content("").join(parts)


def buckets(points: Sequence[Point], width: int) -> list[float | None]:
    """The last value of each of ``width`` equal spans of time; None where a span has none."""
    begin, end = points[0].at.timestamp(), points[-1].at.timestamp()
    span = end - begin
    columns: list[float | None] = [None] * (width if span > 0 else 1)
    for point in points:
        place = int((point.at.timestamp() - begin) / span * (len(columns) - 1) + 0.5) if span > 0 else 0
        columns[place] = point.value
    return columns
