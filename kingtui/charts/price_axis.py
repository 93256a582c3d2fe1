"""The price axis of a heat map, with the rounding of its labels undone.

The axis runs from 1.1 times the highest high of the candles, at the plot's top edge, down to 0.9 times the lowest low,
at its bottom. Its first tick stands on the top edge, the others a regular step below. The labels show few digits: 4.3K
is anything from 4250 to 4350. Two ways lead to the true price of the top edge, and they must agree:

* the labels: it lies where every label, rounded, reads as printed;
* the candles: with m the price per pixel, h the highest high's distance from the top edge and l the lowest low's from
  the bottom edge, top = 11·m·h and bottom = 9·m·l, from (top − m·h) · 1.1 = top and (bottom + m·l) · 0.9 = bottom.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from kingtui.charts.axes import decimals, label_boxes, parse_number
from kingtui.charts.candles import Extent
from kingtui.charts.heat_frame import DRAWN, Frame
from kingtui.charts.locate import Canvas
from kingtui.charts.text import NUMBER, read_texts

_LABELS = (873, 4, 940, 622)
"""Where the labels stand, right of the plot."""
_INK = 90
_LABEL_OFFSET = (-7.0, 1.0)
"""A label's middle against its tick, in pixels: 3.5 to 5 above it, as measured."""
_USUAL_OFFSET = -4.2
"""The same, on the whole: -4.4 to -3.9, as measured on many pictures."""
_NICE = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_PLACING = 1.2
"""A label's middle may be this far, in pixels, from its place in the regular row."""
_RULE_TOLERANCE = 11.0
"""The candles place the top within 3 pixels of the truth, within 9 on a small picture: an error in h counts 4.4 times,
one in l 5.4 times, and the top is some 2,000 pixels above a price of 0."""
_EXACT = 0.002
"""Labels that leave no more than this open place the axis by themselves. A row misread alike would be off by a step."""
_RULE_DOUBT = 3.5
"""Three standard deviations of what the candles say, in pixels; 1.2 is one, measured on sharp pictures."""
_PITCH_DOUBT, _LEAST_PITCH_DOUBT = 0.001, 0.0004
"""The pitch of the labels, which stand on whole pixels, may be wrong by this share at the most and at the least."""
_LABEL_DOUBT = 0.75
"""Pixels by which a label, on a whole pixel, may be off its place in the row."""
_SHADE_WEIGHT = 5.0
"""A pixel of doubt about a candle's end makes so many at the top: 4.4 for the highest, 5.4 for the lowest."""


@dataclass(frozen=True, slots=True)
class Label:
    """A printed price. ``y``: its middle; ``half``: half a unit of its last digit; ``left`` and ``right``: its ends."""

    y: float
    value: float
    half: float
    left: float = _LABELS[0]
    right: float = _LABELS[2]


@dataclass(frozen=True, slots=True)
class PriceAxis:
    """Rows to prices. ``per_pixel`` is the price of a canonical pixel, ``top`` that of the plot's top edge.

    ``top_as_read``: by the labels alone. ``doubt``: ``top`` may be wrong by this much. ``labels``: those that agree
    with each other. ``reason``: why the axis is not confirmed by a second way; None where it is.
    """

    top: float
    top_as_read: float
    per_pixel: float
    doubt: float
    labels: tuple[Label, ...]
    reason: str | None
    frame: Frame = DRAWN

    def price(self, y: float) -> float:
        """The price at a row of the canvas."""
        return self.top - (y - self.frame.top) * self.per_pixel

    def price_as_read(self, y: float) -> float:
        """The price at a row by the printed labels, rounding and all."""
        return self.top_as_read - (y - self.frame.top) * self.per_pixel


def read_labels(canvas: Canvas) -> list[Label]:
    """The axis' labels that are numbers, from the top down."""
    left, top, right, bottom = _LABELS
    ink = canvas.off_page[top:bottom, left:right] > _INK
    boxes = label_boxes(ink, gap_x=8)
    crops = [canvas.crop(left + x0 - 3, top + y0 - 4, left + x1 + 3, top + y1 + 4) for x0, y0, x1, y1 in boxes]
    texts = pointed([text.text for text in read_texts(crops, allow=NUMBER + "KM")])
    labels = []
    for (x0, y0, x1, y1), text in zip(boxes, texts, strict=True):
        value = parse_number(text)
        if value is not None and value > 0:
            unit = {"K": 1e3, "M": 1e6}.get(_unit(text), 1.0)
            half = 0.5 * unit * 10.0 ** -_usual_decimals(texts, _unit(text))
            labels.append(Label(top + (y0 + y1) / 2, value, half, left + x0, left + x1))
    return labels


