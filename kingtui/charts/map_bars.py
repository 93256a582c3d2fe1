"""The bars of a liquidation map: how many price cells there are, and how high each cell's bar is.

A cell is 1.1 to 2.3 canonical pixels wide, so a pixel column mixes the bars of up to three cells. How much of a column
each cell covers is known from the geometry, so every pixel row is a small linear system whose solution is each cell's
own luma in that row; where that leaves the background, the bar ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.axes import Axis
from kingtui.charts.locate import Canvas, Mask
from kingtui.charts.map_axes import BOTTOM, LEFT, RIGHT, TOP, Ticks

_GROUND = 57
"""Luma behind the bars: the page has 55, the tints below the curves 58 to 60, the watermark up to 75."""
_CELLS = range(160, 720)
_PER_TICK = range(16, 73)
_MOVED = 0.4
"""Pixels by which the first tick may be off its place."""
_RIVALS = 4
_USUAL = 500
"""The number of cells that most charts have: taken where the bars do not clearly stand on another grid."""
_LEAST_ROWS = 10
"""Rows in which single bars have to be seen for their cells to be known."""
_INK = 34
"""Luma over the ground from which a cell counts as bar: the darkest bars have 69."""
_HIDDEN = -0.8
"""What a hidden row says: a long hidden stretch is no bar unless there is bar above it."""
SPECK = 1.6
"""Pixels: lower bars are not told from noise."""
_EXACT = 0.7
"""Pixels by which the measured end of a bar may be off where it is plainly seen."""
_CLEARLY = 17
"""Luma from _INK by which rows have to be bar or ground, on the whole, for an end to be excluded."""
RESOLVED = 1.1
"""Pixels of the original per cell from which single bars can be told from their neighbours."""
_RIDGE = 0.02
"""Regularisation of the unmixing: damps noise where cells are narrower than a pixel of the original."""


_BLURS = (0.0, 0.5, 0.8, 1.1)
"""Pixels by which a column may be smeared: 0 on pictures as they were drawn, more on resized ones."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The price cells: ``count`` of them, the first centred on ``first``, each ``width`` wide, in canvas x.

    ``sure``: how clearly the bars stand on this grid, 0 to 1."""

    count: int
    sure: float
    first: float = LEFT
    width: float = 0.0

    def __post_init__(self) -> None:
        if not self.width:  # where nothing else is known the last one is centred on RIGHT
            object.__setattr__(self, "width", (RIGHT - LEFT) / (self.count - 1))

    def centres(self) -> NDArray[np.float64]:
        """In canvas x."""
        return np.asarray(self.first + self.width * np.arange(self.count, dtype=np.float64))


def count_cells(canvas: Canvas, ticks: Ticks, covered: Mask) -> Cells | None:
    """How many cells there are: a whole number of them lies between two ticks, and single bars are centred on cells.

    Where several grids fit the bars, that counts under which each pixel row of a cell is clearly bar or ground.
    """
    centres, rows, width = _single_bars(canvas.luma, covered)
    grids = [
        grid
        for grid in _grids(canvas, ticks)
        if 0.4 * width < grid.width < 1.25 * width  # a smeared bar looks wider
    ]
    if rows.sum() < _LEAST_ROWS or not grids:
        return None
    turns = np.exp(2j * np.pi * np.array([(centres - grid.first) / grid.width for grid in grids]))
    found = turns @ rows / rows.sum()
    scores = np.abs(found)
    best = float(scores.max())
    shifts = np.angle(found) / (2 * np.pi)  # of a cell: ticks are drawn on whole pixels, bars are not
    grids = [
        grid if grid.first == LEFT else replace(grid, first=_first(grid.first + float(shift) * grid.width, grid, ticks))
        for grid, shift in zip(grids, shifts, strict=True)
    ]
    grids = [replace(grid, sure=float(score)) for grid, score in zip(grids, scores, strict=True)]
    usual = [grid for grid in grids if grid.count == _USUAL and grid.sure >= 0.4 * best]
    others = sorted(grids, key=lambda grid: -grid.sure)[:_RIVALS]
    others = [grid for grid in others if grid.count != _USUAL and grid.sure >= 0.6 * best]
    if not others or (usual and usual[0].sure >= 0.93 * best):
        return usual[0]
    if usual and usual[0].width * canvas.factor[0] < RESOLVED:
        return usual[0]  # no bar stands alone: nothing speaks for another number
    return _clearest(_ground(canvas, covered), usual + sorted(others, key=lambda grid: grid.count))


def _first(by_bars: float, grid: Cells, ticks: Ticks) -> float:
    """Where the first cell is: the bars tell it but for whole cells, which LEFT or, on a cut page, the ticks decide."""
    near = ticks.first - 0.5 if abs(ticks.first - LEFT - 0.5) > _MOVED else LEFT
    return by_bars - round((by_bars - near) / grid.width) * grid.width


def _clearest(ground: _Ground, rivals: Sequence[Cells]) -> Cells:
    """The first of the grids, the usual and the coarse ones first, that leaves about the least murk."""
    if len(rivals) == 1:
        return rivals[0]
    murk = [_blur(ground, grid)[1] for grid in rivals]
    allowed = [min(murk) * (1.25 if grid.count == _USUAL else 1.12) + 0.005 for grid in rivals]
    return next(grid for grid, own, most in zip(rivals, murk, allowed, strict=True) if own <= most)


def _grids(canvas: Canvas, ticks: Ticks) -> list[Cells]:
    """The grids that are possible by the ticks: each with a whole number of cells from tick to tick, and over the plot.

    Where a page's edge is not exact the plot is not quite in its place, and the ticks alone tell where the cells are.
    """
    span = RIGHT - LEFT
    pitches = ticks.spacing / np.array(_PER_TICK)
    counts = np.round(span / pitches).astype(int) + 1
    by_ticks = [Cells(int(n), 0.0, ticks.first - 0.5, float(p)) for n, p in zip(counts, pitches, strict=True)]
    if abs(ticks.first - LEFT - 0.5) > _MOVED:
        return by_ticks
    steps = np.array(_CELLS)
    per_tick = steps * ticks.spacing / span
    off = np.abs(per_tick - np.round(per_tick)) * span / ticks.spacing
    slack = (0.1 + 0.06 * per_tick / len(ticks.places)) / min(1.0, canvas.factor[0]) ** 2
    fitting = [Cells(int(n) + 1, 0.0) for n in steps[off <= slack]]
    return fitting + by_ticks


def _single_bars(luma: NDArray[np.float32], covered: Mask) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Centres (canvas x) of bars that stand alone in some pixel rows, in how many rows (at most 40), and how wide they
    are (canonical pixels)."""
    rows, columns = slice(TOP + 10, BOTTOM - 4), slice(LEFT + 4, RIGHT - 4)
    plot = luma[rows, columns] - _GROUND
    plot[covered[25 : 25 + plot.shape[0], 4 : 4 + plot.shape[1]]] = 0
    reach = 3
    shifted = [plot[:, reach + d : plot.shape[1] - reach + d] for d in range(-reach, reach + 1)]
    peak = shifted[reach]
    alone = (peak > 40) & (peak >= shifted[reach - 1]) & (peak > shifted[reach + 1])
    for far in (0, 1, 5, 6):
        alone &= np.abs(shifted[far]) < 0.22 * peak
    near = np.clip(np.stack([part[alone] for part in shifted[1:-1]]), 0, None)
    offset = (near * np.arange(-2, 3)[:, None]).sum(0) / near.sum(0)
    found = np.nonzero(alone)[1] + columns.start + reach + 0.5 + offset
    bins, inverse, count = np.unique(np.round(found, 1), return_inverse=True, return_counts=True)
    centres = np.bincount(inverse, weights=found, minlength=len(bins)) / count
    width = float(np.median(near.sum(0) / near.max(0))) if near.size else 0.0
    return centres, np.minimum(count, 40).astype(np.float64), width


