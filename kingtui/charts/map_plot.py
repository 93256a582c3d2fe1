"""The plot of a liquidation map as a whole: its cells' bars and curves, and what they say of each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.axes import Axis
from kingtui.charts.locate import Canvas
from kingtui.charts.map_axes import BOTTOM, LEFT, RIGHT, TOP, Axes, Ticks
from kingtui.charts.map_bars import Cells, Heights, count_cells, measure
from kingtui.charts.map_curves import Legend, covered, right_axis_top, trace

_CURVE_TOLERANCE = 0.02
"""Of the larger end: how far the sums of the bars and the curves may differ."""
_BARS_TOLERANCE = 0.04
"""Of the larger end: how far the cumulated bars may be from the curves anywhere for the bars to count as verified."""
_SPECK = 1.6
"""Pixels: lower bars are not told from noise."""
DROP = 5
"""Cells at the right end within which the curve drops to 0."""


@dataclass(frozen=True)
class Plot:
    """What was measured in the plot. Cells are indexed from the left; ``here`` is the price's own."""

    prices: NDArray[np.float64]
    totals: NDArray[np.float64]
    curve: NDArray[np.float64] | None
    """The cumulated curves at each cell, by the right axis; None where that cannot be read."""
    here: int
    heights: Heights
    cells: Cells
    top: float
    """The right axis' value at TOP; 0 where it cannot be read."""
    sound: bool
    """Whether both axes have enough regular ticks."""
    ringing: float
    """Mean luma by which the page below the plot is not level, though it is drawn so: 0 to 2 on a PNG or an enlarged
    chart, 3 to 5 on a JPEG of quality 87, 6 to 7 on one of 60."""

    @property
    def step(self) -> float:
        return float(self.prices[-1] - self.prices[0]) / (len(self.prices) - 1)

    @property
    def sums(self) -> NDArray[np.float64]:
        """The bars cumulated from the price outward, without the price's own cell."""
        outward = self.totals.copy()
        outward[self.here] = 0
        below = np.cumsum(outward[: self.here + 1][::-1])[::-1]
        return np.concatenate((below[:-1], np.cumsum(outward[self.here :])))

    @property
    def ends(self) -> dict[str, float | None]:
        """The curves' totals at the far left and right; the right one drops to 0 within the last few cells."""
        if self.curve is None:
            return {"long_end": None, "short_end": None}
        last = self.curve[max(self.here, len(self.curve) - DROP) :]
        return {"long_end": round(float(self.curve[0]), 1), "short_end": round(float(last.max()), 1)}

    def rounded(self, price: float) -> float:
        """A price to a hundredth of a cell."""
        return round(float(price), max(0, 2 - int(np.floor(np.log10(self.step)))))

    def doubts(self) -> dict[str, str]:
        """What bars and curves do not confirm of each other."""
        names = ("bars", "cumulated.long_end", "cumulated.short_end")
        if self.curve is None:
            return dict.fromkeys(names, "the right axis cannot be read")
        if not self.sound:
            return dict.fromkeys(names, "an axis has too few regular ticks")
        sums, ends, reasons = self.sums, self.ends, {}
        larger = max(*(end or 0.0 for end in ends.values()), float(sums[0]), float(sums[-1]), 1e-9)
        for name, bars in (("long_end", float(sums[0])), ("short_end", float(sums[-1]))):
            if abs((ends[name] or 0.0) - bars) > _CURVE_TOLERANCE * larger:
                reasons[f"cumulated.{name}"] = f"the curve ends at {ends[name]:.0f}, the bars sum to {bars:.0f}"
        last = (ends["short_end"] or 0.0) - float(self.curve[-DROP - 2])
        if last > _CURVE_TOLERANCE * larger:
            reasons.setdefault("cumulated.short_end", "the curve still rises where it drops to 0")
        behind = float(abs((ends["short_end"] or 0.0) - sums[-1])) / larger  # the curve's drop may hide bars
        if max(self.apart, behind) > _BARS_TOLERANCE:
            reasons["bars"] = f"bars and curves differ by {max(self.apart, behind):.0%} of the larger end"
        return reasons

    @property
    def apart(self) -> float:
        """The largest distance of the curves from the cumulated bars, as a share of the larger end; 1 without curves.

        A curve may be early or late by a cell, for it is drawn from centre to centre.
        """
        if self.curve is None:
            return 1.0
        sums = np.pad(self.sums, 2, mode="edge")
        around = np.stack([sums[shift : shift + len(self.curve)] for shift in range(5)])
        beyond = np.maximum(self.curve - around.max(0), around.min(0) - self.curve)[:-DROP]
        larger = max(float(self.curve[:-DROP].max()), float(sums.max()), 1e-9)
        return float(np.clip(beyond, 0, None).max()) / larger


