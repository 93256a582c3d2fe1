"""The axes of a liquidation map: the price axis with its ticks and cells, the count axis, and the dashed price line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.axes import Axis, fit_axis, label_boxes, note_labels, parse_number, tick_marks
from kingtui.charts.font import advance
from kingtui.charts.glyphs import confirm, settle
from kingtui.charts.lines import Line, read_lines
from kingtui.charts.locate import PAGE, Canvas
from kingtui.charts.text import DIGITS, NUMBER, read_texts

LEFT, TOP, RIGHT, BOTTOM = 80, 60, 720, 530
"""The plot on the 800×600 canvas: the first and the last price lie on LEFT and RIGHT, 0 on BOTTOM."""
DASH, DASH_PITCH = 12, 18
"""Length of the price line's dashes, and from one to the next."""

_INK = 90
_PRICE_FONT, _COUNT_FONT, _LABEL_FONT = 10.5, 12, 12
_PRICE_BASELINE = 548
_LABEL_BASELINE = 54
_PAGE_LUMA = float(np.array(PAGE) @ (0.299, 0.587, 0.114))
_MARKS = slice(532, 535)
_LEAST_SWING, _LEAST_GREEN = 10, 0.5
"""Amplitudes at that pitch of the luma and of green over red and blue. Measured: 18 to 27 on the line, at most 4 beside
it; green 3 to 20, the less the more JPEG smears it, down to 0.7 on small pictures of quality 60."""
_SURE = (0.7, 0.04)
"""Likeness and margin from which a label that was read glyph by glyph needs no second opinion of the recogniser."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """The tick marks of the price axis: ``first`` and ``spacing`` in pixels, fitted; ``places`` are those seen."""

    first: float
    spacing: float
    places: tuple[float, ...]


def price_ticks(canvas: Canvas) -> Ticks | None:
    """The regular row of tick marks under the baseline; the marker of the price line and other specks are left out."""
    strip = canvas.off_page[_MARKS, LEFT - 2 : RIGHT + 2].mean(0)
    marks = np.array(tick_marks(strip, threshold=45)) + LEFT - 2
    if len(marks) < 3:
        return None
    best: tuple[float, float, float, NDArray[np.bool_]] | None = None
    for spacing in np.unique(np.round(np.diff(marks), 1)):
        if spacing < 20:
            continue
        first = LEFT + 0.5
        good = np.zeros(len(marks), dtype=np.bool_)
        for tolerance in (1.2, 1.2, 0.75 / min(1.0, canvas.factor[0])):  # marks are drawn on whole pixels
            steps = np.round((marks - first) / spacing)
            good = np.abs(marks - first - steps * spacing) < tolerance
            if len(np.unique(steps[good])) < 3:
                break
            spacing, first = (float(c) for c in np.polyfit(steps[good], marks[good], 1))
        missing = (RIGHT - LEFT) // spacing + 1 - good.sum()
        rating = float(good.sum() - missing)  # a finer grid through a few specks more would miss most of its marks
        if abs(first - LEFT - 0.5) < 2 and good.sum() >= 3 and (best is None or rating > best[0]):
            best = (rating, first, spacing, good)
    if best is None:
        return None
    return Ticks(best[1], best[2], tuple(float(mark) for mark in marks[best[3]]))


def price_axis(canvas: Canvas, ticks: Ticks) -> Axis | None:
    """Price over canvas x, from the labels centred under the ticks. A tick's price stands at its mark's left half."""
    boxes: list[tuple[float, float] | None] = []
    for mark in ticks.places:
        low, high = max(0, int(mark - ticks.spacing / 2)), min(canvas.width, int(mark + ticks.spacing / 2))
        columns = np.flatnonzero((canvas.off_page[539:551, low:high] > _INK).any(0))
        boxes.append((low + int(columns[0]), low + int(columns[-1]) + 1) if len(columns) else None)
    seen = [(mark, box) for mark, box in zip(ticks.places, boxes, strict=True) if box]
    ends = [(box[1] + 0.5, _PRICE_BASELINE) for _, box in seen]
    lines = read_lines(canvas.luma, ends, _PRICE_FONT, NUMBER, longest=12)
    crops = {
        i: (box[0] - 3.0, 535.0, box[1] + 3.0, 555.0)
        for i, ((_, box), line) in enumerate(zip(seen, lines, strict=True))
        if not _sure(line)
    }
    values = _values(canvas, lines, crops)
    axis = fit_axis([ticks.first - 0.5 + _steps(mark, ticks) * ticks.spacing for mark, _ in seen], values)
    note_labels(canvas, "price axis", [(box[0] - 1, 539, box[1] + 1, 551) for _, box in seen], values, axis)
    return axis


def _steps(mark: float, ticks: Ticks) -> int:
    return round((mark - ticks.first) / ticks.spacing)


def count_axis(canvas: Canvas) -> Axis | None:
    """Liquidations over canvas y, from the labels left of the plot, whose centres stand at their values."""
    ink = canvas.off_page[TOP - 12 : BOTTOM + 12, 20 : LEFT - 6] > _INK
    boxes = [(x0 + 20, y0 + TOP - 12, x1 + 20, y1 + TOP - 12) for x0, y0, x1, y1 in label_boxes(ink, 8)]
    boxes = [box for box in boxes if 7 <= box[3] - box[1] <= 14]
    figures = [y1 - y0 > 10.5 for _, y0, _, y1 in boxes]  # a comma hangs 1 to 2 pixels below the baseline
    baselines = [y1 - (1.5 if comma else 0) for (_, _, _, y1), comma in zip(boxes, figures, strict=True)]
    lines = read_lines(
        canvas.luma, [(box[2] + 0.5, base) for box, base in zip(boxes, baselines, strict=True)], _COUNT_FONT, NUMBER
    )
    crops = {
        i: (box[0] - 3.0, box[1] - 5.0, box[2] + 3.0, box[1] + 15.0)
        for i, (box, line) in enumerate(zip(boxes, lines, strict=True))
        if not _sure(line)
    }
    values = _values(canvas, lines, crops)
    centres = [base - _COUNT_FONT * 0.375 for base in baselines]  # figures are 0.73 of the size high
    axis = fit_axis(centres, values)
    note_labels(canvas, "count axis", [(x0 - 1, y0 - 1, x1 + 1, y1 + 1) for x0, y0, x1, y1 in boxes], values, axis)
    return axis


def _sure(line: Line) -> bool:
    return line.likeness >= _SURE[0] and line.margin >= _SURE[1] and parse_number(line.text) is not None


def _values(
    canvas: Canvas, lines: Sequence[Line], doubtful: dict[int, tuple[float, float, float, float]]
) -> list[float | None]:
    """The labels' values; the doubtful ones (index to crop) are read again by the recogniser."""
    values = [parse_number(line.text) for line in lines]
    texts = read_texts([canvas.crop(*box) for box in doubtful.values()], allow=NUMBER)
    for index, text in zip(doubtful, texts, strict=True):
        values[index] = parse_number(text.text)
    return values