def pointed(texts: list[str]) -> list[str]:
    """The labels with the points that the recogniser missed: all of an axis have equally many decimals."""
    texts = [text.replace(",", ".") for text in texts]
    found = []
    for text in texts:
        places, digits = _usual_decimals(texts, _unit(text)), re.sub(r"\D", "", text)
        lost = "." not in text and 0 < places < len(digits)
        found.append(f"{digits[:-places]}.{digits[-places:]}{_unit(text)}" if lost else text)
    return found


def _usual_decimals(texts: list[str], unit: str) -> int:
    """The decimals that most labels of a unit have that have any; the fewer where as many have more."""
    counts = [decimals(text) for text in texts if _unit(text) == unit and "." in text]
    return min(counts, key=lambda count: (-counts.count(count), count), default=0)


def format_doubt(labels: list[Label]) -> str | None:
    """Why the labels may be wrong by a power of ten; None where they show that they are not.

    A map prints thousands with a K and one decimal, and smaller prices with four digits: labels of another form have
    lost a point or a K.
    """
    if not labels:
        return None
    highest = max(labels, key=lambda label: label.value)
    if highest.half in (0.5, 500.0, 5e5):
        return "the price labels show no decimal point"
    if highest.half < 1 and highest.value < 900 * 2 * highest.half:
        return "the price labels show too few digits: a K may be missing"
    return None


def _unit(text: str) -> str:
    return re.sub(r"[^KM]", "", text)[-1:]


def price_axis(
    labels: list[Label], candles: Extent | None, sharpness: float = 1.0, frame: Frame = DRAWN
) -> PriceAxis | None:
    """The axis that the labels and the candles agree on; by the labels alone, with a reason, where they do not.

    ``sharpness``: as by ``heat_frame.sharpness_of``; below 1 the candles' ends are blurred and leave more open.

    None where fewer than four labels stand in a regular row.
    """
    row = _regular_row(labels, frame.top)
    if row is None:
        return None
    pitch, places = row
    pitch_doubt = _pitch_doubt(pitch, places)
    step = _nice_step([(place, label.value) for place, label in places], max(label.half for _, label in places))
    if step is None:
        return None
    per_pixel = step / pitch
    lows = np.array([label.value + place * step - label.half for place, label in places])
    highs = np.array([label.value + place * step + label.half for place, label in places])
    low, high, members = _common(lows, highs)
    agreeing = tuple(label for (_, label), member in zip(places, members, strict=True) if member)
    middle = (low + high) / 2
    problem = None
    if len(agreeing) < max(4, 0.75 * len(labels)):
        problem = f"only {len(agreeing)} of {len(labels)} price labels agree with each other"
    if candles is None:
        problem = problem or "no candles to check the axis by"
        return PriceAxis(middle, middle, per_pixel, (high - low) / 2, agreeing, problem, frame)
    ruled, spread = _by_candles(candles, frame)
    top = float(np.clip(ruled * per_pixel, low, high))
    apart = abs(ruled - top / per_pixel)
    exact = high - low < _EXACT * middle  # the candles need only exclude that many labels were misread alike
    tolerance = _RULE_TOLERANCE * (3 if exact else 1)
    if apart > tolerance or spread > 2 * tolerance:
        problem = problem or "the price labels do not agree with the candles (0.9 and 1.1 of their ends)"
        return PriceAxis(middle, middle, per_pixel, (high - low) / 2, agreeing, problem, frame)
    open_pixels = float(np.hypot(_RULE_DOUBT / min(sharpness, 1) ** 2, pitch_doubt * ruled))
    open_pixels = max(open_pixels + _SHADE_WEIGHT * candles.doubt, 0.8 * spread, apart)
    doubt = min(max(high - top, top - low), per_pixel * open_pixels)
    return PriceAxis(top, middle, per_pixel, doubt, agreeing, problem, frame)


