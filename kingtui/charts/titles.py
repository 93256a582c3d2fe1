"""Titles: read where the kind says they stand, and the words that occur in them."""

from __future__ import annotations

import re
from difflib import get_close_matches

import numpy as np

from kingtui.charts.glyphs import advance, confirm, settle
from kingtui.charts.locate import Box, Canvas
from kingtui.charts.text import read_texts

LEVERAGES = ("all_leverage", "high_leverage", "medium_leverage", "low_leverage", "optical_opti")
"""The words for the leverage that have been seen; others are taken as they are read."""
SHORT_TERM = "optical_opti"

_INK = 90
_LOWER = "abcdefghijklmnopqrstuvwxyz"


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


def leverage_of(word: str) -> str:
    """The leverage that a word in a title means: the known one it is nearest to, else itself."""
    close = get_close_matches(word.lower(), LEVERAGES, n=1, cutoff=0.85)
    return close[0] if close else word.lower()


def title_agrees(
    canvas: Canvas, match: re.Match[str], leverage: str, size: float, centre: float, baseline: float
) -> bool:
    """Whether the font confirms a bold title, centred on ``centre``, that has ``leverage`` where ``match`` has it.

    A known word is confirmed by the likeness of the whole; of another one each letter has to be.
    """
    title = match.string[: match.start("leverage")] + leverage + match.string[match.end("leverage") :]
    x = centre - advance(title, size, bold=True) / 2
    x, baseline, likeness = settle(canvas.luma, title, size, x, baseline, bold=True, reach=1.5)
    place = x + advance(title[: match.start("leverage")], size, bold=True)
    width = advance(leverage, size, bold=True)
    canvas.note("leverage", "box", (place, baseline - 0.8 * size, place + width, baseline + 0.25 * size), leverage)
    if likeness < 0.8 or leverage in LEVERAGES:
        return likeness >= 0.8
    return confirm(canvas.luma, leverage, size, place, baseline, _LOWER, bold=True, reach=0.5).agrees()
