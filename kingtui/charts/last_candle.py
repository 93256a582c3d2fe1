"""The last candle of a heat map: where it closed, and how sure that is.

It stands half under the right axis: in its one whole column its wick and its body look the same. Four things tell them
apart or at least how far the close may be off:

* where its wick stands on the axis the column beside shows the body alone;
* on a sharp picture the body stands out beside the wick;
* it opened where the candle before it closed, whose body is in plain view;
* so it closed between there and its end, above if it is green, below if it is red.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.candles import PLOT
from kingtui.charts.heat_palette import STRANGE, YCC, on_palette
from kingtui.charts.locate import Canvas

_COLUMN = 868
"""The one whole column of the last candle: its middle is at 868.9, the axis covers 869 and 870."""
_BEFORE = (865, 867)
"""The columns of the body, not of the wick, of the candle before: its middle is at 866.6."""
_EDGE_DOUBT, _SHARP_EDGE, _PLAIN = 1.0, 0.6, 0.95
"""Pixels by which an end is uncertain, and how many from so many original pixels per canonical pixel on: there the ends
of a candle were off by at most 0.4."""
_APART = 1.6
"""Pixels by which a candle's open may seem to be off the close before it."""
_BODY_LEFT = 867.85
"""A column that the body covers, but neither its wick nor the candle before."""
_SHARP = 1.55
"""From this many original pixels per canonical pixel on that column is a pixel of its own."""
_CLEAR = 0.95
"""Below so many, two candles side by side are not told apart by their colours."""
_USUAL = 0.8
"""``usual_wick`` as a share of what the close may be off."""
_SHORT = 4.0
"""Pixels."""
_COLOURED, _SURELY = 12.0, 40.0
"""Green or red above what the page has, in a candle's middle: possible and sure; up to 150 drawn."""
_LEAST_LEVEL = 10.0
_WARM = 5
"""Red or green above blue: 160 and 110 in a candle, less in a smeared one; up to 10 in a band, -27 on the page."""
_LEFT_OF = (780, 850)
"""Columns that show what a row of the map has been before the edge."""
_OTHER = 60.0
"""Levels, over the three channels, by which a candle differs from the map behind it; 300 drawn."""
_BESIDE = 10.0
_WHOLE = 42.0
_BODY = 22.0
"""Luma of a body above the page, at the least: 57 for red, 74 for green, less where it covers half a pixel."""

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LastCandle:
    """The candle at the right edge. ``close``, ``first`` and ``last`` (its ends) are rows (y) of the canvas.

    ``doubt``: the close may be off by this, in pixels. Where the wick cannot be told from the body the close is
    somewhere along the candle: the doubt says so.
    """

    close: float
    doubt: float
    rose: bool
    first: float
    last: float


def last_candle(canvas: Canvas, usual_wick: float = 3.0) -> LastCandle | None:
    """Where the last candle closed; None where none reaches the right axis.

    ``usual_wick``: pixels from the close to the candle's end, at the most, where nothing tells. The nearer to what may
    be wrong, the more wicks, from none to twice as long, leave a close that is right.
    """
    top, bottom = PLOT[1] + 2, PLOT[3] - 2
    shift = _shift(canvas.luma[top:bottom])
    columns = canvas.signed[top:bottom, _COLUMN + shift : _COLUMN + shift + 3]
    _, strange = on_palette(columns[:, 0] @ YCC.T)
    hue = _candle_hue(columns) * _smeared((strange > STRANGE) & ~_band(canvas, top, bottom, shift))
    at = int(np.abs(hue).argmax())
    if abs(hue[at]) < _COLOURED:
        return None
    rose = bool(hue[at] > 0)
    excess = {x: _excess(canvas.luma[top:bottom, x + shift]) for x in range(_BEFORE[0], _COLUMN + 2)}
    span = _span(excess[_COLUMN], at)
    if span is None:
        return None
    opened = _close_before(canvas, excess, span, rose, top, shift)
    body = _body(canvas, excess, span, hue, top, shift)
    first, last = top + span[0], top + span[1]
    if opened is not None and (body is not None or _plausible(span, opened, rose)):
        span = (span[0], max(opened, span[0])) if rose else (min(opened, span[1]), span[1])
    length = span[1] - span[0]
    if body is not None:
        close, start = body if rose else body[::-1]
        if opened is not None and abs(start - opened) <= _APART:
            return LastCandle(top + close, _EDGE_DOUBT, rose, first, last)
    half = length / 2 + (_SHARP_EDGE if min(canvas.factor) >= _PLAIN else _EDGE_DOUBT)
    if half <= usual_wick / _USUAL:  # wherever along the candle it closed, its middle is near enough
        return LastCandle(top + (span[0] + span[1]) / 2, half, rose, first, last)
    wick = min(length / 2, usual_wick)
    close = span[0] + wick if rose else span[1] - wick
    return LastCandle(top + close, length - wick + _EDGE_DOUBT, rose, first, last)


