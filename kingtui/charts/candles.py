"""The candles of a heat map: how high and how low they reach.

Candles are 1 pixel wicks and 2 pixel bodies at a pitch of 2.3 pixels. A JPEG keeps their luma sharp but smears their
colour by 2 pixels, so places come from luma and only the colour (green: rose, red: fell) from chroma.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.locate import Box, Canvas

PLOT: Box = (70, 20, 870, 620)
"""The plot between its axes, in canonical pixels."""

_SEARCH_TOP = 40
"""Below the title. The axis ends at 1.1 times the highest high, so no candle comes near the top."""
_SEARCH_BOTTOM = 614
_REACH = 12
"""Pixels to either side that make a pixel's surroundings: bands are level over them, candles are not."""
_CONTRAST = 18.0
"""Luma of a wick above its surroundings: 45 to 75 drawn, 20 where it was scaled; the watermark has up to 12."""
_LEAST_HEIGHT = 5
"""Pixels of the outermost candles' height, at the least."""
_FOLLOW = 10
"""Pixels beyond which a wick is not followed over a band."""
_PAGE_HUE = 10
"""Green minus red of the page."""
_HUE = 15.0
"""Change of green minus red within 2 pixels of a wick."""
_SHADE = 15.0
"""Luma of a band above the page from which on it may hide the end of a wick."""
_HIDING = 35.0
"""A candle that is brighter than the band by this is not hidden."""
_SHADED_DOUBT = 3.0
_WARM = 25
"""Red or green above blue: up to 10 in a band and below 0 on the page."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The top of the highest candle and the bottom of the lowest, in canonical pixels from the page's top."""

    top: float
    bottom: float
    doubt: float = 0.0
    """By how much an end may be off because a band is behind it: there a candle ends in a colour almost as bright."""


def _green_red(canvas: Canvas) -> NDArray[np.int16]:
    return canvas.signed[..., 1] - canvas.signed[..., 0]


def extent(canvas: Canvas) -> Extent | None:
    """How far the candles reach up and down; None where there are none."""
    left, right = PLOT[0] + 1, PLOT[2]
    luma = canvas.luma[_SEARCH_TOP:_SEARCH_BOTTOM, left:right]
    around = _surroundings(luma)
    contrast = luma - around
    rows, columns = np.nonzero(_upright(contrast > _CONTRAST))
    if len(rows) == 0:
        return None
    ends = (rows < np.partition(rows, min(200, len(rows) - 1))[min(200, len(rows) - 1)] + 12) | (
        rows > np.partition(rows, max(len(rows) - 200, 0))[max(len(rows) - 200, 0)] - 12
    )  # the colour is asked of the outermost pixels only: it is the dearer question
    rows, columns = rows[ends], columns[ends]
    hue = _green_red(canvas)[_SEARCH_TOP:_SEARCH_BOTTOM, left:right]
    pixels = canvas.signed[_SEARCH_TOP:_SEARCH_BOTTOM, left:right][rows, columns]
    warm = pixels[:, :2].max(1) - pixels[:, 2] > _WARM  # at the axes a band may look upright as well
    coloured = _coloured(hue, rows, columns) & (warm | ((columns > 0) & (columns < luma.shape[1] - 1)))
    rows, columns = rows[coloured], columns[coloured]
    if len(rows) < 4:
        return None
    reached = []
    for way in (-1, 1):
        outermost = _outermost(rows, columns, -way)
        edge, column = max(
            ((_edge(contrast, hue, int(rows[k]), int(columns[k]), way), int(columns[k])) for k in outermost),
            key=lambda found: way * found[0],
        )
        rows_there = np.clip(np.arange(-1, 3) * way + int(edge), 0, len(around) - 1)
        behind = float(around[rows_there, column].max())
        within = np.clip(int(edge) - way * np.arange(2, 6), 0, len(luma) - 1)
        shaded = behind - float(np.median(around[:, column])) > _SHADE
        hidden = shaded and float(np.median(luma[within, column])) - behind < _HIDING
        reached.append((edge, _SHADED_DOUBT if hidden else 0.0))
    (top, above), (bottom, below) = reached
    return Extent(_SEARCH_TOP + top, _SEARCH_TOP + bottom, max(above, below))


def _outermost(rows: NDArray[np.intp], columns: NDArray[np.intp], sign: int) -> list[int]:
    """The end pixel of each column that reaches near the outermost row: the top for ``sign`` 1."""
    first: dict[int, int] = {}
    for k in np.argsort(sign * rows, kind="stable").tolist():
        if sign * rows[k] > (sign * rows).min() + _FOLLOW:
            break
        first.setdefault(int(columns[k]), k)
    return list(first.values())


def _surroundings(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is behind the candles: the median over a row's neighbourhood, from every fourth pixel of it; at both ends
    that of the nearest whole one, and the column's own where the axis lies behind the candle or bleeds into it."""
    width = plane.shape[1] - 2 * _REACH
    windows = np.stack([plane[:, k : k + width] for k in range(0, 2 * _REACH + 1, 4)])
    inner = np.asarray(np.median(windows, axis=0), dtype=np.float32)
    around = np.pad(inner, ((0, 0), (_REACH, _REACH)), mode="edge")
    around[:, -1] = np.median(plane[:, -1])
    for column in (0, -2):
        around[:, column] += np.float32(max(0.0, float(np.median(plane[:, column] - around[:, column]))))
    return around


def _upright(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels in a column of at least _LEAST_HEIGHT: where a band meets the axis there are lower ones."""
    whole = np.lib.stride_tricks.sliding_window_view(mask, _LEAST_HEIGHT, axis=0).all(-1)
    padded = np.pad(whole, ((_LEAST_HEIGHT - 1, _LEAST_HEIGHT - 1), (0, 0)))
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, _LEAST_HEIGHT, axis=0).any(-1))


def _coloured(plane: NDArray[np.int16], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which pixels have, within a pixel, a hue that differs from their row's."""
    span = np.arange(-_REACH, _REACH + 1, 2)
    found = np.zeros(len(rows), dtype=np.bool_)
    for dy in (-1, 0, 1):
        y = np.clip(rows + dy, 0, plane.shape[0] - 1)
        x = np.clip(columns, _REACH, plane.shape[1] - 1 - _REACH)[:, None] + span
        usual = np.median(plane[y[:, None], x], axis=1)
        for dx in (-1, 0, 1):
            here = plane[y, np.clip(columns + dx, 0, plane.shape[1] - 1)]
            found |= np.abs(here - usual) > _HUE
    return found


def _edge(contrast: NDArray[np.float32], hue: NDArray[np.int16], end: int, column: int, way: int) -> float:
    """Where a wick that reaches to row ``end`` of ``column`` ends, ``way`` -1 upward or 1 downward: sub-pixel, by
    coverage. Where it crosses a band that is as bright, the colour leads on."""
    wick = contrast[:, column]
    inner = np.clip(np.arange(1, 5) * -way + end, 0, len(wick) - 1)
    level = float(np.median(wick[inner]))
    if level <= _CONTRAST:
        return float(end + max(way, 0))
    own = float(np.median(hue[inner, column])) - _PAGE_HUE or 1.0
    at = end
    for _ in range(_FOLLOW):
        at += way
        if not 0 <= at < len(wick) or (hue[at, column] - _PAGE_HUE) / own < 0.3:
            break
        if wick[at] >= level / 2:
            end = at
    outer = float(wick[end + way]) if 0 <= end + way < len(wick) else 0.0
    covered = float(np.clip(wick[end] / level, 0, 1)) + float(np.clip(outer / level, 0, 1))
    return end + (1 - covered if way < 0 else covered)
