"""The cumulated curves of a liquidation map, their colours in the legend, and the right axis they are read on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kingtui.charts.axes import Axis, fit_axis, label_boxes, note_labels, parse_number, runs
from kingtui.charts.locate import PAGE, Canvas
from kingtui.charts.map_axes import BOTTOM, DASH, DASH_PITCH, LEFT, RIGHT, TOP
from kingtui.charts.text import DIGITS, read_texts

PALETTE: tuple[tuple[int, int, int], ...] = (
    (145, 204, 117), (250, 200, 88), (238, 102, 102), (115, 192, 222),
    (59, 162, 114), (252, 132, 82), (154, 96, 180), (234, 124, 204),
)  # fmt: skip
"""The series colours, as measured in the legends; which exchange has which depends on the chart."""

_LEGEND_X = (606, 631)
_LEGEND_Y = 62
_LEGEND_PITCH = 24.0
_NAME_REACH = 10
"""Canonical pixels above and below a name's middle in which a curve may not be told from it."""
_NAME_END = 700
"""Before this column an exchange's name ends."""
_ROWS = 9
_RIGHT_LABELS = (724, 776)
_DROP_WIDTH = 5
"""Columns at the right end in which the curve drops to 0."""
_SLANT = 20
"""Degrees by which the right axis' labels are turned."""


@dataclass(frozen=True, slots=True)
class Legend:
    """Colours from top to bottom: of the exchanges' bars, and of the cumulated curves (shorts, longs)."""

    bars: tuple[tuple[int, int, int], ...]
    curves: tuple[tuple[int, int, int], ...]


def read_legend(canvas: Canvas) -> Legend:
    """The legend's swatches: filled for exchanges, a line with a white dot for the two curves."""
    bars: list[tuple[int, int, int]] = []
    lines: list[NDArray[np.float64]] = []
    for row in range(_ROWS):
        y = round(_LEGEND_Y + row * _LEGEND_PITCH)
        swatch = canvas.signed[y - 5 : y + 5, _LEGEND_X[0] + 2 : _LEGEND_X[1] - 2]
        corner = np.median(swatch[:3, :6].reshape(-1, 3), axis=0)
        middle = np.median(swatch.reshape(-1, 3), axis=0)
        if np.abs(corner - middle).sum() < 45 and _nearest(middle)[1] < 45:
            bars.append(PALETTE[_nearest(middle)[0]])
            canvas.note("exchanges", "box", (_LEGEND_X[0], y - 7, _LEGEND_X[1], y + 7))
        elif (canvas.luma[y - 3 : y + 3, 615:623] > 200).mean() > 0.3:  # the white dot
            ends = canvas.signed[y - 4 : y + 4, _LEGEND_X[0] : _LEGEND_X[0] + 6].reshape(-1, 3).astype(np.float64)
            lines.append(ends[np.argsort(-np.abs(ends - PAGE).sum(-1))[:8]].mean(0))
        else:
            break
    return Legend(tuple(bars), _curve_colours(lines, bars))


def _curve_colours(
    lines: list[NDArray[np.float64]], bars: list[tuple[int, int, int]]
) -> tuple[tuple[int, int, int], ...]:
    """The two neighbours in the palette, free of bars, whose hues the legend's thin lines show; else ().

    A line of 2 pixels is washed out with the page and the white dot, so only its chroma tells the colour.
    """
    if len(lines) != 2:
        return ()

    def chroma(colour: NDArray[np.float64]) -> NDArray[np.float64]:
        way = colour - PAGE
        way = way - way.mean()
        return np.asarray(way / max(float(np.linalg.norm(way)), 1e-6))

    pairs = [pair for pair in itertools.pairwise(PALETTE) if not set(pair) & set(bars)]
    return max(
        pairs,
        key=lambda pair: sum(
            float(chroma(np.array(colour, dtype=np.float64)) @ chroma(line))
            for colour, line in zip(pair, lines, strict=True)
        ),
    )


def _nearest(colour: NDArray[np.floating]) -> tuple[int, float]:
    distance = np.linalg.norm(np.array(PALETTE) - colour, axis=1)
    return int(distance.argmin()), float(distance.min())


