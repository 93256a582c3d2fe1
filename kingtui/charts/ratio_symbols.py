"""The names left of a ratio chart's bars: read by the font, by the recogniser where that is unsure, and confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kingtui.charts.font import advance
from kingtui.charts.glyphs import confirm, settle
from kingtui.charts.locate import PAGE, Canvas
from kingtui.charts.text import SYMBOL, read_texts
from kingtui.charts.words import Word, read_words

FONT = 14
BASELINE = 20
"""Of all texts in a row, from the bar's top."""
LONG_END, SHORT_END = 159.5, 679.5
"""Where the percentages end, in canonical pixels."""
_END, _EDGE = 80.0, 90
"""Where the names end, and where nothing of them is any more."""
_ENDS = (-2.5, 2.0)
"""Pixels by which a name's ink may end left or right of there: letters have up to 1.5 of room beside them."""
_SHIFTS = np.arange(-1.25, 0.5, 0.25)
"""Pixels by which a chart's names may stand off their place, all alike."""
_PROBES = 4
"""Rows by which the shift is found."""
_SURE = (0.87, 0.04)
"""Likeness and margin from which a name that the font reads needs no second opinion of the recogniser."""
_SMALL = 0.88
"""Pixels of the original per canonical one below which letters are too blurred for the font alone."""
_PLAIN = 45.0
"""How far a column of the page is from the page's colour at most, in the mean: JPEGs reach 30 near letters."""
_PAGE_LUMA = float(np.array(PAGE) @ (0.299, 0.587, 0.114))
_INK = 120


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name, or why there is none or it is not sure."""

    text: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a name stands: the columns of its ink, its pen's end and baseline, in canonical pixels."""

    left: int
    right: int
    end: float
    baseline: float


def read_symbols(canvas: Canvas, tops: Sequence[float]) -> list[Symbol]:
    """The name of each row, by the bars' ``tops``."""
    places = _places(canvas, tops)
    words = iter(_spelled(canvas, [place for place in places if place]))
    symbols = [Symbol(None, "no symbol is printed here") for _ in tops]
    doubtful = []
    for k, place in enumerate(places):
        if place is None:
            continue
        word = next(words)
        if word is not None:
            symbols[k] = _checked(canvas, word, place)
        if word is None or symbols[k].reason:
            doubtful.append((k, place))
    crops = [canvas.crop(place.left - 2, tops[k] + 3, place.right + 2, tops[k] + 27) for k, place in doubtful]
    for (k, place), text in zip(doubtful, read_texts(crops, allow=SYMBOL), strict=True):
        symbols[k] = _checked(canvas, text.text, place)
    for k, (top, place) in enumerate(zip(tops, places, strict=True)):
        if place:
            box = (place.left - 1, top + 6, place.right + 1, top + 23)
            canvas.note(f"rows.{k}", "box", box, symbols[k].text or "")
    return symbols


def _places(canvas: Canvas, tops: Sequence[float]) -> list[_Place | None]:
    """Where each row's name stands; None where there is no ink. The percent signs tell the row's baseline."""
    places: list[_Place | None] = []
    percent = advance("%", FONT)
    for top in tops:
        row = round(top)
        columns = np.flatnonzero((canvas.off_page[max(row + 6, 0) : row + 23, :_EDGE] > _INK).any(0))
        if len(columns) == 0:
            places.append(None)
            continue
        signs = [settle(canvas.luma, "%", FONT, x - percent, top + BASELINE, reach=1) for x in (LONG_END, SHORT_END)]
        clear = [baseline for _, baseline, likeness in signs if likeness > 0.6]
        baseline = float(np.mean(clear)) if clear else top + BASELINE
        places.append(_Place(int(columns[0]), int(columns[-1]) + 1, _END, baseline))
    return places


def _spelled(canvas: Canvas, places: Sequence[_Place]) -> list[str | None]:
    """The names as far as the font alone is sure of them."""
    if canvas.factor[0] < _SMALL:
        return [None] * len(places)

    def read(some: Sequence[_Place], shift: float) -> list[Word]:
        ends = [(place.end + shift, place.baseline) for place in some]
        return read_words(canvas.luma, ends, FONT, SYMBOL, _PAGE_LUMA, reach=round(_END) - 1)

    probes = places[:: max(1, len(places) // _PROBES)]
    likeness = [sum(word.likeness for word in read(probes, shift)) for shift in _SHIFTS]
    words = read(places, float(_SHIFTS[int(np.argmax(likeness))])) if places else []
    return [word.text if word.likeness >= _SURE[0] and word.margin >= _SURE[1] else None for word in words]


def _covered(canvas: Canvas, start: float, place: _Place) -> bool:
    """Whether there is anything but page left of a name that begins at ``start``."""
    rows = slice(max(round(place.baseline) - 14, 0), round(place.baseline) + 3)
    beside = canvas.off_page[rows, : max(int(start) - 3, 0)]
    return beside.size > 0 and float(beside.mean(0).max()) > _PLAIN


def _checked(canvas: Canvas, text: str, place: _Place) -> Symbol:
    if not 1 <= len(text) <= 20:
        return Symbol(None, "the symbol cannot be read")
    start = place.end - advance(text, FONT)
    if _covered(canvas, start, place):
        return Symbol(text, "something lies beside the symbol: it may be longer")
    witness = confirm(canvas.luma, text, FONT, start, place.baseline, SYMBOL, anchor=1)
    if not witness.agrees():
        return Symbol(
            text, f"the symbol may be {witness.rival} as well" if witness.rival != text else "the symbol is blurred"
        )
    if place.left <= 1:
        return Symbol(text, "the symbol is cut by the page's edge")
    if abs(place.left - start) > 3.5:
        return Symbol(text, "the symbol is not as wide as its letters")
    if not _ENDS[0] <= place.right - place.end <= _ENDS[1]:  # or a letter as thin as I could be read into the gap
        return Symbol(text, "the symbol's ink does not end where names end")
    return Symbol(text, None)
