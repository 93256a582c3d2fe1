"""Liquidation heat maps: the bands of pending liquidations at the right edge, and the last price.

A band's place is exact to a row of the map (1/200 of the axis). A price counts as verified when the labels' regular row
and the candles' rule (``price_axis``) agree, and what the rounding and the candle leave open is within TOLERANCE.
"""

from __future__ import annotations

import math
import re
import string
from dataclasses import replace

import numpy as np

from kingtui.charts import glyphs
from kingtui.charts.bands import ROWS, Row, strongest
from kingtui.charts.candles import PLOT, extent
from kingtui.charts.heat_frame import NOISY, RINGING, frame_of, ringing, sharpness_of
from kingtui.charts.heat_sketch import note_axis, note_bands, note_last
from kingtui.charts.last_candle import LastCandle, last_candle
from kingtui.charts.locate import Box, Canvas
from kingtui.charts.price_axis import PriceAxis, format_doubt, price_axis, read_labels
from kingtui.charts.reading import Band, HeatmapReading, Kind
from kingtui.charts.text import SYMBOL
from kingtui.charts.titles import LEVERAGES, leverage_of

SIZE: tuple[int, int | None] = (940, 640)
TITLE_BOX: Box = (78, 8, 862, 40)
TITLE = re.compile(
    r"(?=.*(?:Kingfisher.*Heat\W*map|Kingfisher.*continuous|Heat\W*map.*continuous))"
    r".*?(?:Kingfisher[\W_]*|(?<=[a-z])(?=[A-Z0-9])|(?<=[\W_]))(?P<symbol>[A-Zcklopsuvwxz0-9]{1,20}?)[\W_]*"
    r"(?:USDT?|\wSDT|U\wDT|US.T|USD\w).{0,2}?(?:Li|iq|L.q).{0,3}?(?:Heat\W*map|\b.{6,8}\b)[\W_]*"
    r"(?:continuous[\W_]*|.{9,11}?[\W_]+)(?P<leverage>[A-Za-z0-9]+(?:[\W_][A-Za-z0-9]+)*)",
)
"""Bands lie behind the title, so that a space may be read as a mark and a letter as another: any separator will do, and
two of the three long words. What matters in it, symbol and leverage, the font decides."""

TOLERANCE = 0.003
"""A verified price is right within this share of the last price."""
LEAST_STRENGTH = 0.2
MOST_BANDS = 20
_MOST_STRANGE = 2.0
"""A band whose colour is farther than this from the palette's, in units of noise, is not sure."""

_NEAR = 4.0
"""Pixels by which the last candle's colour reaches beyond its ends."""

_TITLE_SIZE = 18
_TITLE_MIDDLE = 470.0
_TITLE_BASELINE = 30.0
_BEFORE_SYMBOL = "The Kingfisher "
_LEAST_COARSE, _BLOTCHES = 0.3, 4
"""Strength below which a band of a coarse JPEG may be a blotch of it, for those reach 0.2; and in how many places apart
from each other it is none any more."""
_KNOWN_LIKENESS = 0.7


def structure(canvas: Canvas) -> float:
    """How much of a heat map is there: the two vertical axes, and candles over most of the plot."""
    left, top, right, bottom = PLOT
    rows = canvas.off_page[top + 10 : bottom - 10]
    axes = sum(float((rows[:, x - 4 : x + 4] > 55).mean(0).max()) > 0.8 for x in (left, right))
    plot = canvas.signed[top:bottom, left + 2 : right - 2]
    red, green, blue = plot[..., 0], plot[..., 1], plot[..., 2]
    candles = ((green - blue > 30) & (green - red > 60)) | ((red - blue > 70) & (red - green > 70))
    return (axes + min(1.0, float(candles.any(0).mean()) / 0.5)) / 3


def kind(match: re.Match[str]) -> Kind:
    """A heat map's title means a heat map."""
    return Kind.LIQUIDATION_HEATMAP


