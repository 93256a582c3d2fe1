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
    order = np.argsort(-heights, kind="stable")  # the highest first: those that reach a row stand in front
    pixels = np.minimum(np.maximum(np.round(heights[order]), 1), BOTTOM - TOP).astype(int)
    reaching = [int(n) for n in np.searchsorted(-pixels, -np.arange(pixels.max(initial=0)), side="left")]
    columns = np.clip(np.floor(x[order]).astype(int), 0, canvas.width - 1)
    palette = np.array(colours, dtype=np.float32)
    square = (palette * palette).sum(1)
    best = np.zeros((len(x), len(colours)), dtype=np.float32)
    came = []
    for row, count in enumerate(reaching):
        seen = canvas.rgb[BOTTOM - 1 - row, columns[:count]].astype(np.float32)
        cost = np.sqrt(np.maximum((seen * seen).sum(1)[:, None] - 2 * seen @ palette.T + square, 0))
        low = np.minimum.accumulate(best[:count], axis=1)
        here = np.where(best[:count] <= low, np.arange(len(colours)), 0)
        came.append(np.maximum.accumulate(here, axis=1))
        best[:count] = low + cost
    shares = np.zeros(best.shape)
    colour = best.argmin(1)
    for row in range(len(reaching) - 1, -1, -1):
        count = reaching[row]
        bars = np.arange(count)
        shares[bars, colour[:count]] += 1
        colour[:count] = came[row][bars, colour[:count]]
    unsorted = np.empty_like(shares)
    unsorted[order] = shares / np.maximum(shares.sum(1, keepdims=True), 1)
    return unsorted
