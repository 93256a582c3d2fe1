"""The plot of a liquidation map as a whole: its cells' bars and curves, and what they say of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.axes import Axis
from kingtui.charts.locate import Canvas
from kingtui.charts.map_axes import BOTTOM, LEFT, RIGHT, TOP, Axes, Ticks
from kingtui.charts.map_balance import DROP, END_ERROR, Balance, End, balance, sums
from kingtui.charts.map_bars import Cells, Heights, count_cells, measure
from kingtui.charts.map_curves import Legend, behind_name, covered, past_legend, right_axis_top, trace

NOISY = 7.5
"""Ringing beyond which low bars, and curves beside them, are not told from noise."""
_BEHIND_NAME = 30.0
"""Pixels by which the right curve's end may be wrong where a name of the legend is over it."""
_ENDS = ("long_end", "short_end")
_CURVE_TOLERANCE = 0.02
"""Of the larger end: how far the sums of the bars and the curves may differ."""
_BARS_TOLERANCE = 0.04
"""Of the larger end: how far the cumulated bars may be from the curves anywhere for the bars to count as verified."""


@dataclass(frozen=True)
class Plot:
    """What was measured in the plot. Cells are indexed from the left; ``here`` is the price's own."""

    prices: NDArray[np.float64]
    bars: Balance
    curve: NDArray[np.float64] | None
    """The cumulated curves at each cell, by the right axis; None where that cannot be read."""
    here: int
    heights: Heights
    cells: Cells
    top: float
    """The right axis' value at TOP; 0 where it cannot be read."""
    legible: NDArray[np.bool_]
    """The cells at which nothing is over the curve."""
    sound: bool
    """Whether both axes have enough regular ticks."""
    ringing: float
    """Mean luma by which the page below the plot is not level, though it is drawn so: 0 to 2 on a PNG or an enlarged
    chart, 3 to 5 on a JPEG of quality 87, 4 to 8 on one of 60 to 70."""

    @property
    def totals(self) -> NDArray[np.float64]:
        """The liquidations of each cell."""
        return self.bars.totals

    @property
    def pixel(self) -> float:
        """What a canonical pixel of the curve is worth, in liquidations."""
        return self.top / (BOTTOM - TOP)

    @property
    def step(self) -> float:
        return float(self.prices[-1] - self.prices[0]) / (len(self.prices) - 1)

    @property
    def sums(self) -> NDArray[np.float64]:
        """The bars cumulated from the price outward, without the price's own cell."""
        return sums(self.totals, self.here)

    @property
    def ends(self) -> dict[str, float | None]:
        """The curves' totals at the far left and right."""
        found = self.bars.ends
        return {name: found and round(found[i].total, 1) for i, name in enumerate(_ENDS)}

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
        if self.ringing > NOISY:
            return dict.fromkeys(names, "the picture is too noisy")
        found, reasons = self.bars.ends or (), {}
        larger = max(1e-9, *(end.total for end in found))
        strays = [
            sum(gap.stray for gap in self.bars.gaps if gap.last < self.here),
            sum(gap.stray for gap in self.bars.gaps if gap.first > self.here),
        ]
        for name, end, stray in zip(_ENDS, found, strays, strict=True):
            if end.error > _CURVE_TOLERANCE * larger:
                reasons[name] = "what is over the curve's end hides it"
            elif stray > _CURVE_TOLERANCE * larger:
                reasons[name] = f"the curve ends at {end.total:.0f}, the bars sum to {end.total - stray:.0f}"
        reasons = {f"cumulated.{name}": reason for name, reason in reasons.items()}
        if max(self.apart, sum(strays) / larger) > _BARS_TOLERANCE:
            reasons["bars"] = f"bars and curves differ by {max(self.apart, sum(strays) / larger):.0%} of the larger end"
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
        beyond = (np.maximum(self.curve - around.max(0), around.min(0) - self.curve) * self.legible)[:-DROP]
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
    here = _own_cell(prices, cells, axes)
    end = _end(curve, here, legend, (top or 0.0) / (BOTTOM - TOP))
    legible = ~past_legend(course, legend)[np.clip(np.round(cells.centres() - LEFT).astype(int), 0, len(course) - 1)]
    return Plot(
        prices=prices,
        bars=balance(heights, curve, end, here, (top or 0.0) / (BOTTOM - TOP), legible),
        curve=curve,
        here=here,
        heights=heights,
        cells=cells,
        top=top or 0.0,
        legible=legible,
        sound=axes.price.sound(5) and axes.count.sound(3),
        ringing=_ringing(canvas),
    )


def _end(curve: NDArray[np.float64] | None, here: int, legend: Legend, pixel: float) -> End:
    """Where the right curve ends, as far as no name of the legend stands there."""
    if curve is None or not pixel:
        return End(0.0, 0.0)
    total = float(curve[max(here, len(curve) - DROP) :].max())
    hidden = behind_name(legend, BOTTOM - total / pixel)
    return End(total, (_BEHIND_NAME if hidden else END_ERROR) * pixel)


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
