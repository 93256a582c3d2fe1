"""The clusters of a liquidation map's bars, and whether what is uncertain of the bars could change them.

Bars are known between a least and a most, and their sums from the curve (``map_balance``). A cluster is verified when
no bars within those bounds make it another one: each place of its side is raised in turn as far as its pixels and the
curve allow, while the side's clusters are lowered as far, and its slot must hold a cluster at the same price each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.clusters import HALF_WINDOW, NEAREST, clusters
from kingtui.charts.map_plot import NOISY, Plot
from kingtui.charts.reading import Cluster, Slot

Floats = NDArray[np.float64]
Found = Mapping[Slot, Cluster | None]

SIDES: tuple[tuple[Slot, Slot], ...] = (("-2", "-1"), ("+1", "+2"))

_TOLERANCE = 0.0045
"""Share of its price by which a cluster may move and be the same: right is what is within 0.005 of the truth."""
_LEAST_CLUSTER = 6.0
"""Pixels: lower clusters are not told from noise."""
_MOST_APART = 0.12
"""Of the larger end: how far the cumulated bars may be from the curves anywhere for clusters to be verified at all: the
curves of real charts rise a little where no bar is drawn."""
_SHOWN = 2.0
"""Pixels by which the curve has to rise for a cluster to be confirmed by it."""
_PLAIN_UNIT = 4.0
"""Pixels of a bar per liquidation from which a height that is a whole number is hardly chance."""
_NOISE = 1.0
"""Pixels by which the sum of n bars may be off where they are not whole numbers, times the root of n."""
_SEEN = 2.4
"""Pixels a liquidation from which not even the lowest bar is overlooked."""
_PRICE = 0.05
"""Cells by which the price's own cell may be off its place."""


def find_clusters(plot: Plot, price_doubt: str | None) -> dict[Slot, Cluster | None]:
    """The clusters around the price's own cell, each verified or with the reason why not."""
    price = float(plot.prices[plot.here])
    found = clusters(plot.prices, plot.totals, price)
    doubts = {slot: _doubt(plot, cluster, price, price_doubt) for slot, cluster in found.items() if cluster is not None}
    if not all(doubts.values()):
        for slot, rival in _rivals(plot, price, found):
            doubts[slot] = doubts[slot] or f"the place at {plot.rounded(rival)} may be as strong"
    return {
        slot: cluster
        and Cluster(
            plot.rounded(cluster.price), round(cluster.strength, 1), verified=not doubts[slot], reason=doubts[slot]
        )
        for slot, cluster in found.items()
    }


def _doubt(plot: Plot, cluster: Cluster, price: float, price_doubt: str | None) -> str | None:
    """What speaks against a cluster whatever others there are."""
    if price_doubt:
        return f"the price is not sure: {price_doubt}"
    if plot.curve is None:
        return "the right axis cannot be read"
    if not plot.sound:
        return "an axis has too few regular ticks"
    if plot.ringing > NOISY:
        return "the picture is too noisy"
    if cluster.strength * plot.heights.unit < _LEAST_CLUSTER:
        return "it is too low to be told from noise"
    if plot.apart > _MOST_APART:
        return f"bars and curves differ by {plot.apart:.0%} of the larger end"
    near = np.flatnonzero(np.abs(plot.prices - cluster.price) <= HALF_WINDOW * price + plot.step)
    if cluster.strength < _SHOWN * plot.pixel and not _plain(plot, near):
        return "it is too low for the curve to confirm it"
    for gap in plot.bars.gaps:
        if gap.contradicted and gap.first <= near[-1] and gap.last >= near[0]:
            bars = float(plot.totals[gap.first : gap.last + 1].sum())
            return f"the bars there sum to {bars:.0f}, but the curve rises by {gap.total:.0f}"
    return None


def _plain(plot: Plot, cells: NDArray[np.intp]) -> bool:
    """Whether each bar is plainly seen to be a whole number of liquidations high, of which that is a second sign."""
    open_ = plot.bars.high[cells] - plot.bars.low[cells]
    return plot.bars.whole and plot.heights.unit >= _PLAIN_UNIT and bool((open_ < 0.5).all())