def curve_likeness(canvas: Canvas, legend: Legend) -> NDArray[np.float32]:
    """Of the plot's pixels (rows TOP - 15 to BOTTOM + 2, columns LEFT to RIGHT): 0 to 1, how much they are curve."""
    plot = canvas.rgb[TOP - 15 : BOTTOM + 3, LEFT : RIGHT + 1].astype(np.float32) - np.array(PAGE, dtype=np.float32)
    best = np.zeros(plot.shape[:2], dtype=np.float32)
    square = (plot * plot).sum(-1)
    for colour in set(legend.curves) or {PALETTE[-2], PALETTE[-1]}:
        way = np.array(colour, dtype=np.float32) - np.array(PAGE, dtype=np.float32)
        length = float(np.linalg.norm(way))
        along = plot @ (way / length)
        aside = np.sqrt(np.maximum(square - along * along, 0))
        best = np.maximum(best, np.clip(along / length, 0, 1) * np.clip(1 - aside / 70, 0, 1))
    return best


def trace(canvas: Canvas, legend: Legend, line: float) -> NDArray[np.float64]:
    """The curves' height in canvas y at the centre of each column LEFT to RIGHT - 1.

    Each curve rises from 0 at the price ``line`` outward; the path of the most curve-like pixels under that rule
    (dynamic programming over the columns), refined to fractions of a pixel.
    """
    score = curve_likeness(canvas, legend)
    score[score < 0.15] = 0  # the watermark
    middle = min(max(round(line) - LEFT, 1), RIGHT - LEFT - 1)
    left = _climb(score[:, middle - 1 :: -1])[::-1]
    right = _climb(score[:, middle : RIGHT - LEFT])
    rows = np.concatenate((left, right))
    around = rows + np.arange(-2, 3)[:, None]
    weights = score[np.clip(around, 0, len(score) - 1), np.arange(len(rows))] * ((around >= 0) & (around < len(score)))
    total = weights.sum(0)
    centre = (weights * (around + 0.5)).sum(0) / np.maximum(total, 1e-6)
    heights = np.where(total > 0.2, centre, rows + 0.5) + TOP - 15
    heights[-2:] = np.minimum(heights[-2:], _drop_top(score) + TOP - 15)
    past = np.flatnonzero(past_legend(heights, legend))
    if len(past):  # straight on, for the icons' lines have its colour
        heights[past] = np.linspace(heights[past[0]], heights[past[-1]], len(past))
    return heights


def _drop_top(score: NDArray[np.float32]) -> float:
    """The row in which the curve's drop at the right end begins: bars in the last cells let it rise until there."""
    drop = (score[:, -_DROP_WIDTH:] > 0.3).any(1)
    long = [start for start, end in runs(drop, min_length=4, gap=3) if end >= BOTTOM - TOP + 15 - 12]
    return long[-1] + 1.0 if long else float(len(score))


def behind_name(legend: Legend, y: float) -> bool:
    """Whether at the plot's right end a name of the legend stands at canvas ``y``: those of the curves reach beyond."""
    rows = range(len(legend.bars), len(legend.bars) + len(legend.curves))
    return any(abs(y - _LEGEND_Y - _LEGEND_PITCH * row) < _NAME_REACH for row in rows)


def _names(legend: Legend) -> NDArray[np.bool_]:
    """Where (rows TOP - 15 to BOTTOM + 2, columns LEFT to RIGHT) the legend's names stand; those of the curves reach
    beyond the plot."""
    names = np.zeros((BOTTOM - TOP + 18, RIGHT - LEFT + 1), dtype=np.bool_)
    for row in range(len(legend.bars) + len(legend.curves)):
        y = round(_LEGEND_Y + _LEGEND_PITCH * row) - TOP + 15
        end = RIGHT + 1 if row >= len(legend.bars) else _NAME_END
        names[y - 6 : y + 8, _LEGEND_X[1] + 3 - LEFT : end - LEFT] = True
    return names


