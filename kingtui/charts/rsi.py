"""RSI heat maps: one dot per symbol, its value by its height, its symbol by the label over it.

The plot's geometry is fixed: RSI 100 is row 10 and RSI 0 row 590 of the canonical picture. The reader trusts it only
where the edges of the coloured bands and the printed ticks stand where they should. A point counts as verified when
its value is confirmed by the dot's colour and its place in the regular row of columns, and its symbol either by the
recogniser or by a free reading of the same ink that, without any list, ends at a symbol of the list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from PIL import Image

from kingtui.charts.axes import crossing
from kingtui.charts.glyphs import advance
from kingtui.charts.locate import Box, Canvas
from kingtui.charts.reading import Kind, Point, RsiReading
from kingtui.charts.rsi_dots import AREA, RADIUS, Dot, columns_of, find_dots, in_colour, pitch_of, value_of
from kingtui.charts.rsi_ink import BAND_HEIGHT, BANDS, ink_of
from kingtui.charts.rsi_labels import Fitter, Label, fit_labels
from kingtui.charts.rsi_words import SIZE as FONT_SIZE
from kingtui.charts.text import DIGITS, SYMBOL, read_texts
from kingtui.charts.titles import read_title

SIZE: tuple[int, int | None] = (800, 600)
TITLE_BOX: Box = (4, 1, 112, 22)
TITLE = re.compile(r"\bRS.{0,4}\s*(?:Heat\s*map|He\S{3,6}\b|\S{2,4}tmap\b)", re.IGNORECASE)
"""The axis' 100 is printed under the I, so that it reads as anything; a coarse JPEG garbles more."""
_TITLE = "RSI Heatmap"

_SWATCH = slice(764, 788)
"""Columns at the right end of the bands, where neither dots nor words are."""
_BAND_TOLERANCE = 16
_EDGE_TOLERANCE = 1.2
"""Pixels by which the edge between two bands may be off: 0.2 of RSI."""

_LEAST_SHARE = 0.45
"""A label whose best word explains less of its own ink than this is not read."""
_FAIR_SHARE, _SLIGHT = 0.7, 0.3
"""A best word that explains less than this of its own ink is not taken where a free reading gains so much more."""
_SURE_SHARE = 0.82
_SURE_SHIFT = 2
"""Quarters of a pixel by which a sure label may stand off its dot's middle."""
_LEAST_LEAD = 0.5
"""A best word that gains less than this over the next of the list is not certain. Right ones lead by 1.3 and more."""
_FOREIGN = 1.1
"""Where the free reading gains this much more than every word of the list, the label is of no word of the list.
Measured: labels of listed symbols have at most 0.9, of others mostly 2 and more."""
_SURE_EDGE = 0.1
_DOT_DOUBT = 0.5
"""A dot seen less clearly than this (0 to 1) has no sure value."""


def title(canvas: Canvas) -> str | None:
    """The title, which is always the same, where it is read well enough to be it."""
    return _TITLE if TITLE.search(read_title(canvas, TITLE_BOX)) else None


def structure(canvas: Canvas) -> float:
    """The share of the five coloured bands that are where they should be."""
    top = AREA[1]
    right = 0
    for k, colour in enumerate(BANDS):
        swatch = canvas.rgb[top + k * BAND_HEIGHT + 12 : top + (k + 1) * BAND_HEIGHT - 12, _SWATCH]
        middle = np.median(swatch.reshape(-1, 3), axis=0)
        right += bool(np.abs(middle - colour).max() <= _BAND_TOLERANCE)
    return right / len(BANDS)


def kind(match: re.Match[str]) -> Kind:
    """An RSI heat map's title means an RSI heat map."""
    return Kind.RSI_HEATMAP


def read(canvas: Canvas, match: re.Match[str]) -> RsiReading:
    """Every point, from left to right."""
    dots = find_dots(canvas)
    if not dots:
        return RsiReading(title=_TITLE, reasons={"points": "no dots were found"})
    axis = _axis_reason(canvas) or ("the dots stand in no regular row" if pitch_of(dots) is None else None)
    fitter = fit_labels(ink_of(canvas, dots), dots, columns_of(dots))
    if fitter is None:
        points = [Point(None, round(value_of(dot), 2), reason="no label was found over the dot") for dot in dots]
    else:
        names = _symbols(canvas, fitter)
        points = [_point(dot, name, doubt, axis) for dot, (name, doubt) in zip(dots, names, strict=True)]
    _note_points(canvas, dots, fitter, points)
    return RsiReading(title=_TITLE, points=tuple(points))


def _note_points(canvas: Canvas, dots: Sequence[Dot], fitter: Fitter | None, points: Sequence[Point]) -> None:
    """Note the dots with their values, and the labels with the words that were laid over them."""
    for k, (dot, point) in enumerate(zip(dots, points, strict=True)):
        ring = (dot.x - RADIUS, dot.y - RADIUS, dot.x + RADIUS, dot.y + RADIUS)
        canvas.note(f"points.{k}", "circle", ring, f"{point.symbol or '–'} {point.rsi:.1f}")
    for k, label in enumerate(fitter.labels if fitter else ()):
        half = advance(label.best.word, FONT_SIZE) / 2
        middle = label.x + label.best.shift / 4
        place = (middle - half, label.baseline - FONT_SIZE * 0.8, middle + half, label.baseline + 1)
        canvas.note(f"points.{k}", "box", place)


