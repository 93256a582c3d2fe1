"""Which exchange has how much of each bar of a map: approximate, for JPEG smears the colours of thin bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.locate import Canvas
from kingtui.charts.map_axes import BOTTOM, TOP


def split(
    canvas: Canvas, x: NDArray[np.float64], heights: NDArray[np.float64], colours: Sequence[tuple[int, int, int]]
) -> NDArray[np.float64]:
    """Bars × colours: the share of each bar (at canvas ``x``, ``heights`` in canvas pixels) that has each colour.

    The colours are stacked in the legend's order from the bottom up, so a bar is cut into consecutive pieces where the
    sum of the distances from the pieces' colours is the least (dynamic programming up the rows, all bars at once).
    """
    rows = np.arange(BOTTOM - 1, max(TOP, BOTTOM - 1 - int(heights.max())) - 1, -1)
    columns = np.clip(np.floor(x).astype(int), 0, canvas.width - 1)
    pixels = canvas.rgb[rows[:, None], columns[None]].astype(np.float32)  # rows upward × bars × 3
    palette = np.array(colours, dtype=np.float32)
    cost = np.linalg.norm(pixels[:, :, None] - palette, axis=-1)  # rows × bars × colours
    inside = np.arange(len(rows))[:, None] < np.maximum(np.round(heights), 1)
    cost[~inside] = 0
    best = np.zeros(cost.shape[1:], dtype=np.float32)
    came = np.empty(cost.shape, dtype=np.int8)
    for row in range(len(rows)):
        low = np.minimum.accumulate(best, axis=1)
        came[row] = np.maximum.accumulate(np.where(best <= low, np.arange(len(colours)), 0), axis=1)
        best = low + cost[row]
    shares = np.zeros(cost.shape[1:])
    bars = np.arange(len(x))
    colour = best.argmin(1)
    for row in range(len(rows) - 1, -1, -1):
        shares[bars, colour] += inside[row]
        colour = came[row][bars, colour]
    return np.asarray(shares / np.maximum(shares.sum(1, keepdims=True), 1))
