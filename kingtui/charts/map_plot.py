"""The plot of a liquidation map as a whole: its cells' bars and curves, what they say of each other, the clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.axes import Axis
from kingtui.charts.clusters import HALF_WINDOW, clusters
from kingtui.charts.locate import Canvas
from kingtui.charts.map_axes import BOTTOM, LEFT, RIGHT, TOP, Ticks
from kingtui.charts.map_bars import Cells, Heights, count_cells, measure
from kingtui.charts.map_curves import Legend, covered, right_axis_top, trace
from kingtui.charts.reading import Cluster, Slot

_CURVE_TOLERANCE = 0.025
"""Of the larger end: how far the sums of the bars and the curves may differ."""
_SHAKES = 16
"""Random errors, of the size of the measurement's, that a cluster must bear."""


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
        """The curves' totals at the far left and right; the right one drops to 0 in the last cell."""
        if self.curve is None:
            return {"long_end": None, "short_end": None}
        return {"long_end": round(float(self.curve[0]), 1), "short_end": round(float(self.curve[-2]), 1)}

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
        sums, reasons = self.sums, {}
        larger = max(float(self.curve[0]), float(self.curve[-2]), float(sums[0]), float(sums[-1]), 1e-9)
        for name, curve, bars in (
            ("cumulated.long_end", self.curve[0], sums[0]),
            ("cumulated.short_end", self.curve[-2], sums[-1]),
        ):
            if abs(curve - bars) > _CURVE_TOLERANCE * larger:
                reasons[name] = f"the curve ends at {curve:.0f}, the bars sum to {bars:.0f}"
        apart = np.abs(self.curve - sums)[:-1].max() / larger
        if reasons or apart > 2 * _CURVE_TOLERANCE:
            reasons["bars"] = f"bars and curves differ by {apart:.0%} of the larger end"
        return reasons


def read_plot(canvas: Canvas, legend: Legend, axis: Axis, counts: Axis, line: float, ticks: Ticks) -> Plot | None:
    """The bars and curves; None where no grid of cells fits the bars."""
    heights_of_curve = trace(canvas, legend, line)
    hidden = covered(canvas, legend, heights_of_curve, line)
    cells = count_cells(canvas, ticks, hidden)
    if cells is None:
        return None
    heights = measure(canvas, cells, hidden, counts)
    top = right_axis_top(canvas)
    columns = np.clip(np.floor(cells.centres() - LEFT).astype(int), 0, RIGHT - LEFT - 1)
    curve = None if top is None else np.clip((BOTTOM - heights_of_curve[columns]) / (BOTTOM - TOP), 0, None) * top
    return Plot(
        prices=axis.slope * cells.centres() + axis.intercept,
        totals=_tidy(heights),
        curve=curve,
        here=int(np.clip(round((line - LEFT) / cells.width), 0, cells.count - 1)),
        heights=heights,
        cells=cells,
        top=top or 0.0,
        sound=axis.sound(5) and counts.sound(3),
    )


def _tidy(heights: Heights) -> NDArray[np.float64]:
    """The totals without specks; whole numbers where the bars are whole numbers of units high."""
    totals = heights.totals.copy()
    totals[totals < max(0.5, 1.3 / heights.unit)] = 0
    bars = totals[totals > 0]
    if heights.unit >= 3 and len(bars) and np.median(np.abs(bars - np.round(bars))) < 0.15:
        return np.round(totals)
    return np.round(totals, 1)


def find_clusters(plot: Plot, price_doubt: str | None, bars_doubt: str | None) -> dict[Slot, Cluster | None]:
    """The clusters around the price's own cell, each verified or with the reason why not."""
    price = float(plot.prices[plot.here])
    found = clusters(plot.prices, plot.totals, price)
    shaken = _shaken(plot, price)
    checked: dict[Slot, Cluster | None] = {}
    for slot, cluster in found.items():
        if cluster is None:
            checked[slot] = None
            continue
        reason = price_doubt and f"the price is not sure: {price_doubt}"
        reason = reason or bars_doubt or _doubt_cluster(plot, cluster, price)
        if not reason and not all(_same(cluster, other[slot]) for other in shaken):
            reason = "another place is nearly as strong"
        checked[slot] = Cluster(
            plot.rounded(cluster.price), round(cluster.strength, 1), verified=reason is None, reason=reason
        )
    return checked


def _shaken(plot: Plot, price: float) -> list[dict[Slot, Cluster | None]]:
    """The clusters of bars that are off by random errors of the measurement's size (0.4 pixels and 2 %)."""
    random = np.random.default_rng(0)
    spread = np.hypot(0.4 / plot.heights.unit, 0.02 * plot.totals) * (plot.totals > 0)
    noise = random.normal(size=(_SHAKES, len(spread)))
    return [clusters(plot.prices, np.clip(plot.totals + spread * row, 0, None), price) for row in noise]


def _doubt_cluster(plot: Plot, cluster: Cluster, price: float) -> str | None:
    """What the curve says against a cluster: it must rise across the window by its strength."""
    if plot.curve is None:
        return "the right axis cannot be read"
    reach = HALF_WINDOW * price + 0.5 * plot.step
    inside = np.flatnonzero(np.abs(plot.prices - cluster.price) <= reach + plot.step)
    ends = np.clip((inside[0] - 1, inside[-1] + 1), 0, len(plot.curve) - 2)
    rise = abs(float(plot.curve[ends[1]] - plot.curve[ends[0]]))
    own = plot.totals[max(0, inside[0] - 1) : inside[-1] + 2].sum()
    pixel = plot.top / (BOTTOM - TOP)
    if abs(rise - own) > max(0.15 * own, 4 * pixel):
        return f"the bars there sum to {own:.0f}, but the curve rises by {rise:.0f}"
    return None


def _same(cluster: Cluster, other: Cluster | None) -> bool:
    return other is not None and abs(other.price / cluster.price - 1) <= 0.004