def _point(dot: Dot, symbol: str | None, doubt: str | None, axis: str | None) -> Point:
    reason = doubt or axis
    if reason is None and not in_colour(dot):
        reason = f"the dot is {dot.colour}, which is not its value's colour"
    if reason is None and dot.score < _DOT_DOUBT:
        reason = "the dot is mostly hidden"
    return Point(symbol, round(value_of(dot), 2), verified=reason is None, reason=reason)


def _axis_reason(canvas: Canvas) -> str | None:
    """Why the vertical axis is not what the reader knows; None where the bands' edges and the ticks confirm it."""
    top = AREA[1]
    column = canvas.rgb[:, _SWATCH].astype(np.float64).mean(1)
    for k in range(1, len(BANDS)):
        above, below = np.array(BANDS[k - 1], dtype=np.float64), np.array(BANDS[k], dtype=np.float64)
        edge = top + k * BAND_HEIGHT
        part = (column[edge - 8 : edge + 8] - above) @ (below - above) / ((below - above) @ (below - above))
        place = crossing(part, 0.5)
        if place is not None:
            canvas.note("RSI axis", "line", (AREA[0], edge - 8 + place, AREA[2], edge - 8 + place), f"{100 - 20 * k}")
        if place is None or abs(place - 8) > _EDGE_TOLERANCE:
            return f"the band below {100 - 20 * k} does not begin where it should"
    ticks = (80, 60, 40, 20)
    rows = [top + (100 - tick) * (AREA[3] - top) / 100 for tick in ticks]
    texts = read_texts([canvas.crop(20, row - 9, 45, row + 9) for row in rows], allow=DIGITS)
    for tick, row, text in zip(ticks, rows, texts, strict=True):
        canvas.note("RSI axis", "box", (20, row - 8, 45, row + 8), text.text)
        if text.text != str(tick):
            return f"the axis reads {text.text!r} where {tick} should stand"
    return None


def _symbols(canvas: Canvas, fitter: Fitter) -> list[tuple[str | None, str | None]]:
    """For each label its symbol (None: not certain) and why it is not verified (None: it is)."""
    labels = fitter.labels
    asked = [k for k, label in enumerate(labels) if not _settled(label) and _visible(label)]
    texts = read_texts([_crop(canvas, fitter, k) for k in asked], allow=SYMBOL)
    seen = {k: text.text for k, text in zip(asked, texts, strict=True)}
    for k, text in seen.items():
        if labels[k].excess > 0:
            fitter.consider(k, text)
    names = [_symbol(label, seen.get(k)) for k, label in enumerate(labels)]
    count = Counter(name for name, _ in names)
    return [
        (name, doubt)
        if name is None or count[name] == 1
        else _twice(name, labels[k], [label for label, (other, _) in zip(labels, names, strict=True) if other == name])
        for k, (name, doubt) in enumerate(names)
    ]


def _twice(name: str, label: Label, same: Sequence[Label]) -> tuple[str | None, str]:
    """A symbol stands on a chart once: of several labels that read it the one that fits best keeps it."""
    best = max(same, key=lambda other: other.best.share)
    return (name if label is best else None), f"more than one label reads {name}"


def _visible(label: Label) -> bool:
    """Whether more than half of the label's capitals is within the picture."""
    return label.baseline >= FONT_SIZE * 0.4


def _settled(label: Label) -> bool:
    """Whether the ink alone says it: the free reading ends at the list's best word, clear of every rival."""
    return (
        label.free is not None
        and label.free.word == label.best.word
        and len(label.best.word) >= 3
        and label.edge >= _SURE_EDGE
        and label.lead >= 2 * _LEAST_LEAD
        and label.best.share >= _SURE_SHARE
        and abs(label.best.shift) <= _SURE_SHIFT
        and label.baseline >= FONT_SIZE * 0.7
    )


def _changes(one: str, other: str) -> int:
    """In how many places two words differ, as far as the characters at the same place go."""
    return abs(len(one) - len(other)) + sum(a != b for a, b in zip(one, other, strict=False))


def _symbol(label: Label, seen: str | None) -> tuple[str | None, str | None]:
    """A label's symbol and its doubt; ``seen``: what the recogniser read there, if it was asked."""
    best, free = label.best, label.free
    if not _visible(label):
        return None, "the label is cut off by the picture's edge"
    if max(best.share, free.share if free else 0) < _LEAST_SHARE:
        return None, "nothing that is known fits the label"
    if _settled(label):
        return best.word, None
    if free is not None and label.excess > _FOREIGN * max(1, _changes(free.word, best.word) - 0.5):
        if seen == free.word:
            return seen, None if free.share >= _SURE_SHARE else "the label is partly covered"
        return None, f"the label may read {free.word} or {best.word}"
    if seen != best.word and label.lead < _LEAST_LEAD:
        return None, f"the label may read {best.word} or {label.fits[1].word}"
    if free is not None and seen != best.word and best.share < _FAIR_SHARE and label.excess > _SLIGHT:
        return None, f"the label may read {free.word} or {best.word}"
    if seen == best.word and best.share >= _SURE_SHARE:
        return best.word, None
    return best.word, "overlapping labels: no second reading confirms the symbol"


def _crop(canvas: Canvas, fitter: Fitter, index: int) -> Image.Image:
    """A label's pixels, as far as its ink goes."""
    left, right = fitter.reach(index)
    baseline = fitter.labels[index].baseline
    return canvas.crop(left - 3, baseline - 11, right + 3, baseline + 4)
