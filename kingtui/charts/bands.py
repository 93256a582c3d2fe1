"""The bands of a heat map at its right edge: one strength per row of the map.

The map is 200 rows of 3 canonical pixels. A row's colour tells its strength by a palette that turns twice (page, teal,
olive, purple, red), so that only luma and chroma together decide. A JPEG halves the chroma's resolution, which washes a
row of 2 or 3 pixels out; as the rows' places are known, their colours are solved for by least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.band_fit import fit
from kingtui.charts.heat_frame import DRAWN, Frame
from kingtui.charts.heat_palette import PALETTE, STRANGE, YCC, on_palette
from kingtui.charts.locate import Canvas

ROWS = 200
_COLUMNS = (856, 868)
"""Where the right edge's colours are taken from: the last five cells of the map before the axis."""
_EARLIER = ((842, 854), (828, 840), (814, 826), (800, 812))
"""Where the same bands are looked for once more: they have stood there for hours, a candle's body has not."""
_APART = 0.85
"""Original pixels per canonical pixel from which the rows, 3 of these high, are told from each other."""
_CLEAR = 3.0
"""Units of noise, squared, by which a row must explain the pixels better than in a neighbour's place."""
_ALIKE = 0.5
"""Least share of its strength that a band had before."""
_TAKEN = 8
"""So many canonical pixels of a row, the rightmost."""
_WARM_RED, _WARM_GREEN = 70, 40
"""Red and green above blue in a candle: 160 and 110, less in a smeared wick; in a band up to 39 and 10."""
_BLEED = 2
"""Canonical pixels by which a candle's chroma bleeds."""
_RIDGE = 0.1
"""Weight of a row's plain mean colour against the solved one: keeps noise from being sharpened."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the map at its right edge. ``y``: its middle in canonical pixels; ``strange``: how far its colour is
    from the palette's, in units of noise."""

    y: float
    strength: float
    strange: float
    clear: bool = True
    """Whether it is no neighbour's: it would explain the pixels clearly worse."""
    seen: int = 1
    """In how many of the places to the left it is seen, too."""


def strongest(canvas: Canvas, least: float, most: int, frame: Frame = DRAWN) -> list[Row]:
    """The rows that are stronger than their neighbours and at least ``least``, strongest first, up to ``most``."""
    strength, strange, covered, margins = _rows(canvas, frame, _COLUMNS)
    strength = np.where(covered, 0, strength)
    before = np.stack([_peaks(canvas, frame, columns) for columns in _EARLIER])
    found: list[int] = []
    for k in np.argsort(-strength, kind="stable").tolist():
        if strength[k] < least or len(found) == most:
            break
        if all(abs(k - other) > 1 for other in found):
            found.append(k)
    height = frame.height / ROWS
    return [
        Row(
            frame.top + (k + 0.5) * height,
            float(strength[k]),
            float(strange[k]),
            clear=bool(margins[k] >= _CLEAR),
            seen=int((before[:, k] >= _ALIKE * strength[k]).sum()),
        )
        for k in found
    ]


def _peaks(canvas: Canvas, frame: Frame, columns: tuple[int, int]) -> Floats:
    """The strength in these columns of each row that is no weaker than its neighbours, and that no candle is over."""
    strength, strange, covered, _ = _rows(canvas, frame, columns)
    strength[covered | (strange > STRANGE)] = 0
    beside = np.pad(strength, 1)
    return np.where(strength >= np.maximum(beside[:-2], beside[2:]), strength, 0)