def read_plot(canvas: Canvas, legend: Legend, axes: Axes) -> Plot | None:
    """The bars and curves; None where an axis or the price line is missing, or no grid of cells fits the bars."""
    if axes.ticks is None or axes.price is None or axes.count is None or axes.line is None:
        return None
    course = trace(canvas, legend, axes.line)
    hidden = covered(canvas, legend, course, axes.line)
    cells = count_cells(canvas, axes.ticks, hidden)
    if cells is None:
        return None
    heights = measure(canvas, cells, hidden, axes.count)
    top = right_axis_top(canvas, legend)
    prices = _prices(cells, axes.ticks, axes.price)
    curve = None if top is None else _at_cells(course, cells) * top
    heights = heights if curve is None or top is None else _uncovered(heights, curve, top)
    return Plot(
        prices=prices,
        totals=_tidy(heights),
        curve=curve,
        here=_own_cell(prices, cells, axes),
        heights=heights,
        cells=cells,
        top=top or 0.0,
        sound=axes.price.sound(5) and axes.count.sound(3),
        ringing=_ringing(canvas),
    )


def _ringing(canvas: Canvas) -> float:
    below = canvas.luma[BOTTOM + 3 : BOTTOM + 6, LEFT:RIGHT]
    return float(np.minimum(np.abs(below - np.median(below)).max(0), 20).mean())


def _prices(cells: Cells, ticks: Ticks, axis: Axis) -> NDArray[np.float64]:
    """The cells' prices: ticks stand on cells, so only their labels' rounding is left of the axis' error."""
    between = max(1, round(ticks.spacing / cells.width))
    step = axis.slope * ticks.spacing / between
    return np.asarray(axis.value(ticks.first - 0.5) + step * np.arange(cells.count))


def _own_cell(prices: NDArray[np.float64], cells: Cells, axes: Axes) -> int:
    """The price's own cell: that of the printed price, or of the line where the two are not together."""
    at_line = int(np.clip(round(((axes.line or LEFT) - cells.first) / cells.width), 0, cells.count - 1))
    if axes.label.value is None:
        return at_line
    printed = int(np.abs(prices - axes.label.value).argmin())
    return printed if abs(printed - at_line) <= 1 else at_line


def _at_cells(course: NDArray[np.float64], cells: Cells) -> NDArray[np.float64]:
    """The curves' height at each cell, 0 on the baseline and 1 at the top of the right axis."""
    heights = np.interp(cells.centres(), LEFT + 0.5 + np.arange(RIGHT - LEFT), course)
    if heights[0] > TOP:  # the first cell lies half a column further out than the first column's centre
        heights[0] -= float(np.clip((course[1] - course[0]) / 2, 0, 8))
    return np.asarray(np.clip((BOTTOM - heights) / (BOTTOM - TOP), 0, None))


def _uncovered(heights: Heights, curve: NDArray[np.float64], top: float) -> Heights:
    """The bars whose ends the curve hides, as high as the curve rises there: it steps where a bar stands."""
    totals, hidden = heights.totals.copy(), heights.hidden.copy()
    blur = 1.5 * top / (BOTTOM - TOP)  # of the curve's height, in liquidations
    for cell in np.flatnonzero(hidden > max(blur, 1 / heights.unit)).tolist():
        start, end = max(cell - 3, 0), min(cell + 3, len(curve) - DROP)
        around = [k for k in range(start, end + 1) if k != cell]
        if end <= cell or totals[start] or totals[end] or hidden[around].max() > blur:
            continue  # another bar has its part in the rise
        rise = abs(float(curve[end] - curve[start])) - float(totals[around].sum())
        if totals[cell] - blur <= rise <= totals[cell] + hidden[cell] + blur:
            totals[cell], hidden[cell] = max(rise, totals[cell]), blur
    return replace(heights, totals=totals, hidden=hidden)


def _tidy(heights: Heights) -> NDArray[np.float64]:
    """The totals without specks; whole numbers where the bars are whole numbers of units high."""
    totals = heights.totals.copy()
    totals[totals < max(0.5, _SPECK / heights.unit)] = 0
    bars = totals[totals > 0]
    if heights.unit >= 3 and len(bars) and np.median(np.abs(bars - np.round(bars))) < 0.15:
        return np.round(totals)
    return np.round(totals, 1)
