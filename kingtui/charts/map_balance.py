"""A map's bars and its curves balanced: what the bars' pixels leave open, the curve beside them decides.

A curve rises by each bar that it passes. Where bars are plainly seen, the curve and their sum stay apart by the same
amount, cell after cell; where the ends of some bars are hidden or blurred, that distance changes by what was read too
little or too much. So each side of the price falls into *stretches* of bars that are sure, whose distance is known to a
fraction of a pixel as the median over their level cells, and *gaps* of bars that are not, whose sum is told by the step
from one stretch to the next.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.map_bars import SPECK, Heights

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DROP = 5
"""Cells at the right end within which the curve drops to 0."""
_WHOLE_UNIT = 2.4
"""Pixels of a bar per liquidation from which whole numbers can be told from others."""
_OPEN = 3.0
"""Pixels between a bar's lowest and its highest end up to which it counts as plainly seen."""
_LEVEL = 3.0
"""Pixels of the curve's rise from the cell before to the cell behind up to which its height is exact."""
_FEW, _SOME = 2, 4
"""Level cells that a stretch needs for a distance, and from how many it is exact."""
_LEAST_ERROR, _LOOSE_ERROR, END_ERROR = 0.45, 1.0, 1.2
"""Pixels of the curve by which a distance may be wrong: that of a stretch with many level cells or few, at the end."""
_SPREAD = 1.5
"""Times the median deviation of a stretch's cells from their median: the error of that."""
_DRIFT = 2.0
"""Pixels of that error from which a stretch has no one distance."""
_NEAR = 6
"""Level cells at an end of such a stretch that tell the distance there."""
_BESIDE = 3
"""Cells to each side of a bar over which that distance may change by it."""
_STEEP = 20.0
"""Pixels, at the most, of the curve's last rise that may be lost where it ends."""
_JUMP = 2.0
"""Pixels by which the distance may change within a stretch; more, and a bar there is not what it seemed."""
_AROUND = 3
"""Level cells to each side over which such a change is looked for."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Cells ``first`` to ``last`` (included) with bars that are not sure. They sum to ``total`` by the curve, within
    ``error``; ``contradicted`` where no bars that their pixels allow do."""

    first: int
    last: int
    total: float
    error: float
    contradicted: bool
    stray: float
    """By how much the sum is beyond what those pixels allow."""


@dataclass(frozen=True, slots=True)
class End:
    """Where a curve ends, in liquidations, within ``error``."""

    total: float
    error: float


@dataclass(frozen=True, slots=True)
class Balance:
    """Bars and curve together, per cell in liquidations. ``low`` and ``high``: between what a bar surely is."""

    totals: Floats
    low: Floats
    high: Floats
    whole: bool
    """Whether the bars are whole numbers of liquidations."""
    gaps: tuple[Gap, ...] = ()
    ends: tuple[End, End] | None = None
    """The curves at the far left and the far right; None where they cannot be read."""


def balance(heights: Heights, curve: Floats | None, end: End, here: int, pixel: float, legible: Mask) -> Balance:
    """The bars as their pixels and the ``curve`` know them.

    ``curve`` per cell, and its ``end`` at the far right, in liquidations, of which a ``pixel`` of it is worth so many;
    ``here``: the price's own cell; ``legible``: the cells at which nothing is over the curve.
    """
    totals, low, high, whole = by_pixels(heights)
    if curve is None:
        return Balance(totals, low, high, whole)
    sure = high - low < 0.5 if whole else (high - low) * heights.unit <= _OPEN
    sure[-DROP + 1 :] = False
    gaps: list[Gap] = []
    ends: list[End] = []
    steep = min(_STEEP, abs(float(curve[0] - curve[min(2, here)])) / pixel)
    left = End(float(curve[0]), (END_ERROR + steep) * pixel)
    for side, far in ((np.arange(here - 1, -1, -1), left), (np.arange(here + 1, len(totals)), end)):
        outward = _Side(totals[side], low[side], high[side], curve[side], sure[side], legible[side], pixel)
        found, seen_end = outward.gaps(far)
        ends.append(seen_end)
        totals[side], low[side], high[side] = outward.totals, outward.low, outward.high
        for gap in found:
            first, last = sorted((int(side[gap.first]), int(side[gap.last])))
            gaps.append(replace(gap, first=first, last=last))
    if whole:
        totals = np.where(np.abs(totals - np.round(totals)) < 0.25, np.round(totals), totals)
    return Balance(totals, low, high, whole, tuple(sorted(gaps, key=lambda gap: gap.first)), (ends[0], ends[1]))