def _rivals(plot: Plot, price: float, found: Found) -> Iterator[tuple[Slot, float]]:
    """The slots that bars within their bounds would fill otherwise, and the price of a place that would do it."""
    for moved in (price - _PRICE * plot.step, price + _PRICE * plot.step):
        yield from ((slot, price) for slot in _changed(found, clusters(plot.prices, plot.totals, moved)))
    for place, bars in _spread(plot):
        yield from ((slot, place) for slot in _changed(found, clusters(plot.prices, bars, price)))
    for slots in SIDES:
        own = [cluster for slot in slots if (cluster := found[slot]) is not None]
        if not own:
            continue
        for place, bars in _raised(plot, price, own):
            changed = clusters(plot.prices, bars, price)
            yield from ((slot, place) for slot in _changed({slot: found[slot] for slot in slots}, changed))


def _changed(found: Found, others: Found) -> list[Slot]:
    return [
        slot
        for slot, cluster in found.items()
        if cluster is not None
        and ((other := others[slot]) is None or abs(other.price / cluster.price - 1) > _TOLERANCE)
    ]


def _lowered(plot: Plot, centres: Sequence[float], price: float) -> Floats:
    """The bars with those around ``centres`` as low as they may be."""
    bars = plot.totals.copy()
    for centre in centres:
        inside = np.abs(plot.prices - centre) <= HALF_WINDOW * price + plot.step / 2
        bars = np.minimum(bars, _shifted(plot, inside, -1))
    return bars


def _raised(plot: Plot, price: float, own: Sequence[Cluster]) -> Iterator[tuple[float, Floats]]:
    """For each place of a side that could then matter beside its ``own`` clusters: its price, and the bars with those
    around it as high as they may be, and those of the clusters as low."""
    half, least = HALF_WINDOW * price * (1 + 1e-9), min(cluster.strength for cluster in own)
    lowered = _lowered(plot, [cluster.price for cluster in own], price)
    side = ((plot.prices > price) == (own[0].price > price)) & (
        np.abs(plot.prices - price) >= NEAREST * price - plot.step
    )
    yield price, lowered
    before: NDArray[np.bool_] | None = None
    for centre in plot.prices[side & (plot.bars.high > 0)].tolist():
        inside = side & (np.abs(plot.prices - centre) <= half)
        if before is not None and np.array_equal(inside, before):
            continue
        before = inside
        raised = _shifted(plot, inside, 1)
        if raised[inside].sum() > 0.5 * least:
            yield centre, np.where(inside, raised, lowered)


def _spread(plot: Plot) -> Iterator[tuple[float, Floats]]:
    """For each gap of several bars: its price, and the bars with what it sums to as far to one side as it may be."""
    bars = plot.bars
    for gap in bars.gaps:
        cells = np.arange(gap.first, gap.last + 1)
        free = bars.high[cells] - bars.low[cells]
        if (free > 0).sum() < 2:
            continue
        for order in (cells, cells[::-1]):
            spread = plot.totals.copy()
            left = float(plot.totals[cells].sum() - bars.low[cells].sum())
            spread[cells] = bars.low[cells]
            for cell in order.tolist():
                part = min(left, float(bars.high[cell] - bars.low[cell]))
                spread[cell] += part
                left -= part
            yield float(plot.prices[gap.first]), np.round(spread) if bars.whole else spread


def _shifted(plot: Plot, inside: NDArray[np.bool_], way: int) -> Floats:
    """The bars with those ``inside`` as high (``way`` 1) or as low (-1) as their pixels and the curve allow."""
    bars, totals = plot.bars, plot.totals
    room = np.zeros(len(totals))
    for gap in bars.gaps:
        cells = slice(gap.first, gap.last + 1)
        room[cells] = ((bars.high - totals if way > 0 else totals - bars.low) * inside)[cells]
        wanted = float(room[cells].sum())
        if wanted > 0:
            others = (totals - bars.low if way > 0 else bars.high - totals)[cells][~inside[cells]].sum()
            spare = gap.error + way * (gap.total - float(totals[cells].sum()))
            room[cells] *= min(1.0, max(0.0, spare + float(others)) / wanted)
    shifted = totals + way * room
    if not bars.whole:
        count = inside.sum() if plot.heights.unit < _SEEN else (inside & (totals > 0)).sum()
        shifted[np.flatnonzero(inside)[totals[inside].argmax()]] += (
            way * _NOISE / plot.heights.unit * float(np.sqrt(count))
        )
    return np.asarray(np.clip(shifted, 0, None))
