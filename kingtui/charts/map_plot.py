"""The plot of a liquidation map as a whole: its cells' bars and curves, what they say of each other, the clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.axes import Axis
from kingtui.charts.clusters import APART, HALF_WINDOW, NEAREST, clusters
from kingtui.charts.locate import Canvas
from kingtui.charts.map_axes import BOTTOM, LEFT, RIGHT, TOP, Axes, Ticks
from kingtui.charts.map_bars import Cells, Heights, count_cells, measure
from kingtui.charts.map_curves import Legend, covered, right_axis_top, trace
from kingtui.charts.reading import Cluster, Slot

_CURVE_TOLERANCE = 0.02
"""Of the larger end: how far the sums of the bars and the curves may differ."""
_BARS_TOLERANCE = 0.04
"""Of the larger end: how far the cumulated bars may be from the curves anywhere for the bars to count as verified."""
_CLUSTER_TOLERANCE = 0.12
"""The same for clusters to be verified at all: the curves of real charts rise a little where no bar is drawn."""
_SPECK, _LEAST_CLUSTER = 1.6, 6.0
"""Pixels: lower bars are not told from noise, and lower clusters are not verified."""
_TOO_MUCH = 1.05
"""A side's bars may lack much of what its curve shows, but have hardly more."""
_DROP = 5
"""Cells at the right end within which the curve drops to 0."""
_CLEAN, _MURKY = 0.15, 0.6
"""Murk up to which bars are as exact as on a picture that was never resized, and from which none can be trusted."""
_PARTNER: Mapping[Slot, Slot] = {"-2": "-1", "-1": "-2", "+1": "+2", "+2": "+1"}
_SPAN = (2.0, 9.0)
"""Canonical pixels: the curve must rise across so many by the bars among them that are so far from both ends."""
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
        """The curves' totals at the far left and right; the right one drops to 0 within the last few cells."""
        if self.curve is None:
            return {"long_end": None, "short_end": None}
        last = self.curve[max(self.here, len(self.curve) - _DROP) :]
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
        last = (ends["short_end"] or 0.0) - float(self.curve[-_DROP - 2])
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
        beyond = np.maximum(self.curve - around.max(0), around.min(0) - self.curve)[:-_DROP]
        larger = max(float(self.curve[:-_DROP].max()), float(sums.max()), 1e-9)
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
    )


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
        start, end = max(cell - 3, 0), min(cell + 3, len(curve) - _DROP)
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


def find_clusters(plot: Plot, price_doubt: str | None) -> dict[Slot, Cluster | None]:
    """The clusters around the price's own cell, each verified or with the reason why not.

    A place that may be as strong as a side's weaker cluster, or be its second one where none was found, makes the other
    doubtful too where it would take its slot.
    """
    price = float(plot.prices[plot.here])
    found = clusters(plot.prices, plot.totals, price)
    shaken = _shaken(plot, price)
    checked: dict[Slot, Cluster | None] = {}
    for slot, cluster in found.items():
        if cluster is None:
            checked[slot] = None
            continue
        reason = price_doubt and f"the price is not sure: {price_doubt}"
        reason = reason or _doubt_cluster(plot, cluster, price)
        if not reason and not all(_same(cluster, other[slot]) for other in shaken):
            reason = "another place is nearly as strong"
        reason = reason or _doubt_rank(plot, price, found, slot)
        checked[slot] = Cluster(
            plot.rounded(cluster.price), round(cluster.strength, 1), verified=reason is None, reason=reason
        )
    return checked


def _doubt_rank(plot: Plot, price: float, found: Mapping[Slot, Cluster | None], slot: Slot) -> str | None:
    """What the curve says against a cluster's being one of its side's two, and the nearer or farther one."""
    cluster, partner = found[slot], found[_PARTNER[slot]]
    if cluster is None:
        return None
    others = [other for other in found.values() if other]
    if rival := rival_by_curve(plot, price, others, cluster.price > price, cluster.strength):
        return f"the curve rises by {rival.rise:.0f} near {plot.rounded(rival.price)}, where the bars show less"
    rival = rival_by_curve(plot, price, others, cluster.price > price, partner.strength if partner else 0.0)
    if rival is None or (partner is None and not rival.hidden):
        return None
    nearer = abs(rival.price - price) < abs(cluster.price - price)
    if nearer == slot.endswith("2"):
        return None  # it would be on the partner's side of this one, and leave it where it is
    return f"what the curve shows near {plot.rounded(rival.price)} may be a cluster too, and this one the other's slot"


@dataclass(frozen=True, slots=True)
class Rival:
    """A place where the curve rises more than at a cluster. ``hidden``: more than the bars there."""

    price: float
    rise: float
    hidden: bool


def rival_by_curve(
    plot: Plot, price: float, found: Sequence[Cluster], above: bool, strength: float
) -> Rival | None:  # fmt: skip
    """The place away from the clusters ``found`` where the curve rises most, if by more than ``strength``; or rises
    more than the bars do, which are hidden in part then and as strong together with what is missing."""
    if plot.curve is None:
        return None
    half = max(1, int(HALF_WINDOW * price / plot.step))  # never wider than the window
    wide = half + 1
    reach, slack = np.arange(wide, len(plot.curve) - wide - _DROP), 2.5 * plot.top / (BOTTOM - TOP)
    rise = np.abs(plot.curve[reach + half] - plot.curve[reach - half]) - slack
    sums = np.concatenate(([0.0], np.cumsum(plot.totals)))
    inside, around = (sums[reach + reach_ + 1] - sums[reach - reach_] for reach_ in (half, wide))
    missing = np.abs(plot.curve[reach + wide] - plot.curve[reach - wide]) - around
    hidden = missing > slack + 0.05 * around
    rise = np.maximum(rise, np.where(hidden, inside + missing, 0))
    at = plot.prices[reach]
    side = ((at > price) == above) & (np.abs(at - price) >= NEAREST * price + (half + 1) * plot.step)
    for other in found:
        side &= np.abs(at - other.price) > APART * price + (half + 1) * plot.step
    if not side.any() or rise[side].max() <= strength:
        return None
    best = int(rise[side].argmax())
    lacking = bool(hidden[side][best])
    return Rival(float(at[side][best]), float(rise[side][best] + (0 if lacking else slack)), lacking)


