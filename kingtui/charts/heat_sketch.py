"""What was found on a liquidation heat map, noted where it stands: price axis, candles, last close, bands."""

from __future__ import annotations

from collections.abc import Sequence

from kingtui.charts.bands import ROWS
from kingtui.charts.bands import Row as MapRow
from kingtui.charts.candles import PLOT, Extent
from kingtui.charts.last_candle import LastCandle
from kingtui.charts.locate import Canvas
from kingtui.charts.price_axis import Label, PriceAxis
from kingtui.charts.reading import Band
from kingtui.charts.sketch import plain

_CAPITALS = 5.0
"""Half the height of a label, in canonical pixels."""


def note_axis(canvas: Canvas, labels: Sequence[Label], candles: Extent | None, axis: PriceAxis | None) -> None:
    """The printed prices and which of them agree; how high and how low the candles reach."""
    left, top, right, bottom = PLOT
    canvas.note("price axis", "line", (right, top, right, bottom))
    for label in labels:
        place = (label.left - 1, label.y - _CAPITALS, label.right + 1, label.y + _CAPITALS)
        agrees = axis is not None and label in axis.labels
        doubt = None if agrees else "not in line with the other labels"
        canvas.note("price axis", "box", place, plain(label.value), doubt)
    if candles is not None:
        for name, y in (("highest high", candles.top), ("lowest low", candles.bottom)):
            text = name if axis is None else f"{name} {plain(axis.price(y), 6)}"
            canvas.note("candles", "line", (left, y, right, y), text)


def note_last(canvas: Canvas, candle: LastCandle, price: float) -> None:
    """The last candle's close, and how far it may be off."""
    right = PLOT[2]
    canvas.note("last_price", "line", (right - 24, candle.close, right + 4, candle.close), f"last {plain(price, 7)}")
    reach = max(candle.doubt, 1.0)
    canvas.note("last_price", "box", (right - 5, candle.close - reach, right + 3, candle.close + reach))


def note_bands(canvas: Canvas, rows: Sequence[MapRow], bands: Sequence[Band]) -> None:
    """The bands at the right edge, each as high as its row of the map."""
    right, half = PLOT[2], (PLOT[3] - PLOT[1]) / ROWS / 2
    for k, (row, band) in enumerate(zip(rows, bands, strict=True)):
        text = f"{plain(band.price, 7)} ({band.strength:.2f})"
        canvas.note(f"bands.{k}", "box", (right - 40, row.y - half, right - 1, row.y + half), text)
