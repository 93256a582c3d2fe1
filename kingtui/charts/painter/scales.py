"""Axis steps and labels as the originals' chart libraries choose them."""

from __future__ import annotations

import math


def nice_step(rough: float, thresholds: tuple[float, float, float, float]) -> float:
    """The step near ``rough``: 1, 2, 3 or 5 times a power of ten; a mantissa below ``thresholds[i]`` takes the i-th."""
    power = 10.0 ** math.floor(math.log10(rough))
    mantissa = rough / power
    for limit, nice in zip(thresholds, (1, 2, 3, 5), strict=True):
        if mantissa < limit:
            return nice * power
    return 10 * power


def amount_ticks(largest: float) -> list[float]:
    """Ticks of an axis of amounts from 0 past ``largest``, some five steps (ECharts' ``nice`` rounding)."""
    step = nice_step(max(largest, 1) / 5, (1.5, 2.5, 4, 7))
    step = max(1.0, step)
    return [step * i for i in range(math.ceil(max(largest, 1) / step - 1e-9) + 1)]


def heat_step(height: float) -> float:
    """The step of a heat map's price axis: some eight over its height, 1, 2 or 5 times a power of ten."""
    return nice_step(height / 8, (1.5, 3.3, 3.3, 7))


def heat_label(price: float, top: float) -> str:
    """A price on a heat map's axis: one decimal and K from 1,000 on, else decimals to give ``top`` four digits."""
    if top >= 1000:
        return f"{price / 1000:.1f}K"
    return f"{price:.{max(0, 3 - math.floor(math.log10(top)))}f}"