def price_line(canvas: Canvas) -> float | None:
    """The centre of the dashed green price line, in canvas x; None where no column is dashed in green.

    A column's swing is the amplitude with which its luma repeats at the pitch of the dashes, which no bar or text does.
    """
    rows = slice(TOP + 18, BOTTOM - 8)
    rgb = canvas.rgb[rows].astype(np.float32)
    count = len(rgb) // DASH_PITCH * DASH_PITCH
    wave = np.exp(2j * np.pi * np.arange(count) / DASH_PITCH).astype(np.complex64) / count
    swing = wave @ canvas.luma[rows][:count]
    column = int(np.abs(swing).argmax())
    low = max(0, column - 3)
    around = slice(low, column + 4)
    turned = swing[around] * np.conj(swing[column]) / np.abs(swing[column])  # in phase with the strongest column
    weight = np.clip(turned.real, 0, None)
    weight[weight < 0.2 * weight.max()] = 0
    tint = rgb[:count, around, 1] - (rgb[:count, around, 0] + rgb[:count, around, 2]) / 2
    green = float(((wave @ tint) * np.conj(swing[column]) / np.abs(swing[column])).real.max())
    if np.abs(swing[column]) < _LEAST_SWING or green < _LEAST_GREEN:
        return None
    return float((weight * (np.arange(low, low + len(weight)) + 0.5)).sum() / weight.sum())


