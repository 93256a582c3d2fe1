"""The ink of an RSI heat map: how far each pixel is on the way from what lies under the labels to white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.locate import PAGE, Canvas
from kingtui.charts.rsi_dots import AREA, COLOURS, RADIUS, Dot

BANDS = ((122, 39, 55), (85, 32, 48), (45, 55, 82), (38, 60, 37), (47, 79, 38))
"""The five bands from the top: overbought, strong, neutral, weak, oversold; each 20 points of RSI."""
BAND_HEIGHT = (AREA[3] - AREA[1]) // len(BANDS)
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
    """The bands on their page, H×W×3."""
    left, top, right, _ = AREA
    plane = np.empty((canvas.height, canvas.width, 3), dtype=np.float32)
    plane[:] = PAGE
    for k, colour in enumerate(BANDS):
        plane[top + k * BAND_HEIGHT : top + (k + 1) * BAND_HEIGHT, left + 1 : right] = colour
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
