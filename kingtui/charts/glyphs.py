"""What a text looks like in the charts' font, compared with the pixels: the witness beside the recogniser.

A stencil is a text rendered in DejaVu Sans at the canonical size and at any fraction of a pixel; its likeness to a
patch of luma is their normalised correlation, so neither the text's colour nor an even background matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from kingtui.charts.font import PHASES, SHORT, Patch, advance, stencils

__all__ = [
    "Witness", "advance", "confirm", "correlation", "likeness", "lookalikes", "placed", "settle",
    "settle_each", "text_rows",
]  # fmt: skip

_CLOSE = 0.08
"""Lead of a character below which its rival is weighed as a whole text."""
_LOOKALIKES = ("0OQ", "1I", "5S", "8B", "VW", "NM")


def _stencil(text: str, size: float, bold: bool, x_phase: int, y_phase: int) -> Patch:
    """H×W coverage 0 to 1; the pen starts at (1 + x_phase / PHASES), the baseline is 1 + size (+ phase) down."""
    return np.asarray(stencils(text, size, bold)[y_phase, x_phase])


def placed(text: str, size: float, x: float, baseline: float, bold: bool = False) -> tuple[Patch, int, int]:
    """The stencil for a pen start at ``x`` and a baseline, with the pixel column and row of its corner."""
    x_steps, y_steps = round(x * PHASES), round(baseline * PHASES)
    column, x_phase = divmod(x_steps, PHASES)
    row, y_phase = divmod(y_steps, PHASES)
    return _stencil(text, size, bold, x_phase, y_phase), column - 1, row - 1 - round(size)


def correlation(one: Patch, other: Patch) -> float:
    """Normalised correlation of two patches, -1 to 1; 0 where one of them is flat."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 1e-6 else 0.0


def likeness(luma: Patch, text: str, size: float, x: float, baseline: float, bold: bool = False) -> float:
    """How well the pixels of ``luma`` (H×W) show ``text`` with its pen starting at ``x`` on ``baseline``; -1 to 1."""
    stencil, left, top = placed(text, size, x, baseline, bold)
    height, width = stencil.shape
    if left < 0 or top < 0 or left + width > luma.shape[1] or top + height > luma.shape[0]:
        return 0.0
    return correlation(luma[top : top + height, left : left + width], stencil)


@dataclass(frozen=True, slots=True)
class Witness:
    """What the font says of a text that was read.

    ``likeness``: of the whole text to the pixels, -1 to 1; ``margin``: the least lead of a character of it over any
    other of the alphabet in its place; ``rival``: the text with the weakest character replaced by that other.
    """

    likeness: float
    margin: float
    rival: str

    def agrees(self, likeness: float = 0.7, margin: float = 0.002) -> bool:
        """Whether the font confirms the text."""
        return self.likeness >= likeness and self.margin >= margin


def settle(
    luma: Patch,
    text: str,
    size: float,
    x: float,
    baseline: float,
    bold: bool = False,
    reach: float = 1,
    drop: float = 1,
) -> tuple[float, float, float]:
    """The pen start (within ``reach`` pixels) and baseline (within ``drop``) near the given ones at which ``text`` is
    most like the pixels, in quarters of a pixel, and how much: 0 where the text would leave ``luma``."""
    return settle_each(luma, [text], size, x, baseline, bold, reach, drop)[0]


def settle_each(
    luma: Patch,
    texts: Sequence[str],
    size: float,
    x: float,
    baseline: float,
    bold: bool = False,
    reach: float = 1,
    drop: float = 1,
) -> list[tuple[float, float, float]]:
    """What ``settle`` finds for each of several texts in one place."""
    around: dict[tuple[int, int], _Around | None] = {}
    found = []
    for text in texts:
        bank, height, width = _unit_stencils(text, size, bold)
        if (height, width) not in around:
            around[height, width] = _around(luma, (height, width), size, (x, baseline), (reach, drop))
        here = around[height, width]
        if here is None:
            found.append((x, baseline, 0.0))
            continue
        scores = np.where(here.far, 0, (bank @ here.patches.T).reshape(here.far.shape))
        down, right, row, column = np.unravel_index(int(scores.argmax()), scores.shape)
        best = float(scores[down, right, row, column])
        at = (float(here.xs[right, column]), float(here.ys[down, row]))
        found.append((*at, best) if best > 0 else (x, baseline, 0.0))
    return found


@dataclass(frozen=True, slots=True)
class _Around:
    """The patches of one size around a place (zero-mean, unit-norm; rows × columns of them in a row each), the pens'
    places by phase, and which of them (phases × phases × rows × columns) are too far."""

    patches: Patch
    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    far: NDArray[np.bool_]


def _around(
    luma: Patch, shape: tuple[int, int], size: float, place: tuple[float, float], reach: tuple[float, float]
) -> _Around | None:
    (height, width), (x, baseline), (aside, drop) = shape, place, reach
    columns = np.arange(max(int(np.floor(x - aside)), 1), int(np.floor(x + aside)) + 1)
    rows = np.arange(max(int(np.floor(baseline - drop)), 1 + round(size)), int(np.floor(baseline + drop)) + 1)
    columns = columns[columns - 1 + width <= luma.shape[1]]
    rows = rows[rows - 1 - round(size) + height <= luma.shape[0]]
    if len(columns) == 0 or len(rows) == 0:
        return None
    top, left = rows[0] - 1 - round(size), columns[0] - 1
    part = luma[top : top + len(rows) - 1 + height, left : left + len(columns) - 1 + width]
    patches = sliding_window_view(part, shape).reshape(len(rows) * len(columns), -1)
    patches = patches - patches.mean(1, keepdims=True)
    patches /= np.maximum(np.linalg.norm(patches, axis=1, keepdims=True), 1e-6)
    fractions = np.arange(PHASES) / PHASES
    ys, xs = fractions[:, None] + rows, fractions[:, None] + columns
    far = (np.abs(ys - baseline) > drop + 1e-6)[:, None, :, None] | (np.abs(xs - x) > aside + 1e-6)[None, :, None, :]
    return _Around(patches, xs, ys, far)


