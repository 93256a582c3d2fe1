"""Liquidation clusters: where along the price a map's bars gather the most.

P is the current price. On each side of P apart: bars nearer than 2 % of P count for nothing; around each other bar lies
a window of 1 % of P (its price ± 0.5 % of P, ends included), as strong as the totals of the bars in it together. A
window is a local maximum where no other whose centre is at most 1 % of P away comes before it; windows are ordered by
strength, then by the total of the centre bar, then by nearness to P. The first two local maxima are the side's
clusters, each with the mean of its window's prices weighted by totals.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kingtui.charts.reading import Cluster, Slot

NEAREST = 0.02
"""Share of P within which bars count for nothing."""
HALF_WINDOW = 0.005
"""Share of P to each side of a window's centre."""
APART = 0.01
"""Share of P within which only the first of two windows is a local maximum."""

_EPSILON = 1e-9
"""Relative: so that an end that is included is not lost to rounding."""


Window = tuple[float, float]
"""The prices of the first and the last bar of a cluster."""


def clusters(prices: ArrayLike, totals: ArrayLike, price: float) -> dict[Slot, Cluster | None]:
    """The clusters of bars at ``prices`` with ``totals`` (1-D, any order) around the current ``price``.

    ``-1`` and ``-2`` lie below it, nearer one first, ``+1`` and ``+2`` above; a slot without a local maximum is None.
    Bars without liquidations are none. Raises ValueError where the price is not positive.
    """
    return {slot: found and found[0] for slot, found in clusters_in_windows(prices, totals, price).items()}


def clusters_in_windows(
    prices: ArrayLike, totals: ArrayLike, price: float
) -> dict[Slot, tuple[Cluster, Window] | None]:
    """The ``clusters``, each with the window whose bars it is made of."""
    if not price > 0:
        raise ValueError(f"a price must be positive, not {price}")
    x, y = np.asarray(prices, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    order = np.argsort(x)
    x, y = x[order], y[order]
    far = (y > 0) & (np.abs(x - price) >= NEAREST * price * (1 - _EPSILON))
    below = _side(x[far & (x < price)], y[far & (x < price)], price)
    above = _side(x[far & (x > price)], y[far & (x > price)], price)
    return {
        "-2": below[1] if len(below) > 1 else None,
        "-1": below[0] if below else None,
        "+1": above[0] if above else None,
        "+2": above[1] if len(above) > 1 else None,
    }


def _side(x: NDArray[np.float64], y: NDArray[np.float64], price: float) -> list[tuple[Cluster, Window]]:
    """The one or two clusters of one side's bars (prices ascending), nearest to ``price`` first."""
    if len(x) == 0:
        return []
    half = HALF_WINDOW * price * (1 + _EPSILON)
    first = np.searchsorted(x, x - half, side="left")
    last = np.searchsorted(x, x + half, side="right")
    sums = np.concatenate(([0.0], np.cumsum(y)))
    moments = np.concatenate(([0.0], np.cumsum(x * y)))
    strength = sums[last] - sums[first]
    rank = np.empty(len(x), dtype=np.intp)
    rank[np.lexsort((np.abs(x - price), -y, -np.round(strength, 9)))] = np.arange(len(x))
    left = np.searchsorted(x, x - APART * price * (1 + _EPSILON), side="left")
    right = np.searchsorted(x, x + APART * price * (1 + _EPSILON), side="right")
    first_nearby = np.minimum.reduceat(np.append(rank, len(x)), np.column_stack((left, right)).ravel())[::2]
    best = np.flatnonzero(rank == first_nearby)
    best = best[np.argsort(rank[best])][:2]
    found = [
        (
            Cluster(float((moments[last[k]] - moments[first[k]]) / strength[k]), float(strength[k])),
            (float(x[first[k]]), float(x[last[k] - 1])),
        )
        for k in best
    ]
    return sorted(found, key=lambda cluster: abs(cluster[0].price - price))
