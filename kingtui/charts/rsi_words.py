"""Words that may stand over a dot of an RSI heat map, laid out in the labels' font."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from kingtui.charts import glyphs
from kingtui.charts.text import SYMBOL

SIZE = 12.0
"""Font size in canonical pixels."""
LONGEST = 16

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Words:
    """Words as arrays: characters (N×L, -1 beyond the end), pen places from the start (N×L) and widths (N), pixels."""

    words: tuple[str, ...]
    characters: NDArray[np.intp]
    pens: Floats
    widths: Floats


@cache
def _advances() -> Floats:
    """By pair of characters: from the pen's start at the first to its start at the second, kerning included; in the
    last column the first one's advance alone."""
    alone = [glyphs.advance(character, SIZE) for character in SYMBOL]
    table = np.empty((len(SYMBOL), len(SYMBOL) + 1), dtype=np.float32)
    for row, first in enumerate(SYMBOL):
        for column, second in enumerate(SYMBOL):
            table[row, column] = glyphs.advance(first + second, SIZE) - alone[column]
        table[row, -1] = alone[row]
    return table


def laid_out(words: tuple[str, ...]) -> Words:
    """Where the pen stands for each character of the words (of at most 16 characters)."""
    index = {character: k for k, character in enumerate(SYMBOL)}
    characters = np.full((len(words), LONGEST + 1), -1)
    for row, word in enumerate(words):
        characters[row, : len(word)] = [index[character] for character in word]
    steps = _advances()[characters[:, :-1], characters[:, 1:]]  # -1, no next one, is the last column
    steps = np.where(characters[:, :-1] >= 0, steps, 0)
    ends = np.cumsum(steps, axis=1)
    pens = np.concatenate((np.zeros((len(words), 1), dtype=np.float32), ends[:, :-1]), axis=1)
    return Words(words, characters[:, :-1], pens, ends[:, -1])


@cache
def vocabulary() -> Words:
    """The symbols that are tried on every label."""
    lines = files("kingtui.charts").joinpath("symbols.txt").read_text("ascii").splitlines()
    return laid_out(tuple(line for line in lines if line and not line.startswith("#")))


def neighbours(word: str) -> Words:
    """The word and all that differ from it by one character more, less or other."""
    found = {word: None}
    for k in range(len(word) + 1):
        head, tail = word[:k], word[k:]
        if tail and len(word) > 1:
            found[head + tail[1:]] = None
        for character in SYMBOL:
            if tail:
                found[head + character + tail[1:]] = None
            if len(word) < LONGEST:
                found[head + character + tail] = None
    return laid_out(tuple(found))
