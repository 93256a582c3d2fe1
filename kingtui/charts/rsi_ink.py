"""The ink of an RSI heat map: how far each pixel is on the way from what lies under the labels to white, and where the
labels' baselines are in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts import glyphs
from kingtui.charts.locate import PAGE, Canvas
from kingtui.charts.rsi_dots import AREA, COLOURS, RADIUS, Dot

BANDS = ((122, 39, 55), (85, 32, 48), (45, 55, 82), (38, 60, 37), (47, 79, 38))
"""The five bands from the top: overbought, strong, neutral, weak, oversold; each 20 points of RSI."""
WORDS = (("Overbought", 47.5), ("Strong", 167.5), ("Neutral", 287.5), ("Weak", 443.5), ("Oversold", 563.5))
"""The bands' names with their baselines, in 16 pixel DejaVu Sans Bold from column 70 on."""
_WORD_SIZE, _WORD_LEFT, _WORD_OPACITY = 16.0, 70.0, 0.31
BAND_HEIGHT = (AREA[3] - AREA[1]) // len(BANDS)
_CAPITALS = 8.75
"""Height of the capitals: 0.729 of the font size."""
PAD = 80
"""Empty pixels around the planes, so that a label at the edge needs no special case."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Ink:
    """``ink``: 0 what lies under the labels, 1 white; ``weight``: how much a pixel says, 0 to 1. Padded by ``pad``."""

    ink: Floats
    weight: Floats
    pad: int


def ground(canvas: Canvas) -> Floats:
    """The bands with their names on their page, H×W×3."""
    left, top, right, _ = AREA
    plane = np.empty((canvas.height, canvas.width, 3), dtype=np.float32)
    plane[:] = PAGE
    for k, colour in enumerate(BANDS):
        plane[top + k * BAND_HEIGHT : top + (k + 1) * BAND_HEIGHT, left + 1 : right] = colour
    for word, baseline in WORDS:
        stencil, x, y = glyphs.placed(word, _WORD_SIZE, _WORD_LEFT, baseline, bold=True)
        box = plane[y : y + stencil.shape[0], x : x + stencil.shape[1]]
        box += (255 - box) * stencil[..., None] * _WORD_OPACITY
    return plane


def ink_of(canvas: Canvas, dots: Sequence[Dot]) -> Ink:
    """The ink over bands and dots. A dot's rim says little: its place is known to a fraction of a pixel only."""
    under = ground(canvas)
    weight = np.ones(under.shape[:2], dtype=np.float32)
    for dot in dots:
        x0, y0 = max(int(dot.x) - 7, 0), max(int(dot.y) - 7, 0)
        box = (slice(y0, int(dot.y) + 8), slice(x0, int(dot.x) + 8))
        rows, columns = np.mgrid[box]
        distance = np.hypot(columns + 0.5 - dot.x, rows + 0.5 - dot.y)[: canvas.height - y0, : canvas.width - x0]
        share = np.clip(RADIUS + 0.5 - distance, 0, 1)[..., None].astype(np.float32)
        colour = np.array(COLOURS[dot.colour][0], dtype=np.float32)
        under[box] = under[box] * (1 - share) + colour * share
        weight[box] = np.minimum(weight[box], np.where(distance < RADIUS + 1.5, 0.3, 1))
    to_white = 255 - under
    contrast = (to_white * to_white).sum(-1)
    ink = ((canvas.signed - under) * to_white).sum(-1) / np.maximum(contrast, 1)
    weight *= np.clip(contrast / 90000, 0, 1)
    return Ink(np.pad(np.clip(ink, -0.3, 1.2), PAD), np.pad(weight, PAD), PAD)


def baseline_above(ink: Ink, dots: Sequence[Dot]) -> float | None:
    """How far the labels' baselines stand above their dots' middles, in pixels; None where no row of text is seen.

    The mean ink over each dot, against the distance from it, is a block of the height of the capitals; the median over
    the dots ends it cleanly although some labels overlap.
    """
    away = np.arange(-26.0, -4.0, 0.25)
    profiles = []
    for dot in dots:
        column = int(dot.x) + ink.pad
        mean = ink.ink[:, column - 9 : column + 10].mean(1)
        profiles.append(np.interp(dot.y + away - 0.5 + ink.pad, np.arange(len(mean)), mean))
    profile = np.median(profiles, axis=0)
    sums = np.concatenate(([0.0], np.cumsum(profile)))
    height, rim = round(_CAPITALS * 4), 6
    ends = np.arange(height + rim, len(profile) - rim)

    def mean_of(start: NDArray[np.intp], stop: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.asarray((sums[stop] - sums[start]) / (stop - start))

    step = mean_of(ends - height, ends) - (
        mean_of(ends, ends + rim) + mean_of(ends - height - rim, ends - height)
    ) / 2  # fmt: skip
    end = int(ends[step.argmax()])
    if step.max() < 0.08:
        return None
    level = float(np.median(profile[end - height + 4 : end - 4]))
    low = _half_way(profile, end - 8, 1, level, float(profile[end + 2 : end + rim].mean()))
    high = _half_way(profile, end - height + 8, -1, level, float(profile[end - height - rim : end - height - 2].mean()))
    middle = (away[low] + away[high]) / 2
    return -float(middle + _CAPITALS / 2)


def _half_way(profile: NDArray[np.float64], start: int, way: int, level: float, outside: float) -> int:
    """The first index from ``start`` on, going ``way``, where the profile has fallen half way from level to outside."""
    at = start
    while 0 < at < len(profile) - 1 and profile[at] > (level + outside) / 2:
        at += way
    return at