@dataclass(frozen=True, slots=True)
class Heights:
    """The bars as measured. ``totals`` per cell in units of the count axis; ``unit``: the original's pixels per unit;
    ``murk``: how often a cell's luma was neither bar nor ground (0.03 to 0.15 on clean pictures)."""

    totals: NDArray[np.float64]
    hidden: NDArray[np.float64]
    """By how much each bar may be higher, because what is just above its end is hidden."""
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """Between what each bar surely is: as far as its pixels leave open where it ends."""
    unit: float
    murk: float
    resolved: bool
    """Whether a cell is wide enough, in the original's pixels, for its bar to be told from its neighbours'."""


def measure(canvas: Canvas, cells: Cells, covered: Mask, axis: Axis) -> Heights:
    """Each cell's bar in the units of the count ``axis``.

    ``covered`` (canvas rows TOP - 15 to BOTTOM + 2, columns LEFT to RIGHT): where a curve or the price line hides what
    is behind it. The measuring is done at the original's own resolution.
    """
    ground = _ground(canvas, covered)
    blur, murk = _blur(ground, cells)
    mixing = _mixing(cells, ground.left, ground.left + ground.luma.shape[1], ground.fx, blur)
    lumas = _unmix(mixing, ground.luma)
    unknown = ground.hidden.astype(np.float32) @ mixing / np.maximum(mixing.sum(0), 1e-6) > 0.4
    smeared = int(np.ceil(blur))  # the baseline reaches that much higher
    lumas, unknown = lumas[: len(lumas) - smeared], unknown[: len(lumas) - smeared]
    heights, open_ends = _heights(lumas, unknown)
    low, high = _plausible(lumas, unknown, heights)
    for ends in (heights, low, high):
        ends[ends > 0] += BOTTOM * ground.fy - ground.bottom + smeared
    unit = ground.fy / -axis.slope
    low, high = np.clip(low - _EXACT, 0, None) / unit, np.maximum(high + _EXACT, SPECK) / unit
    return Heights(heights / unit, open_ends / unit, low, high, unit, murk, cells.width * ground.fx >= RESOLVED)