def by_pixels(heights: Heights) -> tuple[Floats, Floats, Floats, bool]:
    """What the pixels alone say of the bars: totals, their least and most, and whether they are whole numbers, of which
    then only those are possible."""
    totals, low, high = heights.totals.copy(), heights.low.copy(), heights.high.copy()
    totals[totals * heights.unit < SPECK] = 0
    bars = totals[(totals > 0) & (high - low < 1)]
    whole = heights.unit >= _WHOLE_UNIT and len(bars) > 0 and float(np.median(np.abs(bars - np.round(bars)))) < 0.15
    if not whole:
        return totals, low, high, False
    least, most = np.ceil(low - 1e-9), np.floor(high + 1e-9)
    some = least <= most  # else the end is between two numbers, and either may be meant
    low, high = np.where(some, least, np.floor(low)), np.where(some, most, np.ceil(high))
    return np.clip(np.round(totals), low, high), low, high, True


def sums(totals: Floats, here: int) -> Floats:
    """The bars cumulated from the price outward, without the price's own cell."""
    outward = totals.copy()
    outward[here] = 0
    below = np.cumsum(outward[: here + 1][::-1])[::-1]
    return np.concatenate((below[:-1], np.cumsum(outward[here:])))


class _Side:
    """The cells of one side of the price, outward."""

    def __init__(
        self, totals: Floats, low: Floats, high: Floats, curve: Floats, sure: Mask, legible: Mask, pixel: float
    ) -> None:
        self.totals, self.low, self.high, self.curve, self.sure, self.pixel = totals, low, high, curve, sure, pixel
        self.level = legible & sure
        if len(curve) > 2:
            rise = np.abs(curve[2:] - curve[:-2])
            near = totals[1:-1] + np.maximum(totals[2:], totals[:-2])
            self.level[1:-1] &= (rise <= _LEVEL * pixel) & (near <= _LEVEL * pixel)
        self.level[-1:] = self.level[:1] = False
        self.odd = self._odd()
        self.sure &= ~self.odd
        self.level &= ~self.odd

    def _odd(self) -> Mask:
        """Cells that seem sure, and over which the distance of curve and bars changes all the same."""
        odd = np.zeros(len(self.totals), dtype=np.bool_)
        lack = self.curve - np.cumsum(self.totals)
        spans = [(-1, -1), *self._spans(), (len(lack), len(lack))]
        for (_, last), (first, _) in itertools.pairwise(spans):
            cells = last + 1 + np.flatnonzero(self.level[last + 1 : first])
            if len(cells) < 2 * _AROUND:
                continue
            levels = np.median(np.lib.stride_tricks.sliding_window_view(lack[cells], _AROUND), axis=1)
            steps = np.abs(levels[_AROUND:] - levels[:-_AROUND])
            while steps.max() > _JUMP * self.pixel:
                best = int(steps.argmax())
                odd[cells[best + _AROUND - 1] : cells[best + _AROUND] + 1] = True
                steps[max(0, best - _AROUND) : best + _AROUND + 1] = 0
        return odd

    def gaps(self, far: End) -> tuple[list[Gap], End]:
        """Fill the gaps by the curve, and say what it told and where it ends; ``far`` is what is seen of its end."""
        lack, seen = self.curve - np.cumsum(self.totals), float(self.totals.sum())
        level, error, end = 0.0, _LEAST_ERROR * self.pixel, far  # at the price both are 0
        found = []
        spans = self._spans()
        starts = [first for first, _ in spans[1:]]
        for (first, last), after in zip(spans, [*starts, len(lack)], strict=False):
            cells = last + 1 + np.flatnonzero(self.level[last + 1 : after])
            exact = lack[cells]
            if len(exact) >= _FEW:
                beyond, away, beyond_error = self._distances(exact)
            else:
                beyond, beyond_error = far.total - seen, far.error
                away = beyond
            total = float(self.totals[first : last + 1].sum()) + beyond - level
            found.append(self._fill(first, last, total, error + beyond_error))
            if away != beyond:
                found.append(self._unseen(cells, exact, away - beyond, beyond_error))
            level, error = away, beyond_error
        if not spans or spans[-1][1] < len(lack) - 1:  # beyond the last gap all bars are sure
            end = End(seen + level, error)
        return found, end

    def _distances(self, exact: Floats) -> tuple[float, float, float]:
        """How far the curve is from the bars where a stretch begins and where it ends, and the error of both.

        They are one distance, unless it drifts: there the curve rises by bars too low to be seen, which are in no gap.
        """
        middle = float(np.median(exact))
        spread = _SPREAD * float(np.median(np.abs(exact - middle)))
        least = (_LEAST_ERROR if len(exact) >= _SOME else _LOOSE_ERROR) * self.pixel
        if spread <= _DRIFT * self.pixel:
            return middle, middle, max(least, spread)
        near, away = exact[:_NEAR], exact[-_NEAR:]
        ends = float(np.median(near)), float(np.median(away))
        spread = _SPREAD * max(
            float(np.median(np.abs(part - end))) for part, end in zip((near, away), ends, strict=True)
        )
        return *ends, max(_LOOSE_ERROR * self.pixel, spread)

    def _unseen(self, cells: NDArray[np.intp], exact: Floats, drift: float, error: float) -> Gap:
        """A stretch over which the distance drifts, as a gap: each bar may be as much higher, or lower, as the distance
        changes around it."""
        first, last = int(cells[0]), int(cells[-1])
        stretch = np.arange(first, last + 1)
        change = np.interp(stretch + _BESIDE, cells, exact) - np.interp(stretch - _BESIDE, cells, exact)
        self.high[stretch] += np.clip(change, 0, None)
        self.low[stretch] = np.clip(self.low[stretch] + np.clip(change, None, 0), 0, None)
        return Gap(first, last, float(self.totals[stretch].sum()) + drift, error, contradicted=False, stray=abs(drift))

    def _spans(self) -> list[tuple[int, int]]:
        """The first and last cells of the gaps: bars that are not sure, and what is between them where that has too few
        level cells for a distance of its own."""
        spans: list[tuple[int, int]] = []
        for cell in np.flatnonzero(~self.sure).tolist():
            if spans and self.level[spans[-1][1] + 1 : cell].sum() < _FEW:
                spans[-1] = (spans[-1][0], cell)
            else:
                spans.append((cell, cell))
        return spans

    def _fill(self, first: int, last: int, total: float, error: float) -> Gap:
        """Spread what the curve says over the cells that are open, and take from their bounds what it excludes."""
        cells = slice(first, last + 1)
        odd = self.odd[cells]
        low, high = self.low[cells], self.high[cells]
        contradicted = bool(odd.any()) or not low.sum() - error <= total <= high.sum() + error
        stray = max(0.0, low.sum() - total, total - high.sum())
        if contradicted:  # nothing is sure of these bars
            low, high = np.zeros(len(low)), np.maximum(high, total + error)
        own = self.totals[cells].copy()
        missing = total - float(own.sum())
        if missing > error:
            self._add(own, cells, missing)
        elif missing < -error:
            self._take(own, cells, -missing)
        self.totals[cells] = own
        others = high.sum() - high, low.sum() - low
        self.low[cells] = np.minimum(own, np.maximum(low, total - error - others[0]))
        self.high[cells] = np.maximum(own, np.minimum(high, total + error - others[1]))
        return Gap(first, last, total, error, contradicted, stray)

    def _add(self, own: Floats, cells: slice, missing: float) -> None:
        """Raise the open bars by what is ``missing``, most where the curve rises the most over what is seen."""
        room = (self.high[cells] - own) * ~self.sure[cells]
        rises = np.diff(self.curve[cells], prepend=self.curve[cells.start - 1] if cells.start else 0.0)
        weights = np.minimum(room, np.clip(rises - own, 0, None)) + 0.05 * room
        if weights.sum() > 0:
            own += np.minimum(room, missing * weights / weights.sum())

    def _take(self, own: Floats, cells: slice, excess: float) -> None:
        """Lower the open bars by the ``excess``: first those that may be none at all, the smaller before the larger."""
        low = self.low[cells]
        for cell in sorted(np.flatnonzero((own > low) & ~self.sure[cells]), key=lambda k: (low[k] > 0, own[k])):
            part = min(excess, own[cell] - low[cell])
            own[cell] -= part
            excess -= part
