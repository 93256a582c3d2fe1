"""Painting a liquidation heat map: rows of heat in the colours of their strength, hourly candles over them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from PIL import Image

from kingtui.charts.painter import look
from kingtui.charts.painter.canvas import Canvas
from kingtui.charts.painter.charts import HEAT_ROWS, Candle, HeatLevel, HeatmapChart
from kingtui.charts.painter.scales import heat_label, heat_step
from kingtui.charts.painter.watermark import stamp

WIDTH, HEIGHT = 940, 640
LEFT, RIGHT = 70, 870
TOP, BOTTOM = 20, 620
"""The plot: 1.1 times the highest high at the top, 0.9 times the lowest low at the bottom."""
_BODY_SHARE = 1.05
"""A candle's body, stroke included, as a share of its column."""
_SHADES = 250


@dataclass(frozen=True, slots=True)
class Axis:
    """A chart's price axis, computed once: it takes a look at all candles."""

    top: float
    bottom: float

    @classmethod
    def of(cls, chart: HeatmapChart) -> Axis:
        return cls(chart.price_top, chart.price_bottom)

    def y(self, price: float) -> float:
        """The height of a price in canonical pixels."""
        return TOP + (self.top - price) / (self.top - self.bottom) * (BOTTOM - TOP)


def paint(chart: HeatmapChart, scale: float) -> Canvas:
    """The chart on its canvas."""
    canvas, axis = Canvas(WIDTH, HEIGHT, scale), Axis.of(chart)
    size = round((RIGHT - LEFT) * scale), round((BOTTOM - TOP) * scale)
    canvas.paste(_raster(chart).resize(size, Image.Resampling.NEAREST), LEFT, TOP)
    canvas.upright(LEFT, TOP, BOTTOM + 1, 2, look.HEAT_FRAME)
    canvas.upright(RIGHT, TOP, BOTTOM + 1, 2, look.HEAT_FRAME)
    canvas.level(LEFT - 1, RIGHT + 1, BOTTOM, 2, look.HEAT_FRAME)
    pitch = (RIGHT - LEFT) / len(chart.candles)
    for number, candle in enumerate(chart.candles):
        _candle(canvas, axis, LEFT + (number + 0.5) * pitch, pitch, candle)
    _labels(canvas, axis, chart)
    canvas.text(470, 30, chart.title, 18, look.HEAT_TEXT, anchor="middle")
    stamp(canvas, 187, 315, 563, 60)
    return canvas


def _raster(chart: HeatmapChart) -> Image.Image:
    """The heat, one pixel per row and candle."""
    columns = len(chart.candles)
    rows = [bytearray(columns) for _ in range(HEAT_ROWS)]
    for level in chart.levels:
        shades = _shades(level, columns)
        rows[level.row] = bytearray(map(max, rows[level.row], shades)) if any(rows[level.row]) else bytearray(shades)
    raster = Image.frombytes("P", (columns, HEAT_ROWS), b"".join(rows))
    raster.putpalette(_palette())
    return raster.convert("RGB")


def _shades(level: HeatLevel, columns: int) -> bytes:
    """A row's strength in each column, 0 to ``_SHADES``."""
    until = columns if level.until is None else min(level.until, columns)
    since = min(level.since, until)
    full = round(level.strength * _SHADES)
    rise = [round(full * (i + 1) / level.rise) for i in range(min(level.rise, until - since))]
    steady = until - since - len(rise)
    return bytes(since) + bytes(rise) + bytes([full]) * steady + bytes(columns - until)


@lru_cache(maxsize=1)
def _palette() -> bytes:
    colours = bytearray()
    for shade in range(256):
        strength = min(1.0, shade / _SHADES)
        (low, start), (high, end) = next(
            pair for pair in zip(look.HEAT_STOPS, look.HEAT_STOPS[1:], strict=False) if strength <= pair[1][0]
        )
        part = (strength - low) / (high - low)
        colours += bytes(round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
    return bytes(colours)


def _candle(canvas: Canvas, axis: Axis, x: float, pitch: float, candle: Candle) -> None:
    colour = look.RISING if candle.close >= candle.open else look.FALLING
    first, last = sorted((axis.y(candle.open), axis.y(candle.close)))
    if last - first < 1:
        first, last = (first + last) / 2 - 0.5, (first + last) / 2 + 0.5
    # The wick is one whole column wide, the body is not: so the originals are.
    column = int((x + 0.1) * canvas.scale) / canvas.scale
    wick = max(1, round(canvas.scale)) / canvas.scale
    canvas.rectangle(column, axis.y(candle.high), column + wick, axis.y(candle.low), colour)
    canvas.rectangle(x - pitch * _BODY_SHARE / 2, first, x + pitch * _BODY_SHARE / 2, last, colour)


def _labels(canvas: Canvas, axis: Axis, chart: HeatmapChart) -> None:
    step, price = heat_step(axis.top - axis.bottom), axis.top
    while price > axis.bottom:
        canvas.text(875, axis.y(price) - 0.4, heat_label(price, axis.top), 10, look.HEAT_TEXT)
        price -= step
    for quarter in range(5):
        moment = chart.start + timedelta(hours=(len(chart.candles) - 1) * quarter / 4)
        canvas.text(LEFT + 200 * quarter, 632, time_label(moment), 10, look.HEAT_TEXT, anchor="middle")


def time_label(moment: datetime) -> str:
    """``8/15 2:00``: month, day and the nearest hour, in UTC."""
    hour = (moment.astimezone(UTC) + timedelta(minutes=30)).replace(minute=0)
    return f"{hour.month}/{hour.day} {hour.hour}:00"