def _rows(canvas: Canvas, frame: Frame, columns: tuple[int, int]) -> tuple[Floats, Floats, NDArray[np.bool_], Floats]:
    """The 200 rows in these columns: their strength, how strange their colour is, which of them candles cover, and by
    how much worse each would be in a neighbour's place (infinite where rows are plainly apart)."""
    profile, covered, first = _profile(canvas, frame, columns)
    shares = _row_shares(first, len(profile), canvas.factor[1], frame)
    inside = shares.sum(1) > 0.5
    weight = shares[inside].sum(0)[:, None]
    mean = shares[inside].T @ profile[inside] / np.maximum(weight, 1e-9)

    def solved(mix: Floats, channels: slice) -> tuple[Floats, float]:
        system = mix[inside].T @ mix[inside] + _RIDGE * np.eye(ROWS)
        colours = np.linalg.solve(system, mix[inside].T @ profile[inside, channels] + _RIDGE * mean[:, channels])
        return colours, float(np.square(mix[inside] @ colours - profile[inside, channels]).mean())

    luma, _ = solved(shares, slice(0, 1))
    chroma, misfit = solved(shares, slice(1, 3))
    mixed = _halve(shares, (first + canvas.box[1]) % 2)
    halved, halved_misfit = solved(mixed, slice(1, 3))
    if halved_misfit < 0.8 * misfit:  # a PNG's chroma is whole
        chroma = halved
    else:
        mixed = shares
    strength, strange = on_palette(np.hstack((luma, chroma)))
    margins = np.full(ROWS, np.inf)
    if canvas.factor[1] < _APART:
        strength, margins = fit(profile[inside], shares[inside], mixed[inside], strength)
    return strength, strange, (shares.T @ covered) > 0.5 * weight[:, 0], margins


def _profile(canvas: Canvas, frame: Frame, columns: tuple[int, int]) -> tuple[Floats, NDArray[np.bool_], int]:
    """Luma and chroma down these columns at the original's resolution (H×3), where candles cover them, and its top."""
    fx, fy = canvas.factor
    first, last = int(np.floor(frame.top * fy)) - 2, int(np.floor((frame.bottom - 1) * fy))
    pixels = canvas.original[max(first, 0) : last, int(columns[0] * fx) : int(columns[1] * fx)].astype(np.float64)
    part = pixels @ YCC.T
    _, distance = on_palette(part)
    bleed = max(1, round(_BLEED * fx))
    warm = (pixels[..., 0] - pixels[..., 2] > _WARM_RED) | (pixels[..., 1] - pixels[..., 2] > _WARM_GREEN)
    candles: NDArray[np.bool_] = (distance > STRANGE) & _grown(warm, 2 * bleed)
    crossed = np.asarray(candles.any(axis=1, keepdims=True))
    covered = _largest(_grown(crossed, 2 * bleed)[:, 0], candles.sum(axis=1))  # what was crossed is liquidated anyway
    profile = np.median(part[:, -max(2, round(_TAKEN * fx)) :], axis=1)
    profile[covered] = PALETTE[0]
    return profile, covered, max(first, 0)


def _largest(covered: NDArray[np.bool_], pixels: NDArray[np.intp]) -> NDArray[np.bool_]:
    """The run of covered rows that has the most pixels: candles follow each other without a gap, a red band may seem
    one where its colour bleeds into the axis."""
    starts = np.diff(np.concatenate(([0], covered.astype(np.int8)))) > 0
    run = np.cumsum(starts) * covered
    most = int(np.bincount(run, weights=pixels)[1:].argmax()) + 1 if covered.any() else -1
    return np.asarray(run == most)


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """The mask widened by ``by`` pixels on every side."""
    padded = np.pad(mask, by)
    tall = np.lib.stride_tricks.sliding_window_view(padded, 2 * by + 1, axis=0).any(-1)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(tall, 2 * by + 1, axis=1).any(-1))


def _row_shares(first: int, height: int, factor: float, frame: Frame) -> Floats:
    """How much of each original pixel from ``first`` on each row covers (height×200)."""
    row_height = frame.height / ROWS
    edges = np.clip((np.arange(first, first + height + 1) / factor - frame.top) / row_height, 0, ROWS)
    row = np.arange(ROWS)
    overlap = np.minimum(edges[1:, None], row + 1) - np.maximum(edges[:-1, None], row)
    size = factor**-1 / row_height
    return np.asarray(np.clip(overlap, 0, None) / size)


def _halve(shares: Floats, phase: int) -> Floats:
    """``shares`` as a JPEG with halved chroma shows them: pairs of pixels averaged, then spread by ¾ and ¼.

    ``phase``: 0 where the first pixel begins a pair. The spreading is libjpeg's "fancy upsampling".
    """
    height = len(shares)
    pair = (np.arange(height) + phase) // 2
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    means = np.add.reduceat(shares, starts, axis=0) / np.bincount(pair)[:, None]
    second = (np.arange(height) + phase) % 2
    neighbour = np.clip(pair + np.where(second == 1, 1, -1), 0, len(means) - 1)
    return np.asarray(0.75 * means[pair] + 0.25 * means[neighbour])