@dataclass(frozen=True, slots=True)
class _Ground:
    """The plot at the original's resolution: luma over the ground, and where it is hidden (0 there)."""

    luma: NDArray[np.float32]
    hidden: Mask
    left: int
    bottom: int
    """The original's first column, and the row below the last."""
    fx: float
    fy: float


def _ground(canvas: Canvas, covered: Mask) -> _Ground:
    fx, fy = canvas.factor
    top, bottom = round((TOP - 12) * fy), int(np.floor(BOTTOM * fy - 0.6))
    left, right = round((LEFT - 6) * fx), round((RIGHT + 6) * fx)
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    luma = canvas.original[top:bottom, left:right].astype(np.float32) @ weights - _GROUND
    hidden = _stretched(covered, top, bottom, left, right, fx, fy)
    luma[hidden] = 0
    return _Ground(luma, hidden, left, bottom, fx, fy)


def _stretched(covered: Mask, top: int, bottom: int, left: int, right: int, fx: float, fy: float) -> Mask:
    """``covered`` at the original's resolution, for the given rows and columns of it."""
    rows = np.clip(((np.arange(top, bottom) + 0.5) / fy).astype(int) - (TOP - 15), 0, covered.shape[0] - 1)
    columns = ((np.arange(left, right) + 0.5) / fx).astype(int) - LEFT
    inside = (columns >= 0) & (columns < covered.shape[1])
    mask = np.zeros((bottom - top, right - left), dtype=np.bool_)
    mask[:, inside] = covered[rows][:, columns[inside]]
    return mask


def _mixing(cells: Cells, left: int, right: int, fx: float, blur: float) -> NDArray[np.float32]:
    """Pixel columns × cells: the share of each column that each cell's bar covers, smeared over ``blur`` pixels."""
    columns = np.arange(left, right)[:, None]
    middle, half = cells.centres()[None] * fx, cells.width * fx / 2
    shares = []
    for shift in np.linspace(-blur, blur, 5) if blur else (0.0,):
        share = np.minimum(columns + 1 + shift, middle + half) - np.maximum(columns + shift, middle - half)
        shares.append((blur - abs(shift) + 0.2 if blur else 1.0) * np.clip(share, 0, None))
    mixing = np.sum(shares, axis=0)
    return np.asarray(mixing / (mixing.sum(0).max() / (2 * half)), dtype=np.float32)


