"""The labels over the dots of an RSI heat map, read although they overlap: rendered, laid over each other, compared.

Labels are 12 pixel DejaVu Sans, white and partly transparent, each centred over its dot on a common distance. So a
label is a word at a known place; what lies under it is known too (bands, dots, other labels). The ink of a pixel is how
far it is on the way from what lies under it to white. With U the ink of the other labels and r the coverage of a word,
the model says ink = U + (1 - U)·α·r, and a word gains what the squared misfit falls when it is laid there. As coverage
is a sum over glyphs, one table of gains by glyph and place gives the gain of every word of the vocabulary.

The labels are fitted in rounds, each against the others as they are known so far. At last each is read once more free
of the vocabulary: a word of the list that no change of a character improves was not chosen for want of a better one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kingtui.charts import glyphs
from kingtui.charts.rsi_dots import Dot
from kingtui.charts.rsi_ink import Ink, baseline_above
from kingtui.charts.rsi_words import LONGEST, SIZE, Words, laid_out, neighbours, vocabulary
from kingtui.charts.text import SYMBOL

_PHASES = 4
"""Places per pixel."""
_ABOVE, _BELOW = 11, 4
"""Rows of a label above and below its baseline."""
_GLYPH = 16
"""Columns of a glyph's stencil."""
_HALF = 62
"""Columns to each side of the middle of a label: 1000000BABYDOGE is 120 pixels wide."""
_SHIFTS = np.arange(-3, 4)
"""Quarters of a pixel by which a label's middle may be off its dot's."""
_ALPHA, _MOST_ALPHA = 0.75, 0.92
"""Opacity of the labels to begin with; The Kingfisher's have 0.77."""
_GAP = 5
"""Pixels; between two letters there are up to 3."""
_NEAR_X, _NEAR_Y = 80.0, 15.0
"""Two labels nearer than this may overlap, in pixels."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fit:
    """A word laid over a dot. ``gain``: by how much it explains the ink; ``share``: the same as a share of what a
    perfect match would gain, 1 at best; ``shift``: quarters of a pixel to the right."""

    word: str
    gain: float
    share: float
    shift: int


@dataclass
class Label:
    """One label: its middle ``x`` and ``baseline`` in canonical pixels, and what fits there.

    ``fits``: the words of the vocabulary, best first. ``free``: the word that a free reading ends at, which starts from
    the best and changes, adds or drops one character as long as that gains. ``edge``: what ``free`` gains over the
    best word that differs from it by one character.
    """

    x: float
    baseline: float
    fits: list[Fit] = field(default_factory=list)
    free: Fit | None = None
    edge: float = 0.0

    @property
    def best(self) -> Fit:
        """The best word of the vocabulary."""
        return self.fits[0]

    @property
    def lead(self) -> float:
        """The gain of the best word over the next of the vocabulary."""
        return self.fits[0].gain - self.fits[1].gain if len(self.fits) > 1 else 0.0

    @property
    def excess(self) -> float:
        """The gain of the free reading over the best word of the vocabulary, 0 where it is the same."""
        return 0.0 if self.free is None or self.free.word == self.best.word else self.free.gain - self.best.gain


@lru_cache(maxsize=8)
def _bank(y_phase: int) -> Floats:
    """Stencils of the characters: 4 x-phases × characters × rows × columns, coverage 0 to 1."""
    rows = _ABOVE + _BELOW
    bank = np.zeros((_PHASES, len(SYMBOL), rows, _GLYPH), dtype=np.float32)
    for phase, (index, character) in ((p, c) for p in range(_PHASES) for c in enumerate(SYMBOL)):
        stencil, left, top = glyphs.placed(character, SIZE, 2 + phase / _PHASES, _ABOVE + y_phase / _PHASES)
        cell = np.zeros((rows + 8, _GLYPH + 8), dtype=np.float32)
        cell[4 + top : 4 + top + stencil.shape[0], 4 + left : 4 + left + stencil.shape[1]] = stencil
        bank[phase, index] = cell[4:-4, 4:-4]
    return bank


class Fitter:
    """Fits words to the labels of one chart."""

    def __init__(self, ink: Ink, labels: Sequence[Label], alpha: float) -> None:
        self.ink, self.labels, self.alpha = ink, list(labels), alpha
        self.clear = np.ones_like(ink.ink)
        """What all labels laid so far let through: the product of 1 - α·r."""
        self.laid: list[Floats | None] = [None] * len(self.labels)

    def _box(self, label: Label) -> tuple[slice, slice, int, int]:
        """The label's rows and columns in the padded ink, the column of its first pixel and its y-phase."""
        row, phase = divmod(round(label.baseline * _PHASES), _PHASES)
        left = int(label.x) - _HALF
        rows = slice(row - _ABOVE + self.ink.pad, row + _BELOW + self.ink.pad)
        columns = slice(left + self.ink.pad, left + 2 * _HALF + _GLYPH + self.ink.pad)
        return rows, columns, left, phase

    def fit(self, index: int, words: Words, keep: int = 6) -> list[Fit]:
        """The ``keep`` words that gain the most over dot ``index``, given the other labels as they are laid."""
        label = self.labels[index]
        rows, columns, left, phase = self._box(label)
        own = self.laid[index]
        clear = self.clear[rows, columns]
        if own is not None:
            clear = clear / (1 - self.alpha * own)
        weight = self.ink.weight[rows, columns]
        through = np.float32(self.alpha) * clear
        rest = self.ink.ink[rows, columns] - (1 - clear)
        bank = _bank(phase)
        gains = _correlate(2 * weight * rest * through, bank) - _correlate(weight * through * through, bank**2)
        laid = words
        starts = (label.x - laid.widths / 2 - left)[:, None] + laid.pens - 2
        places = np.clip(np.round(starts * _PHASES).astype(int), 3, gains.shape[1] - 4)
        present = laid.characters >= 0
        flat = gains.ravel()
        base = np.where(present, laid.characters, 0) * gains.shape[1] + places
        totals = np.stack([(flat[base + shift] * present).sum(1) for shift in _SHIFTS])
        best = totals.argmax(0)
        order = np.argsort(-totals.max(0), kind="stable")[: 2 * keep]
        exact = [self._exact(index, laid.words[k], int(_SHIFTS[best[k]]), weight, rest, through) for k in order]
        return sorted(exact, key=lambda fit: -fit.gain)[:keep]

    def _exact(self, index: int, word: str, shift: int, weight: Floats, rest: Floats, through: Floats) -> Fit:
        """The fit with the glyphs' overlaps counted."""
        covered = through * self.coverage(index, word, shift)
        perfect = float((weight * covered * covered).sum())
        gain = float((weight * (2 * rest * covered - covered * covered)).sum())
        return Fit(word, gain, gain / max(perfect, 1e-6), shift)

    def coverage(self, index: int, word: str, shift: int) -> Floats:
        """The word's coverage over the dot's box, 0 to 1."""
        label = self.labels[index]
        rows, columns, left, phase = self._box(label)
        bank = _bank(phase)
        plane = np.zeros((rows.stop - rows.start, columns.stop - columns.start), dtype=np.float32)
        laid = laid_out((word,))
        start = label.x - float(laid.widths[0]) / 2 - left - 2
        for character, pen in zip(laid.characters[0], laid.pens[0], strict=True):
            if character < 0:
                break
            column, x_phase = divmod(round((start + float(pen)) * _PHASES) + shift, _PHASES)
            if 0 <= column <= plane.shape[1] - _GLYPH:
                plane[:, column : column + _GLYPH] += bank[x_phase, character]
        return np.minimum(plane, 1)

    def lay(self, index: int, fit: Fit | None) -> None:
        """Put a word (None: nothing) over dot ``index``."""
        rows, columns, _, _ = self._box(self.labels[index])
        before = self.laid[index]
        if before is not None:
            self.clear[rows, columns] /= 1 - self.alpha * before
        self.laid[index] = None if fit is None else self.coverage(index, fit.word, fit.shift)
        after = self.laid[index]
        if after is not None:
            self.clear[rows, columns] *= 1 - self.alpha * after

    def crowd(self, index: int) -> bool:
        """Whether another label's ink may reach into this one's."""
        own = self.labels[index]
        return any(
            abs(own.x - other.x) < _NEAR_X and abs(own.baseline - other.baseline) < _NEAR_Y
            for k, other in enumerate(self.labels)
            if k != index
        )

    def first(self, words: Words) -> None:
        """Fit every label as if it stood alone."""
        for index, label in enumerate(self.labels):
            label.fits = self.fit(index, words)

    def rounds(self, words: Words, most: int = 6) -> None:
        """Lay every label, the surest first, and fit those in a crowd against the others until no word changes."""
        order = sorted(range(len(self.labels)), key=lambda k: -self.labels[k].best.share)
        crowded = {index for index in order if self.crowd(index)}
        for index in order:
            if index in crowded:
                self.labels[index].fits = self.fit(index, words)
            self.lay(index, self.labels[index].best)
        for _ in range(most):
            changed = False
            for index in order:
                if index not in crowded:
                    continue
                label = self.labels[index]
                before = label.best
                label.fits = self.fit(index, words)
                if label.best != before:
                    self.lay(index, label.best)
                    changed |= label.best.word != before.word
            if not changed:
                break

    def explore(self) -> None:
        """Read every label once more, free of the vocabulary."""
        for index, label in enumerate(self.labels):
            label.free, label.edge = self._climb(index, label.best)

    def consider(self, index: int, word: str) -> None:
        """Begin the free reading of a label at a word that was read in another way, and keep the better end."""
        label = self.labels[index]
        if not 1 <= len(word) <= LONGEST or label.free is None or word == label.free.word:
            return
        end, edge = self._climb(index, self.fit(index, laid_out((word,)))[0])
        if end.gain > label.free.gain:
            label.free, label.edge = end, edge

    def _climb(self, index: int, here: Fit, most: int = 6) -> tuple[Fit, float]:
        """The word that changes of one character lead to as long as each gains, and its lead over its neighbours."""
        for _ in range(most):
            fits = self.fit(index, neighbours(here.word), keep=3)
            rival = next(fit for fit in fits if fit.word != here.word)
            if rival.gain <= here.gain:
                break
            here = rival
        return here, here.gain - rival.gain if rival is not here else 0.0

    def reach(self, index: int) -> tuple[float, float]:
        """From where to where, in canonical pixels, the ink over a dot goes without a gap wider than a letter's."""
        label = self.labels[index]
        top, middle = round(label.baseline) + self.ink.pad, int(label.x) + self.ink.pad
        inked = self.ink.ink[top - 9 : top + 1, middle - _HALF : middle + _HALF].max(0) > 0.35 * self.alpha
        ends = []
        for side in (inked[:_HALF][::-1], inked[_HALF:]):
            places = np.flatnonzero(np.concatenate(([True], side)))
            wide = np.flatnonzero(np.diff(places) > _GAP)
            ends.append(int(places[wide[0]] if len(wide) else places[-1]))
        return int(label.x) - ends[0], int(label.x) + ends[1]