def _unit(text: str, size: float, bold: bool) -> tuple[Patch, int, int]:
    """The zero-mean, unit-norm stencils of all phases (N×pixels), and their height and width."""
    bank = stencils(text, size, bold)
    flat = bank.reshape(PHASES * PHASES, -1)
    flat = flat - flat.mean(1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return flat, bank.shape[2], bank.shape[3]


_short_unit = lru_cache(maxsize=256)(_unit)


def _unit_stencils(text: str, size: float, bold: bool) -> tuple[Patch, int, int]:
    return (_short_unit if len(text) <= SHORT else _unit)(text, size, bold)


def confirm(
    luma: Patch,
    text: str,
    size: float,
    x: float,
    baseline: float,
    alphabet: str,
    bold: bool = False,
    reach: float = 1,
    anchor: float | None = 0,
) -> Witness:
    """Whether ``luma`` shows ``text`` with its pen starting within ``reach`` pixels of ``x`` on ``baseline``: as a
    whole, and each character of ``alphabet`` in it better than any other of the alphabet.

    ``anchor``: which part of the text's width stays in place where a rival is wider: 0 its start, 1 its end; None:
    nobody knows, so that a rival may stand at either.
    """
    at, on, score = settle(luma, text, size, x, baseline, bold, reach)
    margin, rival = 1.0, text
    rivals = set()
    for index, character in enumerate(text):
        if character not in alphabet:
            continue
        start = at + advance(text[: index + 1], size, bold) - advance(character, size, bold)  # after kerning
        lead, other = _lead(luma, character, size, start, on, alphabet, bold)
        others = [other] if lead < _CLOSE else []
        rivals |= {text[:index] + c + text[index + 1 :] for c in others + _others(character, alphabet)}
        if lead < margin:
            margin, rival = lead, text[:index] + other + text[index + 1 :]
    for other in sorted(rivals):  # a misread text settles where it flatters itself: let its rivals settle as well
        wider = advance(other, size, bold) - advance(text, size, bold)
        starts = [x - part * wider for part in ((0, 1) if anchor is None else (anchor,))]
        lead = score - max(settle(luma, other, size, start, baseline, bold, reach)[2] for start in starts)
        if lead < margin:
            margin, rival = lead, other
    return Witness(score, margin, rival)


def lookalikes(text: str, alphabet: str) -> list[str]:
    """``text``, and what it may be taken for where characters of it look like others of ``alphabet``."""
    found = [""]
    for character in text:
        found = [start + c for start in found[:64] for c in (character, *_others(character, alphabet))]
    return found


def _others(character: str, alphabet: str) -> list[str]:
    """Characters like this one but of another width, so that no cell compares them."""
    return [c for group in _LOOKALIKES if character in group for c in group if c != character and c in alphabet]


def _lead(
    luma: Patch, character: str, size: float, x: float, baseline: float, alphabet: str, bold: bool
) -> tuple[float, str]:
    """By how much ``character`` is more like the pixels in its cell than the next of the alphabet about as wide, and
    which that is."""
    column, x_phase = divmod(round(x * PHASES), PHASES)
    row, y_phase = divmod(round(baseline * PHASES), PHASES)
    width = max(3, round(advance(character, size, bold)))
    bank = _bank(alphabet, size, bold, width, x_phase, y_phase)
    top, left = row - 1 - round(size) + text_rows(size, alphabet).start, column
    cell = luma[max(top, 0) : top + bank.shape[1], max(left, 0) : left + width]
    if cell.shape != bank.shape[1:]:
        return -1.0, character
    cell = cell - cell.mean()
    scores = np.tensordot(bank, cell, 2) / max(float(np.linalg.norm(cell)), 1e-6)
    widths = np.array([advance(other, size, bold) for other in alphabet])
    own = alphabet.index(character)
    scores[np.abs(widths - widths[own]) > 0.15 * size] = -1  # these would move the rest of the text
    mine, scores[own] = float(scores[own]), -1
    best = int(scores.argmax())
    return mine - float(scores[best]), alphabet[best]


@lru_cache(maxsize=1024)
def _bank(alphabet: str, size: float, bold: bool, width: int, x_phase: int, y_phase: int) -> Patch:
    """N×H×W: the characters' zero-mean, unit-norm cells of one width at one fraction of a pixel."""
    cells = []
    for character in alphabet:
        whole = _stencil(character, size, bold, x_phase, y_phase)[text_rows(size, alphabet), 1 : 1 + width]
        cell = np.zeros((whole.shape[0], width), dtype=np.float32)
        cell[:, : whole.shape[1]] = whole
        cell -= cell.mean()
        cells.append(cell / max(float(np.linalg.norm(cell)), 1e-6))
    return np.stack(cells)


def text_rows(size: float, alphabet: str) -> slice:
    """The rows of a stencil from just above its characters to just below the baseline, or below the descenders."""
    baseline = 1 + round(size)
    below = 2 if alphabet.upper() == alphabet else 1 + round(size * 0.25)
    return slice(baseline - round(size * 0.82), baseline + below)