def _unmix(mixing: NDArray[np.float32], ground: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows × cells: each cell's own luma over the ground, from rows × pixel columns."""
    normal = mixing.T @ mixing + _RIDGE * np.eye(mixing.shape[1], dtype=np.float32)
    return np.asarray(np.linalg.solve(normal, mixing.T @ ground.T).T)


def _blur(ground: _Ground, cells: Cells) -> tuple[float, float]:
    """How far, in pixels, a resized picture smears its columns, and the murk that remains.

    Under the right assumption every cell is either bar or ground in every row; tried where the bars are the densest.
    """
    width = min(160, ground.luma.shape[1])
    busy = np.convolve((ground.luma > _INK).sum(0), np.ones(width), mode="valid")
    start = int(busy.argmax())
    left = ground.left + start
    rows = ground.luma[-round(len(ground.luma) * 0.5) :: 3, start : start + width]
    found = []
    for blur in _BLURS:
        mixing = _mixing(cells, left, left + width, ground.fx, blur)
        lumas = _unmix(mixing[:, mixing.sum(0) > 0.7 * mixing.sum(0).max()], rows)
        between = np.clip(np.minimum(lumas - 14, 52 - lumas), 0, None)
        beyond = np.clip(-lumas - 12, 0, 40) + np.clip(lumas - 155, 0, 40)
        found.append((float((between + beyond).mean()), blur))
    murk, blur = min(found)
    return blur, murk


def _heights(lumas: NDArray[np.float32], unknown: Mask) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows from the bottom up to where each cell's bar ends, to fractions of a row; and the hidden rows above it.

    The end is where the evidence for bar below it and ground above it is the strongest: a gap or a speck of a few rows
    changes nothing, and rows that are hidden say next to nothing.
    """
    upward = lumas[::-1]
    evidence = np.clip(upward - _INK, -_INK, _INK)
    dark = unknown[::-1]
    evidence[dark] = _HIDDEN
    total = np.concatenate((np.zeros((1, lumas.shape[1])), np.cumsum(evidence, axis=0)))
    ends = total.argmax(0)
    heights: NDArray[np.float64] = ends.astype(np.float64)
    cells = np.flatnonzero((ends > 2) & (ends < len(upward) - 3))
    rows = ends[cells]
    below = np.where(
        rows - np.arange(6, 1, -1)[:, None] >= 0,
        upward[np.maximum(rows - np.arange(6, 1, -1)[:, None], 0), cells],
        np.nan,
    )
    inside = np.nanmedian(below, axis=0)
    edge = upward[rows + np.arange(-1, 2)[:, None], cells]  # the top row is covered in part
    beyond = rows + np.arange(2, 5)[:, None]
    past = np.where(beyond < len(upward), upward[np.minimum(beyond, len(upward) - 1), cells], np.nan)
    outside = np.minimum(np.maximum(np.nanmedian(past, axis=0), -20), inside / 2)
    part = np.clip((edge - outside) / np.maximum(inside - outside, 1), 0, 1).sum(0)
    heights[cells] = rows - 1 + part
    above = np.arange(len(upward))[:, None] >= ends
    open_ends = np.where((above & ~dark).any(0), (above & ~dark).argmax(0), len(upward)) - ends
    return heights, np.where(ends > 0, np.maximum(open_ends, 0), 0).astype(np.float64)


def _plausible(
    lumas: NDArray[np.float32], unknown: Mask, heights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lowest and the highest row, from the bottom, in which each bar may end.

    It may end lower as long as the rows in between are on the whole not clearly bar, and higher as long as they are not
    clearly ground. Rows that are hidden may be either.
    """
    upward, dark = lumas[::-1], unknown[::-1]
    evidence = np.clip(upward - _INK, -_INK, _INK)
    rows, ends = np.arange(len(upward))[:, None], np.round(heights).astype(np.intp)
    above = np.where(dark, 1.0, evidence + _CLEARLY) * (rows >= ends)
    below = np.where(dark, -1.0, evidence - _CLEARLY) * (rows < ends)
    maybe = np.cumsum(above, axis=0) > 0
    high = np.where(maybe.any(0), len(upward) - maybe[::-1].argmax(0), heights)
    gone = np.cumsum(below[::-1], axis=0)[::-1] < 0
    low = np.where(gone.any(0), gone.argmax(0), heights)
    return np.minimum(low, heights).astype(np.float64), np.maximum(high, heights).astype(np.float64)
