"""The rows of a small heat map, each of them hardly two pixels high: fitted as what they are, colours of the palette.

Solved for freely, a strong row beside an empty one may come out as two rows of another strength, for the palette turns
twice and a mixture of two of its colours is near a third. So the strengths themselves are fitted, two neighbours at a
time, and a row is sure where changing places with a neighbour would explain the pixels clearly worse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.heat_palette import NOISE, PALETTE

Floats = NDArray[np.float64]

_LEVELS = np.arange(0, 201, 4)
_SHADES = PALETTE[_LEVELS] / NOISE
_ROUNDS = 3
_FRUGAL = 0.3
"""Cost of a strength of 1: of two explanations that are as good, the one with less in it."""


def fit(profile: Floats, luma: Floats, chroma: Floats, strengths: Floats) -> tuple[Floats, Floats]:
    """The strengths of the rows, from ``strengths`` on; how much worse each explains the pixels in a neighbour's place.

    ``profile``: luma and chroma of each pixel (H×3); ``luma`` and ``chroma``: which share of it each row has (H×rows).
    """
    seen = profile / NOISE
    shares = np.stack((luma, chroma, chroma))
    level = np.abs(strengths[:, None] * 200 - _LEVELS).argmin(1)
    rest = seen - np.einsum("chr,rc->hc", shares, _SHADES[level])
    margins = np.full(len(strengths), np.inf)
    for last in (False,) * _ROUNDS + (True,):
        for row in range(len(strengths) - 1):
            pixels = np.flatnonzero(luma[:, row : row + 2].any(1) | chroma[:, row : row + 2].any(1))
            if len(pixels) == 0:
                continue
            near = slice(pixels[0], pixels[-1] + 1)
            first, second = shares[:, near, row], shares[:, near, row + 1]
            a, b = level[row], level[row + 1]
            open_ = rest[near] + first.T * _SHADES[a] + second.T * _SHADES[b]
            cost = _costs(open_, first, second)
            if last:
                worse = float(cost[b, a] - cost[a, b])
                margins[row], margins[row + 1] = min(margins[row], worse), min(margins[row + 1], worse)
                continue
            a, b = (int(k) for k in np.unravel_index(int(cost.argmin()), cost.shape))
            level[row], level[row + 1] = a, b
            rest[near] = open_ - first.T * _SHADES[a] - second.T * _SHADES[b]
    return _LEVELS[level] / 200, margins


def _costs(seen: Floats, first: Floats, second: Floats) -> Floats:
    """How badly each pair of levels explains what is ``seen`` (H×3), with the shares (3×H) of two rows."""
    one, two = (np.einsum("hc,ch->c", seen, shares) @ _SHADES.T for shares in (first, second))
    square = _SHADES**2
    own = [square @ (shares**2).sum(1) - 2 * part for shares, part in ((first, one), (second, two))]
    both = 2 * (_SHADES * (first * second).sum(1)) @ _SHADES.T
    frugal = _FRUGAL * _LEVELS / 200
    return np.asarray(own[0][:, None] + own[1][None] + both + frugal[:, None] + frugal[None])
