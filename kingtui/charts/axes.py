"""Axes: runs and label boxes in masks, tick marks, printed numbers, and a fit that one misread tick cannot bend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kingtui.charts.locate import Box, Canvas, Mask
from kingtui.charts.sketch import plain

Run = tuple[int, int]
"""Start and end of a row of neighbours, the end excluded."""


def runs(mask: ArrayLike, min_length: int = 1, gap: int = 0) -> list[Run]:
    """The runs of True in a 1-D mask that are at least ``min_length`` long, joined over gaps of up to ``gap``."""
    edges = np.diff(np.concatenate(([0], np.asarray(mask, dtype=np.int8), [0])))
    joined: list[Run] = []
    for start, end in zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True):
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [(start, end) for start, end in joined if end - start >= min_length]


def label_boxes(ink: Mask, gap_x: int, gap_y: int = 2, min_height: int = 5) -> list[Box]:
    """The boxes of the texts in a strip of ink (H×W): lines apart by more than ``gap_y``, in a line by ``gap_x``."""
    boxes = []
    for top, bottom in runs(ink.any(1), gap=gap_y):
        if bottom - top < min_height:
            continue
        for left, right in runs(ink[top:bottom].any(0), gap=gap_x):
            boxes.append((left, top, right, bottom))
    return boxes


def crossing(profile: NDArray[np.floating], level: float) -> float | None:
    """The first place, in pixels, where ``profile`` (values at pixel centres) crosses ``level``; sub-pixel."""
    below = profile < level
    changes = np.flatnonzero(below[1:] != below[:-1])
    if len(changes) == 0:
        return None
    i = int(changes[0])
    return i + 0.5 + float((level - profile[i]) / (profile[i + 1] - profile[i]))


def tick_marks(strip: NDArray[np.number], threshold: float) -> list[float]:
    """Centres, in pixels, of the tick marks along a strip of ink values (1-D, mean over the marks' length)."""
    values = np.asarray(strip, dtype=np.float64)
    centres = []
    for start, end in runs(values > threshold):
        weight = values[start:end]
        centres.append(float((weight * (np.arange(start, end) + 0.5)).sum() / weight.sum()))
    return centres


_NUMBER = re.compile(r"(-?)(\d+|\d{1,3}(?:,\d{3})+)(\.\d+)?([KMB]?)", re.IGNORECASE)
_MULTIPLES = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9}


def parse_number(text: str) -> float | None:
    """The number that is printed: ``1,200``, ``4.3K``, ``0.00003``, ``-12``; None for anything else."""
    match = _NUMBER.fullmatch(text.replace(" ", "").rstrip(","))
    if match is None:
        return None
    sign, whole, fraction, unit = match.groups()
    return float(f"{sign}{whole.replace(',', '')}{fraction or ''}") * _MULTIPLES[unit.upper()]


def decimals(text: str) -> int:
    """Digits behind the point of a printed number."""
    return len(re.sub(r"\D", "", text.partition(".")[2]))


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis: value = ``slope`` × pixel + ``intercept``, fitted to the ticks that agree.

    ``residual`` is the largest distance of an inlier from the line in pixels; ``step`` the value between neighbouring
    ticks, None where the inliers are not spaced regularly.
    """

    slope: float
    intercept: float
    inliers: tuple[int, ...]
    """Indexes of the ticks that agree."""
    count: int
    """Ticks that were given."""
    residual: float
    step: float | None

    def value(self, pixel: float) -> float:
        """The value at a pixel position."""
        return self.slope * pixel + self.intercept

    def pixel(self, value: float) -> float:
        """The pixel position of a value."""
        return (value - self.intercept) / self.slope

    def sound(self, ticks: int = 5) -> bool:
        """Whether at least ``ticks`` regular ticks agree, and more than half of those read."""
        return self.step is not None and len(self.inliers) >= ticks and 2 * len(self.inliers) > self.count


def fit_axis(pixels: Sequence[float], values: Sequence[float | None], tolerance: float = 1.5) -> Axis | None:
    """The axis through ticks at ``pixels`` with the ``values`` that were read there (None: not read).

    Theil-Sen for a first line, ticks farther than ``tolerance`` pixels from it dropped, least squares through the
    rest: up to 29 % of misread ticks are harmless. None where fewer than three ticks agree.
    """
    known = [(i, float(p), float(v)) for i, (p, v) in enumerate(zip(pixels, values, strict=True)) if v is not None]
    if len(known) < 3:
        return None
    index, x, y = (np.array(column) for column in zip(*known, strict=True))
    first, second = np.triu_indices(len(x), 1)
    apart = x[first] != x[second]
    slopes = (y[second] - y[first])[apart] / (x[second] - x[first])[apart]
    slope = float(np.median(slopes)) if len(slopes) else 0.0
    if slope == 0:
        return None
    intercept = float(np.median(y - slope * x))
    good = np.abs(y - slope * x - intercept) <= tolerance * abs(slope)
    for _ in range(2):  # once more with the better line, so that a tick at the margin is judged by it
        if good.sum() < 3:
            return None
        slope, intercept = (float(c) for c in np.polyfit(x[good], y[good], 1))
        good = np.abs(y - slope * x - intercept) <= tolerance * abs(slope)
    if good.sum() < 3 or slope == 0:
        return None
    residual = float(np.abs(y[good] - slope * x[good] - intercept).max() / abs(slope))
    return Axis(slope, intercept, tuple(int(i) for i in index[good]), len(x), residual, _step(y[good]))


def note_labels(
    canvas: Canvas,
    about: str,
    boxes: Sequence[tuple[float, float, float, float]],
    values: Sequence[float | None],
    axis: Axis | None,
) -> None:
    """Note an axis' labels, what was read in them, and which of them the axis does without."""
    for index, (box, value) in enumerate(zip(boxes, values, strict=True)):
        doubt = None if axis is not None and index in axis.inliers else "not in line with the other labels"
        if value is None:
            doubt = "it cannot be read"
        canvas.note(about, "box", box, "" if value is None else plain(value), doubt)


def _step(values: NDArray[np.float64]) -> float | None:
    """The regular step between ticks of these values: their differences are whole multiples of it."""
    distances = np.diff(np.sort(values))
    if len(distances) == 0 or distances.min() <= 0:
        return None
    least = float(distances.min())
    multiples = np.round(distances / least)
    if np.abs(distances / least - multiples).max() > 0.08 * multiples.max():
        return None
    return float(distances.sum() / multiples.sum())