def past_legend(heights: NDArray[np.float64], legend: Legend) -> NDArray[np.bool_]:
    """The columns of the curve in which it passes the legend's icons."""
    past = np.zeros(len(heights), dtype=np.bool_)
    icons = slice(_LEGEND_X[0] - 3 - LEFT, _LEGEND_X[1] + 4 - LEFT)
    rows = len(legend.bars) + len(legend.curves)
    past[icons] = heights[icons].min() < _LEGEND_Y + rows * _LEGEND_PITCH
    return past


def _climb(score: NDArray[np.float32], back: float = 0.05, up: float = 0.01, along: float = 0.05) -> NDArray[np.intp]:
    """The row per column of the best path that starts at the bottom.

    Climbing within a column costs ``up`` per pixel and earns ``along`` times the score of the pixels it passes, for a
    steep curve is seen there; falling back costs ``back`` per pixel.
    """
    rows, columns = score.shape
    passed = np.cumsum(along * score.T - np.float32(up), axis=1, dtype=np.float32)
    drop = np.float32(back) * np.arange(rows, dtype=np.float32)
    values = np.empty((columns + 1, rows), dtype=np.float32)
    values[0] = -1e3
    values[0, BOTTOM - TOP + 15 - 3 :] = 0
    for column in range(columns):  # from a lower place, a larger row, or from a higher one
        rose = np.maximum.accumulate((values[column] + passed[column])[::-1])[::-1] - passed[column]
        fell = np.maximum.accumulate(values[column] + drop) - drop
        values[column + 1] = np.maximum(rose, fell) + score[:, column]
    path = np.empty(columns, dtype=np.intp)
    row = int(values[columns].argmax())
    for column in range(columns - 1, -1, -1):
        path[column] = row
        rise = values[column, row:] + passed[column, row:]
        fall = (values[column, : row + 1] + drop[: row + 1])[::-1]
        rose, fell = rise.max() - passed[column, row], fall.max() - drop[row]
        row = row + int(rise.argmax()) if rose >= fell else row - int(fall.argmax())
    return path


def right_axis_top(canvas: Canvas, legend: Legend) -> float | None:
    """The value of the right axis at TOP (0 is on BOTTOM), from its slanted labels; None where they do not agree.

    The legend's two long names reach into the axis: what stands in their rows is left out.
    """
    x0, x1 = _RIGHT_LABELS
    ink = canvas.off_page[TOP - 8 : BOTTOM - 20, x0:x1] > 90
    boxes = [box for box in label_boxes(ink, 12, gap_y=1) if box[2] - box[0] >= 8 and box[3] - box[1] >= 8]
    names = [_LEGEND_Y + (len(legend.bars) + k) * _LEGEND_PITCH for k in range(len(legend.curves))]
    boxes = [box for box in boxes if all(abs(TOP - 8 + (box[1] + box[3]) / 2 - y) > 8 for y in names)]
    tops = [TOP - 8 + box[1] + 3.0 for box in boxes]
    values: list[float | None] = []
    found = None
    for half in (slice(0, None, 2), slice(1, None, 2)):  # mostly every other label is enough
        texts = read_texts([_upright(canvas, top) for top in tops[half]], allow=DIGITS + ",")
        values += [parse_number(text.text) or None for text in texts]
        found = _top(tops[::2] + tops[1::2], values)
        if found is not None:
            break
    ordered = [(x0 + left, TOP - 8 + top, x0 + right, TOP - 8 + bottom) for left, top, right, bottom in boxes]
    seen = (ordered[::2] + ordered[1::2])[: len(values)]
    note_labels(canvas, "curve axis", seen, values, found and found[1])
    return found and found[0]


def _top(tops: list[float], values: list[float | None]) -> tuple[float, Axis] | None:
    """The value at TOP by labels at ``tops``, of which the first have been read, and the axis through those that agree:
    three are enough."""
    axis = fit_axis([*tops[: len(values)], float(BOTTOM)], [*values, 0.0], tolerance=4.0)
    if axis is None or axis.step is None or len(axis.inliers) < 4:
        return None
    top = axis.slope * (TOP - BOTTOM)
    for step in (axis.step, axis.step / 2):  # where only every other label was read
        intervals = round(top / step)
        if intervals >= 1 and abs(top / (intervals * step) - 1) <= 0.03:
            return intervals * step, axis
    return None


