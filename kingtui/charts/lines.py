"""Lines of figures read glyph by glyph by the charts' font, from their right ends: percentages and axis labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.font import PHASES, Patch, advance, stencils
from kingtui.charts.glyphs import text_rows


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was read glyph by glyph. ``likeness``: the least of its glyphs, -1 to 1; ``margin``: the least lead
    of a glyph over the next likely one; ``start``: where its pen began, in pixels."""

    text: str
    likeness: float
    margin: float
    start: float


@cache
def _cells(alphabet: str, size: float) -> dict[int, tuple[NDArray[np.intp], NDArray[np.float32], Patch]]:
    """By cell width: the characters (indexes in ``alphabet``), the fractions of a pixel at which their pens start, and
    their zero-mean, unit-norm cells (N×pixels)."""
    trim = text_rows(size, alphabet)
    grouped: dict[int, list[tuple[int, float, Patch]]] = {}
    for index, character in enumerate(alphabet):
        width = max(3, round(advance(character, size)))
        for x_phase, y_phase in np.ndindex(PHASES, PHASES):
            cell = stencils(character, size)[y_phase, x_phase][trim, 1 : 1 + width].ravel()
            cell = cell - cell.mean()
            grouped.setdefault(width, []).append((index, x_phase / PHASES, cell / np.linalg.norm(cell)))
    return {
        width: (
            np.array([g[0] for g in group]),
            np.array([g[1] for g in group], np.float32),
            np.stack([g[2] for g in group]),
        )
        for width, group in grouped.items()
    }


def read_lines(
    luma: Patch, ends: Sequence[tuple[float, float]], size: float, alphabet: str, longest: int = 10, reach: int = 2
) -> list[Line]:
    """Lines of figures read from their right ends (pen end x, baseline; pixels of ``luma``), glyph by glyph.

    Each step tries every character of ``alphabet`` at quarters of a pixel around where the last glyph began, and ends
    where there is no ink. The first end may be ``reach`` pixels off. All lines are read at once, in one font size.
    """
    count = len(ends)
    if not count:
        return []
    cells, advances = _cells(alphabet, size), np.array([advance(c, size) for c in alphabet])
    trim, pad = text_rows(size, alphabet), round(size * 2)
    padded = np.pad(luma, pad, mode="edge")
    height = trim.stop - trim.start
    tops = np.array([round(y) for _, y in ends]) + pad - (1 + round(size)) + trim.start
    pen = np.array([x for x, _ in ends]) + pad
    texts, likeness, margin = [""] * count, np.ones(count), np.ones(count)
    contrast, alive = np.zeros(count), np.ones(count, dtype=np.bool_)
    for step in range(longest + 1):
        scores, places, ink = _step(padded, tops, pen, height, cells, advances, reach if step == 0 else 1)
        best = scores.argmax(1)
        lead = scores[np.arange(count), best]
        if step == 0:
            contrast = ink
        alive &= ink > 0.3 * contrast
        scores[np.arange(count), best] = -1
        likeness = np.where(alive, np.minimum(likeness, lead), likeness)
        margin = np.where(alive, np.minimum(margin, lead - scores.max(1)), margin)
        alive &= (lead > 0.4) & (pen > pad)
        if not alive.any():
            break
        for n in np.flatnonzero(alive):
            texts[n] = alphabet[best[n]] + texts[n]
        pen = np.where(alive, places[np.arange(count), best], pen)
    likeness[[not text for text in texts]] = 0
    return [Line(texts[n], float(likeness[n]), float(margin[n]), float(pen[n] - pad)) for n in range(count)]


def _step(
    padded: Patch,
    tops: NDArray[np.intp],
    pen: NDArray[np.float64],
    height: int,
    cells: dict[int, tuple[NDArray[np.intp], NDArray[np.float32], Patch]],
    advances: NDArray[np.float64],
    reach: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For each line and character: the best likeness just left of ``pen`` and where its pen starts; for each line the
    ink there (standard deviation of the luma)."""
    count = len(pen)
    scores = np.full((count, len(advances)), -1.0)
    places = np.zeros((count, len(advances)))
    ink = np.zeros(count)
    rows = np.arange(height)
    for width, (characters, phases, bank) in cells.items():
        for dx in range(-reach, reach + 1):
            left = np.floor(pen - advances[characters[0]] + 0.5).astype(int) + dx
            left = np.clip(left, 0, padded.shape[1] - width)
            for dy in (-1, 0):
                top = np.clip(tops + dy, 0, padded.shape[0] - height)
                patch = padded[(top[:, None] + rows)[:, :, None], (left[:, None] + np.arange(width))[:, None, :]]
                flat = patch.reshape(count, -1)
                flat = flat - flat.mean(1, keepdims=True)
                norm = np.linalg.norm(flat, axis=1)
                ink = np.maximum(ink, norm / np.sqrt(flat.shape[1])) if dx == 0 else ink
                found = (flat / np.maximum(norm, 1e-6)[:, None]) @ bank.T
                by_character = found.reshape(count, -1, PHASES * PHASES)
                choice = by_character.argmax(2)
                score = np.take_along_axis(by_character, choice[:, :, None], 2)[:, :, 0]
                own = characters[:: PHASES * PHASES]
                better = score > scores[:, own]
                scores[:, own] = np.where(better, score, scores[:, own])
                places[:, own] = np.where(better, left[:, None] + phases[choice], places[:, own])
    return scores, places, ink
