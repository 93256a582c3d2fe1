"""Small diagrams of readings in characters: liquidations over the price, a share of a bar, a place on a scale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.text import Text

from kingtui.charts.reading import SLOTS, MapReading
from kingtui.reports import format as fmt

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ROWS = 7
_CAPTION = "long liquidations left of the price, short ones right of it"
_LONG, _SHORT, _HERE = "green", "red", "bold yellow"


def liquidations(reading: MapReading, width: int) -> Text | None:
    """The bars of a map over the price, summed by column: below the price long liquidations, above it short ones.

    The clusters and the price stand under them. None where there is nothing to draw or no room.
    """
    first, last = reading.price_min, reading.price_max
    if not reading.bars or first is None or last is None or last <= first:
        return None
    label = len(fmt.amount(max(bar.total for bar in reading.bars))) + 6  # sums of columns have more digits
    columns = width - label - 2
    if columns < 20:
        return None

    def column(price: float) -> int:
        return min(max(int((price - first) / (last - first) * columns), 0), columns - 1)

    sums = [0.0] * columns
    for bar in reading.bars:
        sums[column(bar.price)] += bar.total
    price = reading.current_price
    here = None if price is None or not first <= price <= last else column(price)
    drawn = Text(" " * (label + 2)).append(_CAPTION[:columns] + "\n", "dim")
    for row, line in enumerate(_stacked(sums)):
        scale = fmt.amount(max(sums)) if row == 0 else "0" if row == _ROWS - 1 else ""
        drawn.append(f"{scale:>{label}} ", "dim").append("│", "dim")
        for place, character in enumerate(line):
            style = "" if here is None else _HERE if place == here else _LONG if place < here else _SHORT
            drawn.append("┊" if place == here and character == " " else character, style)
        drawn.append("\n")
    drawn.append(" " * (label + 1) + "└" + "─" * columns + "\n", "dim")
    marks: list[tuple[int, str, str]] = []
    prices = [(0, fmt.level(first), "dim"), (columns - 1, fmt.level(last), "dim")]
    if here is not None:
        marks.append((here, "▲", _HERE))
        prices.insert(0, (here, fmt.level(price), _HERE))
    for slot in SLOTS:
        if (cluster := reading.clusters.get(slot)) is not None:
            marks.append((column(cluster.price), slot, "bold" if cluster.verified else "dim"))
    for words in (marks, prices):
        drawn.append(" " * (label + 2)).append_text(_under(words, columns)).append("\n")
    drawn.right_crop()
    return drawn


def share(part: float, width: int = 20) -> Text:
    """A bar of ``part`` percent; the rest of it is told apart by more than colour."""
    filled = round(part / 100 * width)
    return Text.assemble(("█" * filled, _LONG), ("░" * (width - filled), _SHORT))


def strength(part: float, width: int = 10) -> Text:
    """A bar of 0 to 1 in eighths of a character."""
    eighths = round(min(max(part, 0.0), 1.0) * width * 8)
    return Text(("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).strip(), style="cyan")


def scale(value: float, low: float, high: float, width: int = 11) -> Text:
    """A dot on a line from ``low`` to ``high``."""
    place = round(min(max((value - low) / (high - low), 0.0), 1.0) * (width - 1))
    return Text.assemble(("·" * place, "dim"), ("●", "bold"), ("·" * (width - 1 - place), "dim"))


def _stacked(sums: Sequence[float]) -> list[str]:
    """The sums as rows of characters from the top down; what is above 0 is seen."""
    top = max(sums)
    eighths = [max(round(value / top * 8 * _ROWS), 1) if value > 0 else 0 for value in sums]
    edges = [8 * row for row in range(_ROWS, -1, -1)]
    return ["".join(_EIGHTHS[min(max(each - low, 0), 8)] for each in eighths) for _, low in pairwise(edges)]


def _under(words: Sequence[tuple[int, str, str]], width: int) -> Text:
    """Words (column of their middle, text, style) on one line; one without room beside those before it is left out."""
    cells: list[tuple[str, str]] = [(" ", "")] * width
    for middle, word, style in words:
        start = min(max(middle - len(word) // 2, 0), max(width - len(word), 0))
        span = range(start, start + len(word))
        if span.stop > width or any(cells[k][0] != " " for k in range(max(start - 1, 0), min(span.stop + 1, width))):
            continue
        for k, character in zip(span, word, strict=True):
            cells[k] = (character, style)
    return Text.assemble(*cells)