def fit_labels(ink: Ink, dots: Sequence[Dot], xs: Sequence[float]) -> Fitter | None:
    """The labels of the dots, whose columns are at ``xs``, read; None where there is no row of text over the dots."""
    above = baseline_above(ink, dots) if dots else None
    if above is None:
        return None
    labels = [Label(x, dot.y - above) for dot, x in zip(dots, xs, strict=True)]
    fitter = Fitter(ink, labels, _ALPHA)
    fitter.first(vocabulary())
    middle = float(np.median([label.best.share for label in labels]))
    fitter.alpha = float(np.clip(_ALPHA * (middle + 1) / 2, 0.3, _MOST_ALPHA))  # share 1 is where α is right
    fitter.rounds(vocabulary())
    fitter.explore()
    return fitter


def _correlate(plane: Floats, bank: Floats) -> Floats:
    """Σ plane·stencil for each character (rows) and each quarter of a pixel (columns)."""
    height, width = bank.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(plane, width, axis=1)  # rows × places × width
    flat = np.ascontiguousarray(windows.transpose(1, 0, 2)).reshape(windows.shape[1], height * width)
    found = flat @ bank.reshape(-1, height * width).T  # places × (phases · characters)
    split = found.reshape(len(found), bank.shape[0], bank.shape[1])
    return np.asarray(split.transpose(2, 0, 1).reshape(bank.shape[1], -1))