def read(canvas: Canvas, match: re.Match[str]) -> HeatmapReading:
    """Symbol, leverage, last price and bands, strongest first."""
    symbol, leverage = match["symbol"].replace("l", "I").upper(), leverage_of(re.sub(r"\W", "_", match["leverage"]))
    verified, reasons = _check_title(canvas, symbol, leverage)
    labels, candles = read_labels(canvas), extent(canvas)
    frame, noise = frame_of(canvas), ringing(canvas)
    axis = price_axis(labels, candles, sharpness_of(canvas), frame)
    if axis is not None and axis.reason is None:
        axis = replace(axis, reason=format_doubt(labels) or ("the picture is too noisy" if noise > NOISY else None))
    note_axis(canvas, labels, candles, axis)
    if axis is None:
        reasons["last_price"] = reasons["bands"] = "the price labels cannot be read as a regular axis"
        return HeatmapReading(
            title=match.string, symbol=symbol, leverage=leverage, verified=tuple(verified), reasons=reasons
        )
    candle = last_candle(canvas, 0.8 * TOLERANCE * axis.price(canvas.height / 2) / axis.per_pixel)
    last = as_read = None
    if candle is None:
        reasons["last_price"] = "no candle reaches the right edge"
    else:
        last, as_read = axis.price(candle.close), axis.price_as_read(candle.close)
        note_last(canvas, candle, last)
        reason = _price_doubt(axis, candle, last)
        if reason is None:
            verified.append("last_price")
        else:
            reasons["last_price"] = reason
    rows = strongest(canvas, LEAST_STRENGTH, MOST_BANDS, frame)
    least = _LEAST_COARSE if noise > RINGING else 0.0
    neighbour = frame.height / ROWS * axis.per_pixel
    bands = tuple(_band(row, axis, last, candle, least, 0.0 if row.clear else neighbour) for row in rows)
    note_bands(canvas, rows, bands)
    return HeatmapReading(
        title=match.string,
        symbol=symbol,
        leverage=leverage,
        last_price=_rounded(last),
        last_price_as_read=_rounded(as_read),
        bands=bands,
        verified=tuple(verified),
        reasons=reasons,
    )


def _check_title(canvas: Canvas, symbol: str, leverage: str) -> tuple[list[str], dict[str, str]]:
    """Which of the title's words its font confirms, and why not the others.

    Of a known word the likeness of the whole is enough: any other known word has below 0.5.
    """
    before = f"{_BEFORE_SYMBOL}{symbol}/USDT Liq Heatmap continuous "
    width = glyphs.advance(before + leverage, _TITLE_SIZE)
    start = _TITLE_MIDDLE - width / 2
    verified, reasons = [], {}
    for name, word, ahead, alphabet in (
        ("symbol", symbol, _BEFORE_SYMBOL, SYMBOL),
        ("leverage", leverage, before, string.ascii_lowercase),
    ):
        x = start + glyphs.advance(ahead, _TITLE_SIZE)
        end = x + glyphs.advance(word, _TITLE_SIZE)
        canvas.note(name, "box", (x, _TITLE_BASELINE - 15, end, _TITLE_BASELINE + 5), word)
        witness = glyphs.confirm(canvas.luma, word, _TITLE_SIZE, x, _TITLE_BASELINE, alphabet)
        if witness.agrees() or (word in LEVERAGES and witness.likeness >= _KNOWN_LIKENESS):
            verified.append(name)
        else:
            reasons[name] = f"the title's letters do not confirm {word!r}: it may read {witness.rival!r}"
    return verified, reasons


def _price_doubt(axis: PriceAxis, candle: LastCandle, last: float) -> str | None:
    """Why the last price is not verified; None where it is."""
    if axis.reason is not None:
        return axis.reason
    if axis.doubt > TOLERANCE * last:
        return f"the labels' rounding leaves ± {axis.doubt / last:.1%} open"
    if math.hypot(candle.doubt * axis.per_pixel, axis.doubt) > TOLERANCE * last:  # each has its own cause
        return "the last candle's body cannot be told from its wick"
    return None


def _band(row: Row, axis: PriceAxis, last: float | None, candle: LastCandle | None, least: float, blur: float) -> Band:
    """The band of a row, with its distance from the last price in percent; weaker ones than ``least`` may be none.
    ``blur``: by how much of the price a row may be taken for its neighbour."""
    price = axis.price(row.y)
    reason = axis.reason
    if reason is None and axis.doubt > TOLERANCE * price:
        reason = f"the labels' rounding leaves ± {axis.doubt / price:.1%} open"
    if reason is None and axis.doubt + blur > TOLERANCE * price:
        reason = "it may stand a row higher or lower: a row is hardly two pixels high"
    if reason is None and row.seen < 1:
        reason = "it is not seen before the right edge: it may be a candle"
    if reason is None and row.strange > _MOST_STRANGE:
        reason = "its colour is not one of the palette's"
    if reason is None and candle is not None and candle.first - _NEAR < row.y < candle.last + _NEAR:
        reason = "the last candle is over it"
    if reason is None and row.strength < least and row.seen < _BLOTCHES:
        reason = "it is so weak that it may be a blotch of the JPEG"
    return Band(
        price=_digits(price),
        strength=round(row.strength, 3),
        price_as_read=_digits(axis.price_as_read(row.y)),
        distance=None if last is None else round(float(price / last - 1) * 100, 3),
        verified=reason is None,
        reason=reason,
    )


def _digits(price: float) -> float:
    """Seven significant digits: more than the picture can tell."""
    return float(np.format_float_positional(price, precision=7, fractional=False))


def _rounded(price: float | None) -> float | None:
    return None if price is None else _digits(price)
