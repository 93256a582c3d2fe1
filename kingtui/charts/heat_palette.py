"""The colours of a heat map: what strength a colour stands for, and how far it is from any strength's.

The palette turns twice (page, teal, olive, purple, red), so that only luma and chroma together decide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""Rec. 601, as in JPEG, without the offset of the chroma."""
NOISE = np.array([4.0, 10.0, 10.0])
"""What counts as one unit of difference in luma and chroma: chroma is the noisier."""

_STOPS = np.array([0.0, 0.2, 0.5, 0.65, 0.8, 1.0])
_COLOURS = np.array([(44, 56, 84), (38, 81, 106), (28, 128, 152), (82, 108, 98), (90, 34, 146), (131, 56, 92)])
"""The palette: RGB at those strengths, linear between them."""
_STRENGTHS = np.linspace(0, 1, 201)
PALETTE = np.stack([np.interp(_STRENGTHS, _STOPS, _COLOURS[:, k]) for k in range(3)], axis=1) @ YCC.T

STRANGE = 2.2
"""A pixel farther than this from the palette may be a candle's: bands measure up to 1.6, candles 3 to 6. Where two
bands meet, a JPEG's mixed colours are as strange; those are not warm."""


def on_palette(colours: Floats) -> tuple[Floats, Floats]:
    """The strength of each colour (…×3, luma and chroma) and its distance from the palette, in units of noise."""
    points, palette = (colours / NOISE).reshape(-1, 3), PALETTE / NOISE
    squares = (points**2).sum(1)[:, None] - 2 * points @ palette.T + (palette**2).sum(1)
    nearest = squares.argmin(1)
    distance = np.sqrt(np.maximum(squares[np.arange(len(points)), nearest], 0))
    shape = colours.shape[:-1]
    return _STRENGTHS[nearest].reshape(shape), distance.reshape(shape)
