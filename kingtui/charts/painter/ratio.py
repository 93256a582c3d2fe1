"""Painting a ratio chart: a bar per symbol, green for longs, red for shorts, and an arrow where one side prevails."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image

from kingtui.charts.painter import look
from kingtui.charts.painter.canvas import Canvas
from kingtui.charts.painter.charts import RatioChart, RatioRow
from kingtui.charts.painter.watermark import stamp

WIDTH = 800
FIRST_BAR = 64
PITCH = 35
BAR_HEIGHT = 23
LEFT, RIGHT = 100, 700
"""The bars' edges; one percent is 6 pixels."""
_FOOT = 80
_CORNER = 4.0
_BASELINE = 20
_ARROWS = {"up2": "↑↑", "up": "↑", "down": "↓", "down2": "↓↓"}
_GRADIENT = 1024


def height(rows: int) -> int:
    """Canonical height in pixels."""
    return _FOOT + PITCH * rows


def paint(chart: RatioChart, scale: float) -> Canvas:
    """The chart on its canvas."""
    canvas = Canvas(WIDTH, height(len(chart.rows)), scale)
    canvas.text(400, 30, chart.title, 24, look.RATIO_TEXT, anchor="middle", bold=True)
    for number, row in enumerate(chart.rows):
        _row(canvas, row, FIRST_BAR + PITCH * number)
    stamp(canvas, 160, height(len(chart.rows)) / 2 - 78, 450, 66)
    return canvas


def _row(canvas: Canvas, row: RatioRow, top: float) -> None:
    split = LEFT + 6 * row.long
    _side(canvas, split, RIGHT, top, "red")
    _side(canvas, LEFT, split, top, "green")
    baseline = top + _BASELINE
    canvas.text(80, baseline, row.symbol, 14, look.RATIO_TEXT, anchor="right")
    canvas.text(160, baseline, f"{row.long:.1f}%", 14, look.RATIO_TEXT, anchor="right")
    canvas.text(680, baseline, f"{row.short:.1f}%", 14, look.RATIO_TEXT, anchor="right")
    if row.arrow is not None:
        up = row.arrow.startswith("up")
        canvas.rounded(720, top, 800, top + 27, _CORNER, look.UP_BOX if up else look.DOWN_BOX)
        colour = look.UP_ARROW if up else look.DOWN_ARROW
        canvas.text(752.8, top + 16.2, _ARROWS[row.arrow], 15, colour, anchor="middle")


def _side(canvas: Canvas, left: float, right: float, top: float, side: str) -> None:
    """One side of a bar: its gradient runs over its own length. Only the green one is round at both ends."""
    if right > left:
        canvas.gradient(_gradient(side), left, top, right, top + BAR_HEIGHT, _CORNER, round_left=side == "green")


@lru_cache(maxsize=2)
def _gradient(side: str) -> Image.Image:
    left, middle, right = look.GREEN_BAR if side == "green" else look.RED_BAR
    half = _GRADIENT // 2
    ramp = bytearray()
    for i in range(_GRADIENT):
        start, end, part = (left, middle, i / half) if i < half else (middle, right, (i - half) / half)
        ramp += bytes(round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
    return Image.frombytes("RGB", (_GRADIENT, 1), bytes(ramp))