def _band(canvas: Canvas, top: int, bottom: int, shift: int) -> NDArray[np.bool_]:
    """Per row: whether what is in the last whole column was in the map before, as bands are."""
    before = np.median(canvas.signed[top:bottom, _LEFT_OF[0] + shift : _LEFT_OF[1] + shift], axis=1)
    beside = np.abs(canvas.signed[top:bottom, _COLUMN + shift] - before).sum(1) < _OTHER
    return np.asarray(beside & (np.abs(before - np.median(before, axis=0)).sum(1) > _OTHER / 2))


def _plausible(span: tuple[float, float], opened: float, rose: bool) -> bool:
    """Whether a candle of this span would open there: hardly one has its open so near the end that it went to."""
    length = span[1] - span[0]
    return length < _SHORT or (opened - span[0] if rose else span[1] - opened) >= length / 3


def _shift(luma: Rows) -> int:
    """By how many columns the right axis is off its place, as where the page was cut by a pixel."""
    levels = np.median(luma[:, PLOT[2] - 4 : PLOT[2] + 4], axis=0)
    weight = np.clip(levels - levels[-1] - (levels.max() - levels[-1]) / 4, 0, None)
    middle = float((weight * (np.arange(len(weight)) - 3.5)).sum() / max(float(weight.sum()), 1e-6))
    return round(middle)


def _excess(column: Rows) -> Rows:
    return np.asarray(column - np.float32(np.median(column)), dtype=np.float32)


