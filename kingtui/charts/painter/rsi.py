"""Painting an RSI heat map: five bands, and a dot with its symbol above for each coin."""

from __future__ import annotations

from kingtui.charts.painter import look
from kingtui.charts.painter.canvas import Canvas
from kingtui.charts.painter.charts import RsiChart
from kingtui.charts.painter.watermark import stamp

WIDTH, HEIGHT = 800, 600
LEFT, RIGHT = 50, 790
TOP, BOTTOM = 10, 590
"""The plot; RSI 100 at the top, 0 at the bottom."""
DOT_RADIUS = 5.0
LABEL_RISE = 9.3
"""From a dot's centre up to its label's baseline."""
_BEFORE, _AROUND = 2, 9
"""The x axis has this many empty places before the first dot, and in all."""
_WORD_BASELINES = (48, 168, 288, 444, 564)


def column(number: int, count: int) -> float:
    """The x of a dot's centre, the ``number``-th of ``count``, in canonical pixels."""
    return LEFT + (number + _BEFORE) * (RIGHT - LEFT) / (count + _AROUND)


def row(rsi: float) -> float:
    """The y of an RSI in canonical pixels."""
    return BOTTOM - rsi * (BOTTOM - TOP) / 100


def paint(chart: RsiChart, scale: float) -> Canvas:
    """The chart on its canvas."""
    canvas = Canvas(WIDTH, HEIGHT, scale)
    _bands(canvas)
    count = len(chart.points)
    places = [(point, column(i, count), row(point.rsi)) for i, point in enumerate(chart.points)]
    for point, x, y in places:
        colour = next(colour for least, colour in look.RSI_DOTS if point.rsi >= least)
        canvas.disc(x, y, DOT_RADIUS, colour)
    for point, x, y in places:
        canvas.text(x, y - LABEL_RISE, point.symbol, 12, look.RSI_LABEL, anchor="middle")
    stamp(canvas, 160, 222, 450, 66)
    return canvas


def _bands(canvas: Canvas) -> None:
    top = 100.0
    for (edge, colour, word), baseline in zip(look.RSI_BANDS, _WORD_BASELINES, strict=True):
        canvas.rectangle(LEFT, row(top), RIGHT, row(edge), colour)
        canvas.text(70, baseline, word, 16, (255, 255, 255), bold=True, opacity=look.WORD_OPACITY)
        top = edge
    canvas.upright(LEFT, TOP, BOTTOM, 1, look.AXIS)
    for value in range(0, 101, 20):
        canvas.level(LEFT - 5, LEFT, row(value), 1, look.AXIS)
        canvas.text(42, row(value) + 4.4, str(value), 12, look.AXIS, anchor="right")
    canvas.text(13, 15, "RSI Heatmap", 12, look.TEXT, bold=True)