def _regular_row(labels: list[Label], top: float) -> tuple[float, list[tuple[int, Label]]] | None:
    """The labels' pitch in pixels and, for each that stands in the regular row from the top edge, its place in it."""
    if len(labels) < 4:
        return None
    y = np.array([label.y for label in labels])
    gaps = np.diff(y)
    pitch = float(np.median(gaps))
    if pitch < 12:
        return None
    index = np.round((y - y[len(y) // 2]) / pitch).astype(int)
    for _ in range(2):
        slope, start = np.polyfit(index, y, 1)
        index = np.round((y - start) / slope).astype(int)
    good = np.abs(y - start - index * slope) <= _PLACING
    if good.sum() < 4:
        return None
    slope, start = np.polyfit(index[good], y[good], 1)
    first = round((top - start) / slope + 0.5 * (_LABEL_OFFSET[0] + _LABEL_OFFSET[1]) / slope)
    offset = start + first * slope - top
    if not _LABEL_OFFSET[0] <= offset <= _LABEL_OFFSET[1]:
        return None
    place = np.append(index[good] - first, 0)  # the row's beginning is known: it counts as one more label
    slope = np.polyfit(place, np.append(y[good], top + _USUAL_OFFSET), 1)[0]
    return float(slope), [
        (int(place - first), label) for place, label, fits in zip(index, labels, good, strict=True) if fits
    ]


def _pitch_doubt(pitch: float, places: list[tuple[int, Label]]) -> float:
    """The share by which the pitch may be wrong: how far the pitches that all labels allow are from it."""
    place, y = np.array([place for place, _ in places]), np.array([label.y for _, label in places])
    first, second = np.triu_indices(len(place), 1)
    apart = place[second] - place[first]
    first, second, apart = first[apart > 0], second[apart > 0], apart[apart > 0]
    if not len(apart):
        return _PITCH_DOUBT
    least = float(((y[second] - y[first] - 2 * _LABEL_DOUBT) / apart).max())
    most = float(((y[second] - y[first] + 2 * _LABEL_DOUBT) / apart).min())
    return float(np.clip(max(most - pitch, pitch - least) / pitch, _LEAST_PITCH_DOUBT, _PITCH_DOUBT))


def _nice_step(ticks: list[tuple[int, float]], half: float) -> float | None:
    """The round step between ticks given as (place, printed value): a tick is lower by it than the one above."""
    place, value = (np.array(column, dtype=np.float64) for column in zip(*ticks, strict=True))
    first, second = np.triu_indices(len(place), 1)
    apart = place[second] != place[first]  # a label that was found twice says nothing of the step
    if not apart.any():
        return None
    slopes = (value[first] - value[second])[apart] / (place[second] - place[first])[apart]
    steep = float(np.median(slopes))
    if steep <= 0:
        return None
    decade = 10.0 ** np.floor(np.log10(steep))
    nice = min((n * d for n in _NICE for d in (decade, decade * 10)), key=lambda step: abs(step - steep))
    return nice if abs(nice - steep) <= 0.01 * steep + half / len(place) else None


def _common(lows: np.ndarray, highs: np.ndarray) -> tuple[float, float, np.ndarray]:
    """The interval that lies in the most of the given ones, and in which: a misread label is outvoted."""
    slack = 1e-9 * np.abs(highs)
    inside = (lows[None] <= lows[:, None] + slack) & (lows[:, None] <= highs[None] + slack)
    best = int(inside.sum(1).argmax())
    members = inside[best]
    return float(lows[members].max()), float(highs[members].min()), members


def _by_candles(candles: Extent, frame: Frame) -> tuple[float, float]:
    """The top edge's price in units of a pixel's, by the rule of 0.9 and 1.1, and how far its two ways are apart.

    The two estimates (by the high; by the low and the plot's height) are weighted by their errors, 11² to 9².
    """
    by_high, by_low = 11 * (candles.top - frame.top), 9 * (frame.bottom - candles.bottom) + frame.height
    return (81 * by_high + 121 * by_low) / 202, abs(by_high - by_low)
