"""Words of any letters, read by the font alone: whole words compete, so that no glyph can pose as a part of another.

A word is set from its right end, where the chart aligns it, so each suffix says to the fraction of a pixel where the
next glyph begins. The words whose stencils explain the pixels best are found by a beam search over suffixes, for all
words of a column at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from kingtui.charts.font import PHASES, Patch, advance, stencils

_BEAM = 10
"""Suffixes that are kept of a word."""
_AHEAD = 0.15
"""Share of its energy that the part of a word that is still to be read is taken to leave unexplained."""
_LONGEST = 16


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was read. ``likeness``: the cosine between it and the pixels, 0 to 1. ``margin``: by how much of the
    energy of one of its glyphs it explains the pixels better than any other word."""

    text: str
    likeness: float
    margin: float
    rival: str


@dataclass(frozen=True)
class _Glyphs:
    """The glyphs of an alphabet in one size: ``cells`` (y phases × x phases × N × H·W), their energies, widths and
    kerning (N×N: what the pen moves more between one and the next), in pixels. ``rows``: of a stencil."""

    cells: Patch
    energy: NDArray[np.float32]
    widths: NDArray[np.float64]
    kerning: NDArray[np.float64]
    rows: slice
    width: int


@cache
def _glyphs(alphabet: str, size: float) -> _Glyphs:
    widths = np.array([advance(character, size) for character in alphabet])
    kerning = np.array([[advance(a + b, size) for b in alphabet] for a in alphabet]) - widths[:, None] - widths
    width = int(np.ceil(widths.max())) + 3
    rows = slice(1 + round(size) - round(size * 0.82), 1 + round(size) + round(size * 0.25) + 1)
    cells = np.zeros((PHASES, PHASES, len(alphabet), rows.stop - rows.start, width), dtype=np.float32)
    for index, character in enumerate(alphabet):
        bank = stencils(character, size)[:, :, rows]
        cells[:, :, index, :, : bank.shape[-1]] = bank
    flat = cells.reshape(PHASES, PHASES, len(alphabet), -1)
    return _Glyphs(flat, (flat * flat).sum(-1), widths, kerning, rows, width)


def read_words(
    luma: Patch, ends: Sequence[tuple[float, float]], size: float, alphabet: str, ground: float, reach: int
) -> list[Word]:
    """The words that end at ``ends`` (pen end x, baseline; pixels of ``luma``) on a flat ``ground`` of luma, none wider
    than ``reach`` pixels."""
    if not ends:
        return []
    glyphs = _glyphs(alphabet, size)
    seen, energy = _seen(luma, ends, size, glyphs, ground, reach)
    pens = np.array([reach + x - np.floor(x) for x, _ in ends])
    return _search(alphabet, glyphs, seen, energy, pens)


def _seen(
    luma: Patch, ends: Sequence[tuple[float, float]], size: float, glyphs: _Glyphs, ground: float, reach: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """How much of each glyph is seen at each place: words × x phases × N × pen columns (0 to ``reach``, which is the
    end's own); and the energy of the pixels right of each column."""
    height = glyphs.rows.stop - glyphs.rows.start
    margin = glyphs.width + reach
    padded = np.pad(luma - np.float32(ground), ((height, height), (margin, margin)))
    seen = np.empty((len(ends), PHASES, glyphs.cells.shape[2], reach + 1), dtype=np.float32)
    energy = np.empty((len(ends), reach + 2))
    for word, (x, baseline) in enumerate(ends):
        row, phase = divmod(round(baseline * PHASES), PHASES)
        top = row - 1 - round(size) + glyphs.rows.start + height
        left = int(np.floor(x)) - reach - 1 + margin
        strip = padded[top : top + height, left : left + reach + glyphs.width].copy()
        strip[:, reach + 2 :] = 0  # what stands behind the end belongs to something else
        windows = sliding_window_view(strip, (height, glyphs.width)).reshape(reach + 1, -1)
        bank = glyphs.cells[phase].reshape(-1, windows.shape[1])
        seen[word] = (bank @ windows.T).reshape(PHASES, -1, reach + 1)
        columns = (strip.astype(np.float64) ** 2).sum(0)[: reach + 2]
        energy[word] = columns[::-1].cumsum()[::-1]
    return seen, energy


def _search(
    alphabet: str,
    glyphs: _Glyphs,
    seen: NDArray[np.float32],
    energy: NDArray[np.float64],
    ends: NDArray[np.float64],
) -> list[Word]:
    """The best word of each line, and how far the next one is behind: a beam search from the right."""
    count, letters = len(ends), len(alphabet)
    whole = np.maximum(energy[:, 0], 1e-9)
    line = np.arange(count)[:, None, None]
    pens, dots, norms = ends[:, None], np.zeros((count, 1)), np.zeros((count, 1))
    last = np.full((count, 1), -1)
    texts: list[list[str]] = [[""] for _ in range(count)]
    found: list[list[tuple[float, str]]] = [[] for _ in range(count)]
    kerning = np.concatenate((glyphs.kerning.T, np.zeros((1, letters))))  # by the next glyph, the last row: none
    for _ in range(_LONGEST):
        starts = pens[:, :, None] - glyphs.widths - kerning[last]
        steps = np.round(starts * PHASES).astype(int)
        column, phase = np.divmod(steps, PHASES)
        inside = column >= 0
        column = np.clip(column, 0, seen.shape[3] - 1)
        index = np.arange(letters)[None, None]
        dot = dots[:, :, None] + seen[line, phase, index, column]
        norm = norms[:, :, None] + glyphs.energy[0][phase, index]
        explained = np.where(inside & (dot > 0), dot * dot / norm, 0) / whole[:, None, None]
        before = energy[line, 0] - energy[line, column + 1]
        rating = explained + (1 - _AHEAD) * before / whole[:, None, None]
        rating[~inside] = -1
        flat = rating.reshape(count, -1)
        kept = np.argsort(-flat, axis=1, kind="stable")[:, :_BEAM]
        parent, letter = np.divmod(kept, letters)
        here = np.arange(count)[:, None]
        pens, dots, norms = starts[here, parent, letter], dot[here, parent, letter], norm[here, parent, letter]
        last = letter
        shares = explained[here, parent, letter]
        for n in range(count):
            texts[n] = [alphabet[c] + texts[n][p] for p, c in zip(parent[n], letter[n], strict=True)]
            found[n] += [(share, text) for share, text in zip(shares[n].tolist(), texts[n], strict=True) if share > 0]
        if (before[here, parent, letter] < 0.01 * whole[:, None]).all():
            break
    return [_best(words) for words in found]


def _best(found: list[tuple[float, str]]) -> Word:
    if not found:
        return Word("", 0.0, 0.0, "")
    ranked = sorted(found, reverse=True)
    (share, text), (next_share, rival) = ranked[0], ranked[1] if len(ranked) > 1 else (0.0, "")
    return Word(text, share**0.5, (share - next_share) * len(text), rival)