@dataclass(frozen=True, slots=True)
class PriceLabel:
    """The number above the price line. ``sure``: the recogniser and the font agree on every character."""

    text: str
    value: float | None
    sure: bool


def price_label(canvas: Canvas, line: float) -> PriceLabel:
    """The price printed above the dashed line at canvas x ``line``."""
    low, high = max(0, round(line) - 50), min(canvas.width, round(line) + 51)
    ink = (canvas.off_page[44:55, low:high] > _INK).any(0)
    columns = low + np.flatnonzero(ink)
    columns = columns[_connected(columns, line)]
    if len(columns) == 0:
        return PriceLabel("", None, False)
    left, right = int(columns[0]), int(columns[-1]) + 1
    text = read_texts([canvas.crop(left - 3, 38, right + 3, 60)], allow=NUMBER)[0].text
    canvas.note("current_price", "box", (left - 1, 43, right + 1, 56), text)
    value = parse_number(text)
    if value is None:
        return PriceLabel(text, None, False)
    return PriceLabel(
        text,
        value,
        any(_label_stands(canvas, text, middle, (left, right), line) for middle in ((left + right) / 2, line)),
    )


def _label_stands(canvas: Canvas, text: str, middle: float, ink: tuple[int, int], line: float) -> bool:
    """Whether the font shows the label around ``middle``: the middle of its ``ink``, or the price line where other ink
    touches it. Nothing else counts: the title's feet above it, curves and arrow below."""
    width = advance(text, _LABEL_FONT)
    if middle != line and abs(width - (ink[1] - ink[0])) >= 3.5:
        return False
    strip = canvas.luma[: _LABEL_BASELINE + 20].copy()
    strip[: _LABEL_BASELINE - 13] = strip[_LABEL_BASELINE + 3 :] = _PAGE_LUMA
    strip[:, : max(0, int(middle - width / 2 - 2))] = strip[:, int(middle + width / 2 + 3) :] = _PAGE_LUMA
    x, baseline, _ = settle(strip, text, _LABEL_FONT, middle - width / 2, _LABEL_BASELINE, reach=1.5, drop=2)
    witness = confirm(strip, text, _LABEL_FONT, x, baseline, DIGITS, reach=0.5)
    return witness.agrees(likeness=0.8)


def _connected(columns: NDArray[np.intp], line: float) -> NDArray[np.bool_]:
    """Which ink columns belong to the label over the line: no gap of more than 6 pixels on the way to it."""
    if len(columns) == 0:
        return np.zeros(0, dtype=np.bool_)
    groups = np.concatenate(([0], np.cumsum(np.diff(columns) > 6)))
    return np.asarray(groups == groups[int(np.abs(columns + 0.5 - line).argmin())])


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes as far as they could be read: price over canvas x, liquidations over canvas y, the price line's x."""

    ticks: Ticks | None
    price: Axis | None
    count: Axis | None
    line: float | None
    label: PriceLabel


def read_axes(canvas: Canvas) -> Axes:
    """Both axes, the price line and the number above it."""
    ticks, line = price_ticks(canvas), price_line(canvas)
    return Axes(
        ticks=ticks,
        price=price_axis(canvas, ticks) if ticks else None,
        count=count_axis(canvas),
        line=line,
        label=price_label(canvas, line) if line is not None else PriceLabel("", None, False),
    )