def _upright(canvas: Canvas, top: float) -> Image.Image:
    """The slanted label that begins at ``top``, turned level."""
    crop = canvas.crop(_RIGHT_LABELS[0] - 6, top - 16, _RIGHT_LABELS[0] + 50, top + 32)
    scale = 4 * 56 / crop.width
    large = crop.resize((224, round(crop.height * scale)), Image.Resampling.BICUBIC)
    level = large.rotate(_SLANT, resample=Image.Resampling.BICUBIC, fillcolor=PAGE)
    ink = np.abs(np.asarray(level).astype(np.int16) - np.array(PAGE, dtype=np.int16)).sum(-1) > 90
    band = ink[60:130]
    columns = np.flatnonzero(band.any(0))
    rows = np.flatnonzero(band[:, 24:200].sum(1) > 2)
    if len(columns) == 0 or len(rows) == 0:
        return level
    return level.crop((
        max(0, int(columns[0]) - 6), max(0, 60 + int(rows[0]) - 14),
        min(level.width, int(columns[-1]) + 7), min(level.height, 60 + int(rows[-1]) + 15),
    ))  # fmt: skip


def covered(canvas: Canvas, legend: Legend, heights: NDArray[np.float64], line: float) -> NDArray[np.bool_]:
    """Where (rows TOP - 15 to BOTTOM + 2, columns LEFT to RIGHT) a curve or the price line hides what is behind it."""
    score = curve_likeness(canvas, legend)
    rows = np.arange(score.shape[0])[:, None] + TOP - 15 + 0.5
    padded = np.pad(heights, (2, 3), mode="edge")
    spans = np.stack([padded[shift : shift + score.shape[1]] for shift in range(5)])  # a line is 2 pixels wide
    high, low = spans.min(0), spans.max(0)
    span = (rows > high - 3) & (rows < low + 3)
    steep = low - high > 8
    hidden = span & (score > np.where(steep, 0.12, 0.25))
    upright = steep & ((span & (score > 0.25)).sum(0) > 0.5 * (low - high))  # a wall of curve: nothing beside it shows
    hidden |= span & upright
    hidden |= np.abs(rows - padded[2 : 2 + score.shape[1]]) < 1.6  # the line itself, even where its colour is smeared
    end = float(heights[-_DROP_WIDTH - 2 :].min())  # it may still rise in the last columns
    hidden[:, -_DROP_WIDTH:] |= rows > end - 12  # the drop to 0 at the right end
    rows_shown = len(legend.bars) + len(legend.curves)
    icons = slice(_LEGEND_Y - 10 - TOP + 15, round(_LEGEND_Y + _LEGEND_PITCH * (rows_shown - 0.5)) - TOP + 15)
    hidden[icons, _LEGEND_X[0] - 2 - LEFT : _LEGEND_X[1] + 3 - LEFT] = True
    hidden |= _names(legend)
    return np.asarray(hidden | _behind_line(canvas, rows, np.arange(score.shape[1]) + LEFT + 0.5, line))


def _behind_line(canvas: Canvas, y: NDArray[np.floating], x: NDArray[np.floating], line: float) -> NDArray[np.bool_]:
    """Where (y × x, canvas coordinates) the price line's dashes, its arrow head and its foot hide the bars."""
    column = canvas.luma[TOP + 18 : BOTTOM - 8, round(line - 0.5)]
    column = column[: len(column) // DASH_PITCH * DASH_PITCH]
    swing = np.exp(-2j * np.pi * np.arange(len(column)) / DASH_PITCH) @ column
    middle = TOP + 18.5 - np.angle(swing) / (2 * np.pi) * DASH_PITCH  # of one of the dashes
    dashed = np.abs((y - middle + DASH_PITCH / 2) % DASH_PITCH - DASH_PITCH / 2) <= DASH / 2 + 1
    dashes = dashed & (np.abs(x - line) < 2.7)
    head = (y < TOP + 22) & (np.abs(x - line) < 7)
    foot = (y > BOTTOM - 6) & (np.abs(x - line) < 6)
    return np.asarray(dashes | head | foot)
