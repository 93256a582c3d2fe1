"""Long/short ratio charts: one bar per symbol, green for the share of long liquidations, red for the short ones.

Read: the two percentages in each bar (glyph by glyph, by the recogniser where that is unsure), the symbol left of it
(recogniser) and the arrow badge right of it. Checked: the percentages against each other (they add up to 100) and
against where green meets red; the symbol by rendering it in the chart's font; the badge against its thresholds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.axes import runs
from kingtui.charts.font import advance
from kingtui.charts.lines import read_lines
from kingtui.charts.locate import Box, Canvas
from kingtui.charts.ratio_symbols import BASELINE, FONT, LONG_END, SHORT_END, Symbol, read_symbols
from kingtui.charts.reading import Arrow, Kind, RatioReading, Row
from kingtui.charts.text import read_texts
from kingtui.charts.titles import LEVERAGES, SHORT_TERM, leverage_of, likeness, spell_between, title_agrees

SIZE = (800, None)
TITLE_BOX: Box = (0, 0, 800, 46)
TITLE = re.compile(r"Long\s*/?\s*Short\s*Liquidations?\s*Distribution\s*\(?(?P<leverage>[A-Za-z]+_?[A-Za-z]*)\)?", re.I)

# The look, in canonical pixels, as measured on The Kingfisher's charts (800 pixels wide, 35 more per row).
_LEFT, _RIGHT = 100, 700
_PITCH, _BAR, _TOP = 35.0, 23.0, 64.0
_CLEAR = slice(5, 9)
"""Rows of a bar below its round corners and above its text."""
_TITLE_FONT, _TITLE_BASELINE = 24, 30
_BADGE = (724, 796)
_BADGE_ROWS = slice(3, 24)

_SPLIT_TOLERANCE = 0.3
"""Points between text and split: on JPEGs the split is measured with a deviation of 0.05, at worst 0.17."""
_ARROW, _DOUBLE_ARROW = 60.0, 75.0
"""The larger share from which a badge shows one arrow, and two."""
_LEVERAGE, _FAR = re.compile(r"[a-z]{3,}_[a-z]{4,}"), 0.6
"""What a leverage that has not been seen yet may look like, and how unlike ``optical_opti`` it is."""
_PERCENT = re.compile(r"(\d{1,2}\.\d|100\.0)%")


def title(canvas: Canvas) -> str | None:
    """The title by the font, where it names a known leverage."""
    return spell_between(
        canvas, "Long/Short Liquidations Distribution (", LEVERAGES, ")", _TITLE_FONT, canvas.width / 2, _TITLE_BASELINE
    )


def structure(canvas: Canvas) -> float:
    """The share of the bars that stand on the grid and end where a bar ends; 0 where there are fewer than three."""
    bars = _bars(canvas)
    if len(bars) < 3:
        return 0.0
    tops = np.array(bars) - bars[0]
    regular = np.abs(tops - np.round(tops / _PITCH) * _PITCH) <= 2.5
    barness = _barness(canvas.signed)
    framed = []
    for top in bars:
        bar = barness[max(round(top) + 3, 0) : round(top) + 20].mean(0)
        outside = np.concatenate((bar[_LEFT - 8 : _LEFT - 3], bar[_RIGHT + 4 : _RIGHT + 12]))
        framed.append(bool((bar[_LEFT + 4 : _RIGHT - 4] > 0).mean() > 0.95 and (outside < 0).all()))
    return float((regular & np.array(framed)).mean())


def kind(match: re.Match[str]) -> Kind:
    """``optical_opti`` is short term, any other leverage long term; UNKNOWN where the word is not legible."""
    leverage = leverage_of(match["leverage"])
    if leverage == SHORT_TERM:
        return Kind.SHORT_TERM_RATIO
    legible = leverage in LEVERAGES or (_LEVERAGE.fullmatch(leverage) and likeness(leverage, SHORT_TERM) < _FAR)
    return Kind.LONG_TERM_RATIO if legible else Kind.UNKNOWN


def read(canvas: Canvas, match: re.Match[str]) -> RatioReading:
    """Every row, top to bottom."""
    tops = _grid(_bars(canvas), canvas.height)
    splits = [_split(canvas, top) for top in tops]
    symbols = read_symbols(canvas, tops)
    numbers = _numbers(canvas, tops, splits)
    rows = tuple(
        _row(canvas, *parts) for parts in zip(tops, splits, symbols, numbers, strict=True)
    )  # fmt: skip
    _sketch(canvas, tops, splits, rows)
    leverage = leverage_of(match["leverage"])
    title = match.string
    sure = title_agrees(canvas, match, leverage, _TITLE_FONT, canvas.width / 2, _TITLE_BASELINE)
    return RatioReading(
        kind=kind(match),
        title=title,
        leverage=leverage,
        rows=rows,
        verified=("leverage",) if sure else (),
        reasons={} if sure else {"leverage": "the title's letters are not clear enough to be sure"},
    )


def _sketch(canvas: Canvas, tops: Sequence[float], splits: Sequence[float | None], rows: Sequence[Row]) -> None:
    """Note the bars, where green meets red in them, and the numbers and the badge beside it."""
    for k, (top, split, row) in enumerate(zip(tops, splits, rows, strict=True)):
        about, high, low = f"rows.{k}", top + BASELINE - 13, top + BASELINE + 2
        canvas.note(about, "box", (_LEFT, top, _RIGHT, top + _BAR))
        for end, value in ((LONG_END, row.long), (SHORT_END, row.short)):
            printed = "–" if value is None else f"{value}%"
            canvas.note(about, "box", (end - advance(printed, FONT) - 1, high, end + 1, low), printed)
        if split is not None:
            x = _LEFT + split / 100 * (_RIGHT - _LEFT)
            canvas.note(about, "line", (x, top - 3, x, top + _BAR + 3), f"{split:.1f}")
        if row.arrow is not None:
            badge = (_BADGE[0], top + _BADGE_ROWS.start, _BADGE[1], top + _BADGE_ROWS.stop)
            canvas.note(about, "box", badge, row.arrow)


def _barness(rgb: NDArray[np.int16]) -> NDArray[np.int16]:
    """Of pixels (…×3): red plus green minus twice the blue minus 30, above 0 in the bars, about -94 on the page."""
    return rgb[..., 0] + rgb[..., 1] - 2 * rgb[..., 2] - 30


def _bars(canvas: Canvas) -> list[float]:
    """The tops of the bars that are seen."""
    filled = (_barness(canvas.signed[:, _LEFT + 10 : _RIGHT - 10]) > 0).mean(1) > 0.5
    found = runs(filled, min_length=16)
    return [(start + end - _BAR) / 2 for start, end in found if end - start <= 30]


def _grid(bars: Sequence[float], height: int) -> list[float]:
    """The tops of all rows: the regular grid through the bars, also where a bar is hidden."""
    steps = np.round((np.array(bars) - bars[0]) / _PITCH)
    pitch, offset = np.polyfit(steps, bars, 1) if len(bars) > 2 else (_PITCH, bars[0])
    first = int(np.floor((offset - _TOP + pitch / 2) / pitch))
    last = int(np.floor((height - _BAR - 4 - offset) / pitch))
    last = max(int(steps[-1]), last if last - steps[-1] <= 1 and _room(offset + last * pitch, height) else 0)
    return [float(offset + k * pitch) for k in range(-first, last + 1)]


def _room(top: float, height: int) -> bool:
    """Whether a bar at ``top`` would leave the margin that stands below the last bar."""
    return top + _BAR + 24 <= height


def _split(canvas: Canvas, top: float) -> float | None:
    """Where green meets red, in percent of the bar; None where the bar is not seen."""
    rows = slice(round(top) + _CLEAR.start, round(top) + _CLEAR.stop)
    inside = slice(_LEFT + 2, _RIGHT - 1)
    if (_barness(canvas.signed[rows, inside]).mean(0) > 0).mean() < 0.9:
        return None
    colour = canvas.signed[rows].mean(0)
    luma = canvas.luma[rows].mean(0)
    red = np.flatnonzero((colour[:, 1] < colour[:, 0])[inside])
    edge = inside.start + int(red[0]) if len(red) else _RIGHT - 4
    # Green ends bright and red begins dark: half-way between them in luma, which JPEG keeps sharp.
    start = max(_LEFT, edge - 8)
    window = luma[start : min(edge + 8, _RIGHT - 1)]
    high = int(window[: edge - start + 3].argmax())
    low = float(window[high:].min())
    if window[high] - low < 20:  # no such step: one of the two fills the bar
        return 0.0 if len(red) else 100.0
    level = (window[high] + low) / 2
    fall = high + int((window[high:] < level).argmax())
    x = start + fall - 0.5 + float((window[fall - 1] - level) / (window[fall - 1] - window[fall]))
    return float(100 * (x - _LEFT) / (_RIGHT - _LEFT))


def _numbers(
    canvas: Canvas, tops: Sequence[float], splits: Sequence[float | None]
) -> list[tuple[float | None, float | None]]:
    """The printed long and short percentages: read glyph by glyph; a row whose numbers then disagree, with each other
    or with the split, is read again by the recogniser."""
    ends = [(x, top + BASELINE) for top in tops for x in (LONG_END, SHORT_END)]
    lines = read_lines(canvas.luma, ends, FONT, "0123456789.%", longest=6)
    found = [_percent(line.text) if line.likeness > 0.5 and line.margin > 0.02 else None for line in lines]
    pairs = list(zip(found[::2], found[1::2], strict=True))
    again = [row for row, pair in enumerate(pairs) if _contradiction(*pair, splits[row])]
    crops = [canvas.crop(x - 57, tops[row] + 4, x + 4, tops[row] + 24) for row in again for x in (LONG_END, SHORT_END)]
    texts = [_percent(text.text) for text in read_texts(crops, allow="0123456789.%")]
    for row, pair in zip(again, zip(texts[::2], texts[1::2], strict=True), strict=True):
        pairs[row] = pair
    return pairs


def _percent(text: str) -> float | None:
    match = _PERCENT.fullmatch(text)
    return float(match[1]) if match else None


def _contradiction(long: float | None, short: float | None, split: float | None) -> str | None:
    """Why the numbers of a row cannot be trusted; None where all three witnesses agree."""
    if long is None or short is None:
        return "a percentage cannot be read"
    if abs(long + short - 100) > 0.1 + 1e-6:
        return f"{long} and {short} do not add up to 100"
    if split is None:
        return "the bar is covered"
    if abs(long - split) > _SPLIT_TOLERANCE:
        return f"the bar shows {split:.1f} % long, not {long}"
    return None


def _row(
    canvas: Canvas, top: float, split: float | None, symbol: Symbol, numbers: tuple[float | None, float | None]
) -> Row:
    long, short = numbers
    arrow = _arrow(canvas, top)
    reason = _contradiction(long, short, split)
    if reason and long is not None and short is not None and split is not None:
        # At least one of the two is misread: keep what the bar bears out.
        long = long if abs(long - split) <= _SPLIT_TOLERANCE else None
        short = short if abs(100 - short - split) <= _SPLIT_TOLERANCE else None
    reason = reason or _arrow_contradiction(arrow, long, short) or symbol.reason
    return Row(symbol.text, long, short, arrow, verified=reason is None, reason=reason)


def _arrow(canvas: Canvas, top: float) -> Arrow | None:
    """The badge: red points up (shorts prevail), green down; one arrow or two by the width of their ink."""
    rows = slice(max(round(top) + _BADGE_ROWS.start, 0), round(top) + _BADGE_ROWS.stop)
    badge = canvas.signed[rows, _BADGE[0] : _BADGE[1]]
    if badge.size == 0:
        return None
    colour = np.median(badge.reshape(-1, 3), axis=0)
    lead = float(colour[1] - colour[0])
    if -50 < lead < 30:  # the page has 10, the badges -112 and 56
        return None
    luma = canvas.luma[rows, _BADGE[0] : _BADGE[1]]
    ink = np.flatnonzero((luma - np.median(luma) > 25).sum(0) >= 2)
    double = len(ink) > 0 and ink[-1] - ink[0] > 12
    if lead > 0:
        return "down2" if double else "down"
    return "up2" if double else "up"


def _arrow_contradiction(arrow: Arrow | None, long: float | None, short: float | None) -> str | None:
    """Why the badge does not belong to the numbers; at a threshold itself either side may stand."""
    if long is None or short is None:
        return None
    share = max(long, short)
    least = {None: 0.0, "up": _ARROW, "down": _ARROW, "up2": _DOUBLE_ARROW, "down2": _DOUBLE_ARROW}[arrow]
    most = {None: _ARROW, "up": _DOUBLE_ARROW, "down": _DOUBLE_ARROW, "up2": 100.0, "down2": 100.0}[arrow]
    side = arrow is None or (long >= short) == arrow.startswith("down")
    if side and least <= share <= most:
        return None
    return f"the badge ({arrow or 'none'}) does not belong to {long}/{short}"
