"""Titles: the words that occur in them, and reading them where the kind says they stand.

A title is read word by word where its words are known: of those that may come next, the one that the font shows at the
pen. The recogniser reads the others, and the whole of a title that holds anything else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from string import ascii_lowercase
from textwrap import wrap

import numpy as np

from kingtui.charts.font import SHORT, Patch, advance
from kingtui.charts.glyphs import confirm, settle, settle_each
from kingtui.charts.locate import Box, Canvas
from kingtui.charts.text import read_texts

LEVERAGES = ("all_leverage", "high_leverage", "medium_leverage", "low_leverage", "optical_opti")
"""The words for the leverage that have been seen; others are taken as they are read."""
SHORT_TERM = "optical_opti"

_INK = 90
_LIKE, _LEAD = 0.72, 0.04
"""Likeness of a word to the pixels, and its lead over every other that may stand there, from which it is taken."""


def read_title(canvas: Canvas, box: Box) -> str:
    """The text in ``box``, cropped in x to the ink of its upper part (a label may come near from below)."""
    left, top, right, bottom = box
    upper = slice(top, top + round((bottom - top) * 0.75))
    columns = np.flatnonzero((canvas.off_page[upper, left:right] > _INK).any(0))
    if len(columns) == 0:
        return ""
    x0, x1 = left + int(columns[0]) - 4, left + int(columns[-1]) + 5
    title = read_texts([canvas.crop(x0, top, x1, bottom)])[0].text
    canvas.note("title", "box", (x0, top, x1, bottom), title)
    return title


@dataclass(slots=True)
class Pen:
    """Where the reading of a bold title has got to in ``luma`` (H×W): pen start and baseline, in pixels."""

    luma: Patch
    size: float
    x: float
    baseline: float

    def take(self, words: Sequence[str], reach: float = 0.75, drop: float = 0.25, lead: float = _LEAD) -> str | None:
        """The one of ``words`` that stands within ``reach`` pixels of the pen, which moves behind it; None where none
        is clear."""
        found = settle_each(self.luma, words, self.size, self.x, self.baseline, True, reach, drop)
        scores = np.array([likeness for _, _, likeness in found])
        best = int(scores.argmax())
        if scores[best] < _LIKE or scores[best] - np.delete(scores, best).max(initial=-1) < lead:
            return None
        self.x = found[best][0] + advance(words[best], self.size, bold=True)
        self.baseline = found[best][1]
        return words[best]


def likeness(word: str, other: str) -> float:
    """How alike two words are, 0 to 1."""
    return SequenceMatcher(None, word, other).ratio()


def leverage_of(word: str) -> str:
    """The leverage that a word in a title means: the known one it is nearest to, else itself."""
    close = get_close_matches(word.lower(), LEVERAGES, n=1, cutoff=0.85)
    return close[0] if close else word.lower()


def follow(
    luma: Patch, text: str, size: float, x: float, baseline: float, reach: float = 1.5
) -> tuple[float, float, float]:
    """Where a bold text's pen starts (within ``reach`` pixels of ``x``) and its baseline, and its likeness, piece by
    piece: over the width of a title a resized picture is off by more than a pixel."""
    pieces = wrap(text, SHORT, drop_whitespace=False)
    start, at = None, Pen(luma, size, x, baseline)
    likeness = 0.0
    for piece in pieces:
        first = start is None
        found = settle(luma, piece, size, at.x, at.baseline, True, reach if first else 0.5, 1 if first else 0.25)
        start = start or found
        width = advance(piece, size, bold=True)
        at.x, at.baseline = found[0] + width, found[1]
        likeness += found[2] * width
    return (*start[:2], likeness / max(advance(text, size, bold=True), 1e-6)) if start else (x, baseline, 0.0)


def spell_between(
    canvas: Canvas, before: str, words: Sequence[str], after: str, size: float, centre: float, baseline: float
) -> str | None:
    """A bold title around ``centre`` with one of ``words`` between what is always there; None where it has another."""
    for word in words:
        x = centre - advance(before + word + after, size, bold=True) / 2
        pen = Pen(canvas.luma, size, x + advance(before, size, bold=True), baseline)
        if pen.take([word + after], 1.5, 1) and follow(canvas.luma, before, size, x, baseline)[2] >= _LIKE:
            return before + word + after
    return None


def title_agrees(
    canvas: Canvas, match: re.Match[str], leverage: str, size: float, centre: float, baseline: float
) -> bool:
    """Whether the font confirms a bold title, centred on ``centre``, that has ``leverage`` where ``match`` has it.

    A known word is confirmed by the likeness of the whole; of another one each letter has to be.
    """
    before, after = match.string[: match.start("leverage")], match.string[match.end("leverage") :]
    x = centre - advance(before + leverage + after, size, bold=True) / 2
    x, baseline, likeness = follow(canvas.luma, before, size, x, baseline)
    place, width = x + advance(before, size, bold=True), advance(leverage, size, bold=True)
    canvas.note("leverage", "box", (place, baseline - 0.8 * size, place + width, baseline + 0.25 * size), leverage)
    if likeness < 0.8:
        return False
    if leverage in LEVERAGES:
        return settle(canvas.luma, leverage, size, place, baseline, True, 1, 0.25)[2] >= 0.8
    return confirm(canvas.luma, leverage, size, place, baseline, ascii_lowercase, bold=True, reach=1).agrees()
