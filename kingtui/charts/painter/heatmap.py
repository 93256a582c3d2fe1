"""Painting a liquidation heat map: rows of heat in the colours of their strength, hourly candles over them."""

from __future__ import annotations

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


def y_of(chart: HeatmapChart, price: float) -> float:
    """The height of a price in canonical pixels."""
    return TOP + (chart.price_top - price) / (chart.price_top - chart.price_bottom) * (BOTTOM - TOP)


def paint(chart: HeatmapChart, scale: float) -> Canvas:
    """The chart on its canvas."""
    canvas = Canvas(WIDTH, HEIGHT, scale)
    size = tuple(round(edge * scale) for edge in (RIGHT - LEFT, BOTTOM - TOP))
    canvas.paste(_raster(chart).resize((size[0], size[1]), Image.Resampling.NEAREST), LEFT, TOP)
    canvas.upright(LEFT, TOP, BOTTOM + 1, 2, look.HEAT_FRAME)
    canvas.upright(RIGHT, TOP, BOTTOM + 1, 2, look.HEAT_FRAME)
    canvas.level(LEFT - 1, RIGHT + 1, BOTTOM, 2, look.HEAT_FRAME)
    for number, candle in enumerate(chart.candles):
        _candle(canvas, chart, number, candle)
    _labels(canvas, chart)
    canvas.text(470, 30, chart.title, 18, look.HEAT_TEXT, anchor="middle")
    stamp(canvas, 187, 315, 563, 60)
    return canvas


def _raster(chart: HeatmapChart) -> Image.Image:
    """The heat, one pixel per row and candle."""
    columns = len(chart.candles)
    rows = [bytearray(columns) for _ in range(HEAT_ROWS)]
    for level in chart.levels:
        shades = _shades(level, columns)
        rows[level.row] = bytearray(max(pair) for pair in zip(rows[level.row], shades, strict=True))
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


def _candle(canvas: Canvas, chart: HeatmapChart, number: int, candle: Candle) -> None:
    pitch = (RIGHT - LEFT) / len(chart.candles)
    x = LEFT + (number + 0.5) * pitch
    colour = look.RISING if candle.close >= candle.open else look.FALLING
    high, low = y_of(chart, candle.high), y_of(chart, candle.low)
    first, last = sorted((y_of(chart, candle.open), y_of(chart, candle.close)))
    if last - first < 1:
        first, last = (first + last) / 2 - 0.5, (first + last) / 2 + 0.5
    # The wick is one whole column wide, the body is not: so the originals are.
    column = int((x + 0.1) * canvas.scale) / canvas.scale
    canvas.rectangle(column, high, column + 1 / canvas.scale * max(1, round(canvas.scale)), low, colour)
    canvas.rectangle(x - pitch * _BODY_SHARE / 2, first, x + pitch * _BODY_SHARE / 2, last, colour)


def _labels(canvas: Canvas, chart: HeatmapChart) -> None:
    step = heat_step(chart.price_top - chart.price_bottom)
    price = chart.price_top
    while price > chart.price_bottom:
        canvas.text(875, y_of(chart, price) - 0.4, heat_label(price, chart.price_top), 10, look.HEAT_TEXT)
        price -= step
    for quarter in range(5):
        moment = chart.start + timedelta(hours=(len(chart.candles) - 1) * quarter / 4)
        canvas.text(LEFT + 200 * quarter, 632, time_label(moment), 10, look.HEAT_TEXT, anchor="middle")


def time_label(moment: datetime) -> str:
    """``8/15 2:00``: month, day and the nearest hour, in UTC."""
    hour = (moment.astimezone(UTC) + timedelta(minutes=30)).replace(minute=0)
    return f"{hour.month}/{hour.day} {hour.hour}:00"