def _warm(colours: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Per row of colours (H×3): whether it may be a candle's, and no band's."""
    return np.asarray(colours[:, :2].max(1) - colours[:, 2] > _WARM)


def _smeared(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rows and their neighbours up to 2 away."""
    return np.convolve(rows, np.ones(5), mode="same") > 0.5


def _candle_hue(columns: NDArray[np.int16]) -> NDArray[np.float64]:
    """Per row: above 0 a green candle, below 0 a red one, 0 the page or a band. Columns are H×3×3.

    Candles differ from every colour of the bands in blue: green has 110 more green than blue, red 160 more red.
    """
    red, green, blue = (columns[..., k].astype(np.float64).mean(1) for k in range(3))
    page = np.median(green - blue), np.median(red - blue)
    rising = np.maximum(green - blue - page[0], 0) * (green >= red)
    falling = np.maximum(red - blue - page[1], 0) * (red > green)
    smooth = np.convolve(rising - falling, np.ones(3) / 3, mode="same")
    return np.asarray(smooth)


def _span(excess: Rows, at: int) -> tuple[float, float] | None:
    """The rows around ``at`` that the candle covers in its column: sub-pixel, at half its level."""
    near = slice(max(0, at - 6), at + 7)
    at = near.start + int(excess[near].argmax())
    level = float(np.median(np.sort(excess[max(0, at - 3) : at + 4])[-3:]))
    if level < _LEAST_LEVEL:
        return None
    inside = excess >= level / 2
    start, end = at, at
    while start > 0 and inside[start - 1]:
        start -= 1
    while end + 1 < len(excess) and inside[end + 1]:
        end += 1
    before = float(np.clip(excess[start - 1] / level, 0, 0.5)) if start > 0 else 0.0
    after = float(np.clip(excess[end + 1] / level, 0, 0.5)) if end + 1 < len(excess) else 0.0
    first = float(np.clip(excess[start] / level, 0, 1))
    last = float(np.clip(excess[end] / level, 0, 1))
    return start + 1 - first - before, end + last + after


def _close_before(
    canvas: Canvas, excess: dict[int, Rows], span: tuple[float, float], rose: bool, top: int, shift: int
) -> float | None:
    """Where the candle before closed, by the end of its body; None where its body is not seen beside the last candle.

    The body is where both columns beside its wick are covered. Its colour tells which of its ends is the close; where
    the colour is not sure, and both are possible, it is the one that leaves more open.
    """
    left, right = (excess[x] * _warm(canvas.signed[top : top + len(excess[x]), x + shift]) for x in _BEFORE)
    both = np.minimum(left, right)
    runs = np.flatnonzero(np.diff(np.concatenate(([0], both > _BODY, [0]))))
    found: tuple[float, float] | None = None
    for start, end in zip(runs[::2].tolist(), runs[1::2].tolist(), strict=True):
        level = float(np.median(both[start:end]))
        before = float(np.clip(both[start - 1] / level, 0, 0.5)) if start > 0 else 0.0
        after = float(np.clip(both[end] / level, 0, 0.5)) if end < len(both) else 0.0
        first = start + 1 - float(np.clip(both[start] / level, 0, 1)) - before
        last = end - 1 + float(np.clip(both[end - 1] / level, 0, 1)) + after
        touches = first <= span[1] + _APART and last >= span[0] - _APART
        if touches and (found is None or last - first > found[1] - found[0]):
            found = first, last
    if found is None:
        return None
    rows = slice(top + int(found[0]), top + int(np.ceil(found[1])) + 1)
    hue = _candle_hue(canvas.signed[:, _BEFORE[0] + shift : _BEFORE[1] + shift + 1])[rows]
    colour = float(hue[np.abs(hue).argmax()])
    sure = abs(colour) >= _SURELY and min(canvas.factor) >= _CLEAR
    ends = found if not sure else found[:1] if colour > 0 else found[1:]
    inside = [end for end in ends if span[0] - _APART <= end <= span[1] + _APART]
    return None if not inside else max(inside) if rose else min(inside)


def _body(
    canvas: Canvas, excess: dict[int, Rows], span: tuple[float, float], hue: NDArray[np.float64], top: int, shift: int
) -> tuple[float, float] | None:
    """The body within the candle's rows; None where it cannot be told from the wick.

    On The Kingfisher's own pictures the wick stands on the axis, one column to the right of the last whole one, which
    then shows the body alone. Where the wick stands in that column, a sharper picture shows the body beside it.
    """
    start, end = int(np.floor(span[0])), int(np.ceil(span[1]))
    rose = bool(hue[start:end].sum() > 0)
    axis = excess[_COLUMN + 1]
    for beyond in (slice(max(0, start - 6), max(0, start - 2)), slice(end + 2, end + 6)):
        coloured = np.abs(hue[beyond]) > _COLOURED
        if coloured.sum() >= 2 and np.median(axis[start:end]) > 5 and np.median(axis[beyond][coloured]) > 5:
            return span if _ends_beside(excess[_COLUMN - 1], span, rose) else None
    return _body_beside(canvas, span, top, shift) if min(canvas.factor) >= _SHARP else None


def _ends_beside(column: Rows, body: tuple[float, float], rose: bool) -> bool:
    """Whether the column left of it shows the body too, near its close: it covers half of that."""
    near = int(body[0]) + np.arange(1, 4) if rose else int(np.ceil(body[1])) - np.arange(2, 5)
    return bool(np.median(column[np.clip(near, 0, len(column) - 1)]) >= _BESIDE)


def _body_beside(canvas: Canvas, span: tuple[float, float], top: int, shift: int) -> tuple[float, float] | None:
    """The body as the original's own pixels show it, left of the wick and right of the candle before."""
    fx, fy = canvas.factor
    column = _excess(canvas.original[:, int((_BODY_LEFT + shift) * fx)] @ YCC[0])
    start, end = int((top + span[0] - 1) * fy), int((top + span[1] + 1) * fy) + 1
    runs = np.flatnonzero(np.diff(np.concatenate(([0], column[start:end] > _BODY, [0]))))
    if len(runs) != 2:
        return None
    inside = column[start + runs[0] : start + runs[1]]
    level = float(np.median(inside))
    if level < _WHOLE:  # the candle before reaches into the column
        return None
    covered = np.clip(column[start + runs[0] - 1 : start + runs[1] + 1] / level, 0, 1)
    middle = len(covered) // 2
    first = start + runs[0] - 1 + middle - float(covered[:middle].sum())
    last = start + runs[0] - 1 + middle + float(covered[middle:].sum())
    return float(first / fy - top), float(last / fy - top)
