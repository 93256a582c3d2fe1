"""The clusters of a liquidation map's bars, and whether the curves bear them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.clusters import APART, HALF_WINDOW, NEAREST, clusters
from kingtui.charts.map_axes import BOTTOM, TOP
from kingtui.charts.map_plot import DROP, Plot
from kingtui.charts.reading import Cluster, Slot

_CLUSTER_TOLERANCE = 0.12
"""Of the larger end: how far the cumulated bars may be from the curves anywhere for clusters to
be verified at all: the curves of real charts rise a little where no bar is drawn."""
_LEAST_CLUSTER = 6.0
"""Pixels: lower clusters are not told from noise."""
_TOO_MUCH = 1.05
"""A side's bars may lack much of what its curve shows, but have hardly more."""
_CLEAN, _MURKY = 0.15, 0.6
"""Murk up to which bars are as exact as on a picture that was never resized, and from which none can be trusted."""
_PARTNER: Mapping[Slot, Slot] = {"-2": "-1", "-1": "-2", "+1": "+2", "+2": "+1"}
_STEP = (2.5, 8.0)
"""Canonical pixels: so far from a bar the curve is level again, and its level is measured over so many."""
_SPILL, _LEVEL = 0.011, 2.0
"""Share of a bar's height by which its neighbours are off, for each level of ringing beyond that."""
_SHAKES = 16
"""Random errors, of the size of the measurement's, that a cluster must bear."""


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
    reach, slack = np.arange(wide, len(plot.curve) - wide - DROP), 2.5 * plot.top / (BOTTOM - TOP)
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
    """The clusters of bars that are off by random errors of the measurement's size, and of the bars as the curve knows
    them.

    The errors: 0.4 pixels; 2 % where cells are resolved, more by the murk, else 20 %; what a coarse JPEG spills from
    tall bars over their neighbours. Ends that are hidden lie anywhere in what hides them.
    """
    random = np.random.default_rng(0)
    bars = plot.totals > 0
    share = min(0.2, 0.02 + 0.3 * max(0.0, plot.heights.murk - _CLEAN)) if plot.heights.resolved else 0.2
    spill = _SPILL * max(0.0, plot.ringing - _LEVEL) * _neighbours(plot.totals)
    spread = np.hypot(np.hypot(0.4 / plot.heights.unit, share * plot.totals) * bars, spill)
    higher = np.minimum(plot.heights.hidden, plot.totals) * bars
    shape = (_SHAKES, len(spread))
    shaken = plot.totals + spread * random.normal(size=shape) + higher * random.uniform(size=shape)
    shaken[::4, -DROP:] = 0  # of the last bars nothing is sure: there may be none, or more than is seen
    for row in shaken[1::2]:
        row[random.integers(-DROP, -1)] += _behind_drop(plot)
    rows = np.clip(np.vstack((shaken, _by_curve(plot))), 0, None)
    return [clusters(plot.prices, row, price) for row in rows]


def _neighbours(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each cell the highest bar at most two cells away."""
    padded = np.pad(totals, 2)
    beside = [padded[2 + shift : 2 + shift + len(totals)] for shift in (-2, -1, 1, 2)]
    return np.asarray(np.max(beside, axis=0))


def _by_curve(plot: Plot) -> NDArray[np.float64]:
    """The bars as the curve knows them. Where it lacks more of them from some cell on, a bar was not seen there, for
    instance close beside another; where it lacks less, one was taken for two, because it stands between two cells."""
    totals = plot.totals.copy()
    margin, level = (int(np.ceil(pixels / plot.cells.width)) for pixels in _STEP)
    if plot.curve is None or len(totals) < 2 * (margin + level) + DROP:
        return totals
    lack = plot.curve - plot.sums
    levels = np.median(np.lib.stride_tricks.sliding_window_view(lack, level), axis=1)
    cells = np.arange(margin + level - 1, len(totals) - DROP - margin - level + 1)
    steps = levels[cells + margin] - levels[cells - margin - level + 1]
    steps[cells < plot.here] *= -1  # outward, away from the price
    steps[np.abs(cells - plot.here) <= margin] = 0
    while np.abs(steps).max() > 5 * plot.top / (BOTTOM - TOP):
        best = int(np.abs(steps).argmax())
        around = slice(cells[best] - margin, cells[best] + margin + 1)
        if steps[best] > 0:
            rises = np.abs(np.diff(plot.curve[around]))
            totals[around.start + int(rises.argmax())] += steps[best]
        elif totals[around].any():
            totals[around] *= max(0.0, 1 + steps[best] / totals[around].sum())
        steps[max(0, best - margin - level) : best + margin + level + 1] = 0
    return totals


def _behind_drop(plot: Plot) -> float:
    """What may stand in the last cells, where the curve's drop hides the bars: what the bars lack of the curve's end,
    and for the two cells that the curve has not reached by then as much again as their neighbours have."""
    missing = max(0.0, (plot.ends["short_end"] or 0.0) - float(plot.sums[-1]))
    return missing + 2 * float(plot.totals[-3 * DROP : -3].mean())


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
    start, end = max(int(inside[0]) - 1, 0), min(int(inside[-1]) + 1, len(plot.curve) - DROP)
    rise = abs(float(plot.curve[end] - plot.curve[start]))
    outer = float(plot.totals[max(0, start - 2) : end + 3].sum())
    inner = float(plot.totals[start + 3 : max(end - 2, start + 3)].sum())
    slack = max(0.15 * cluster.strength, 4 * plot.top / (BOTTOM - TOP))
    if end == len(plot.curve) - DROP:  # where the curve drops only its end is known
        rise += float(plot.curve[-DROP:].max() - plot.curve[end])
        outer += float(plot.totals[end + 3 :].sum())
    if not inner - slack <= rise <= outer + slack:
        return f"the bars there sum to {cluster.strength:.0f}, but the curve rises by {rise:.0f}"
    return None


def _same(cluster: Cluster, other: Cluster | None) -> bool:
    return other is not None and abs(other.price / cluster.price - 1) <= 0.004