def _shaken(plot: Plot, price: float) -> list[dict[Slot, Cluster | None]]:
    """The clusters of bars that are off by random errors of the measurement's size: 0.4 pixels, and 2 % where cells are
    resolved, more by the murk, else 20 %; ends that are hidden lie anywhere in what hides them. And of the bars
    as the curve knows them."""
    random = np.random.default_rng(0)
    bars = plot.totals > 0
    share = min(0.2, 0.02 + 0.3 * max(0.0, plot.heights.murk - _CLEAN)) if plot.heights.resolved else 0.2
    spread = np.hypot(0.4 / plot.heights.unit, share * plot.totals) * bars
    higher = np.minimum(plot.heights.hidden, plot.totals) * bars
    shape = (_SHAKES, len(spread))
    shaken = plot.totals + spread * random.normal(size=shape) + higher * random.uniform(size=shape)
    shaken[::4, -_DROP:] = 0  # of the last bars nothing is sure: there may be none, or more than is seen
    shaken[1::2, -3] += _behind_drop(plot)
    rows = np.clip(np.vstack((shaken, _by_curve(plot))), 0, None)
    return [clusters(plot.prices, row, price) for row in rows]


def _by_curve(plot: Plot) -> NDArray[np.float64]:
    """The bars as the curve knows them. Where it rises by less than they are, a bar was taken for two, because it
    stands askew or between two cells; where it rises by more, one was not seen, for instance close beside another."""
    totals = plot.totals.copy()
    if plot.curve is None:
        return totals
    margin, span = (int(np.ceil(pixels / plot.cells.width)) for pixels in _SPAN)
    slack = 3 * plot.top / (BOTTOM - TOP)
    steps = np.abs(np.diff(plot.curve))
    for first in range(len(totals) - _DROP - span):
        last = first + span
        inside, around = slice(first + margin, last - margin + 1), slice(first, last + 1)
        rise = abs(float(plot.curve[last] - plot.curve[first]))
        bars, all_bars = float(totals[inside].sum()), float(totals[around].sum())
        if bars - rise > slack + 0.2 * bars:
            totals[inside] *= rise / bars
        elif rise - all_bars > 2 * slack + 0.2 * all_bars:
            totals[first + int(steps[first:last].argmax())] += rise - all_bars
    return totals


def _behind_drop(plot: Plot) -> float:
    """What may stand in the last cells, where the curve's drop hides the bars: what the bars lack of the curve's end,
    and for the two cells that the curve has not reached by then as much again as their neighbours have."""
    missing = max(0.0, (plot.ends["short_end"] or 0.0) - float(plot.sums[-1]))
    return missing + 2 * float(plot.totals[-3 * _DROP : -3].mean())


def _doubt_cluster(plot: Plot, cluster: Cluster, price: float) -> str | None:
    """What the curve says against a cluster: it must rise across the window by its strength."""
    if plot.curve is None:
        return "the right axis cannot be read"
    if not plot.sound:
        return "an axis has too few regular ticks"
    if cluster.strength * plot.heights.unit < _LEAST_CLUSTER:
        return "it is too low to be told from noise"
    if plot.heights.murk > _MURKY:
        return "the bars are too blurred to be told from their neighbours"
    if cluster.strength < 3 * plot.top / (BOTTOM - TOP):
        return "it is too low for the curve to confirm it"
    if plot.apart > _CLUSTER_TOLERANCE:
        return f"bars and curves differ by {plot.apart:.0%} of the larger end"
    above = cluster.price > price
    end, bars = plot.ends["short_end" if above else "long_end"] or 0.0, float(plot.sums[-1 if above else 0])
    if bars > _TOO_MUCH * end:
        return f"the bars on its side sum to {bars:.0f}, more than the curve's {end:.0f}: some were taken for two"
    reach = HALF_WINDOW * price
    inside = np.flatnonzero(np.abs(plot.prices - cluster.price) <= reach + plot.step / 2)
    start, end = max(int(inside[0]) - 1, 0), min(int(inside[-1]) + 1, len(plot.curve) - _DROP)
    rise = abs(float(plot.curve[end] - plot.curve[start]))
    outer = float(plot.totals[max(0, start - 2) : end + 3].sum())
    inner = float(plot.totals[start + 3 : max(end - 2, start + 3)].sum())
    slack = max(0.15 * cluster.strength, 4 * plot.top / (BOTTOM - TOP))
    if end == len(plot.curve) - _DROP:  # where the curve drops only its end is known
        rise += float(plot.curve[-_DROP:].max() - plot.curve[end])
        outer += float(plot.totals[end + 3 :].sum())
    if not inner - slack <= rise <= outer + slack:
        return f"the bars there sum to {cluster.strength:.0f}, but the curve rises by {rise:.0f}"
    return None


def _same(cluster: Cluster, other: Cluster | None) -> bool:
    return other is not None and abs(other.price / cluster.price - 1) <= 0.004
