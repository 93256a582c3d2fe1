"""The dots of an RSI heat map: where they are, to a fraction of a pixel, and of which colour.

A dot is a disc of 5 pixels' radius in one of four colours that depend on its value. Labels of other dots may lie over
it in white: such pixels count neither for nor against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.locate import Box, Canvas

AREA: Box = (50, 10, 790, 590)
"""The plot: RSI 100 at its top edge, 0 at its bottom edge. Dots may stand half out."""
RADIUS = 5.0

COLOURS: dict[str, tuple[tuple[int, int, int], float, float]] = {
    "red": ((208, 84, 86), 60, 100),
    "yellow": ((211, 166, 86), 40, 60),
    "green": ((121, 172, 91), 20, 40),
    "blue": ((73, 100, 171), 0, 20),
}
"""RGB between the shades that were seen, and the values (from, to) that are drawn in it."""

_TOLERANCE = 36
_BOX = 9
_LEAST_PIXELS = 22
"""Pixels of its colour in a 9×9 box that make a candidate: a dot has 72, one under a label some 40."""
_LEAST_SCORE = 0.45
"""Of a dot found by its colour. Dots score 0.6 to 1, dimmed words and the watermark up to 0.35."""
_LEAST_HIDDEN = 0.4
"""Of a dot found under a label, where the regular pitch leaves a gap."""
_WINDOW = 10
_REACH = 4
_APART = 4.5
"""Two dots of neighbouring columns may overlap, but not be nearer than this."""
_LEAST_SEEN = 12.0
"""So much of a disc's 82 pixels must be free of text."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Dot:
    """A dot's middle in canonical pixels, its colour's name, and how well it is seen (0 to 1)."""

    x: float
    y: float
    colour: str
    score: float


def find_dots(canvas: Canvas) -> list[Dot]:
    """Every dot, from left to right."""
    margin = _WINDOW + _REACH
    padded = np.pad(canvas.signed, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    found = []
    for name, (colour, _, _) in COLOURS.items():
        near = canvas.near(colour, _TOLERANCE)
        near[:, : AREA[0] + 2] = False
        for y, x in _candidates(near):
            part = padded[y : y + 2 * margin + 1, x : x + 2 * margin + 1]
            dot = _best(part, name, x - _REACH, y - _REACH)
            if dot is not None and dot.score >= _LEAST_SCORE:
                found.append(dot)
    found.sort(key=lambda dot: -dot.score)
    kept: list[Dot] = []
    for dot in found:
        if all(np.hypot(dot.x - other.x, dot.y - other.y) > _APART for other in kept):
            kept.append(dot)
    kept.sort(key=lambda dot: dot.x)
    for place in gaps(kept):
        x = int(place)
        strip = padded[:, x - _REACH // 2 + _REACH : x + _REACH // 2 + _REACH + 2 * _WINDOW + 1]
        hidden = [_best(strip, name, x - _REACH // 2, -_REACH) for name in COLOURS]
        best = max((dot for dot in hidden if dot is not None), key=lambda dot: dot.score, default=None)
        if best is not None and best.score >= _LEAST_HIDDEN and in_colour(best):
            kept.append(best)
    return sorted(kept, key=lambda dot: dot.x)


def value_of(dot: Dot) -> float:
    """The RSI at the dot's middle, 0 to 100, by the plot's edges."""
    top, bottom = AREA[1], AREA[3]
    return min(100.0, max(0.0, (bottom - dot.y) / (bottom - top) * 100))


def in_colour(dot: Dot, slack: float = 0.5) -> bool:
    """Whether the dot's colour is the one that its value is drawn in."""
    _, low, high = COLOURS[dot.colour]
    return low - slack <= value_of(dot) <= high + slack


def pitch_of(dots: list[Dot]) -> float | None:
    """The regular distance between neighbouring columns in pixels; None where there is none.

    Some columns are left out, so distances are multiples of the pitch.
    """
    if len(dots) < 4:
        return None
    x = np.array([dot.x for dot in dots])
    distances = np.diff(x)
    pitch = float(np.median(distances[distances < 1.5 * np.median(distances)]))
    for _ in range(3):  # a better pitch places the far columns better
        place = np.round((x - x[0]) / pitch)
        pitch = float(np.polyfit(place, x, 1)[0])
    off = np.abs((x - x[0]) / pitch - place)
    return pitch if pitch > 4 and np.median(off) < 0.12 else None


def columns_of(dots: list[Dot]) -> list[float]:
    """The dots' columns by the regular pitch, which is more exact than each dot alone; their own places without one."""
    pitch = pitch_of(dots)
    x = np.array([dot.x for dot in dots])
    if pitch is None:
        return [float(value) for value in x]
    place = np.round((x - x[0]) / pitch)
    slope, start = np.polyfit(place, x, 1)
    return [float(value) for value in start + slope * place]


def gaps(dots: list[Dot]) -> list[float]:
    """Where, along x, the regular pitch has a column without a dot, between the first and the last."""
    pitch = pitch_of(dots)
    if pitch is None:
        return []
    x = np.array([dot.x for dot in dots])
    place = np.round((x - x[0]) / pitch)
    slope, start = np.polyfit(place, x, 1)
    empty = np.setdiff1d(np.arange(place.max()), place)
    return [float(start + slope * k) for k in empty]


def _candidates(near: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pixels (y, x) with the most of a colour around them, each at least half a box from the next."""
    half = _BOX // 2
    total = np.pad(near, ((half + 1, half), (half + 1, half))).cumsum(0, dtype=np.int32).cumsum(1)
    count = total[_BOX:, _BOX:] - total[:-_BOX, _BOX:] - total[_BOX:, :-_BOX] + total[:-_BOX, :-_BOX]
    rows, columns = np.nonzero(count >= _LEAST_PIXELS)
    order = np.argsort(-count[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    chosen = []
    while len(rows):
        y, x = int(rows[0]), int(columns[0])
        chosen.append((y, x))
        far = np.maximum(np.abs(rows - y), np.abs(columns - x)) > half
        rows, columns = rows[far], columns[far]
    return chosen


def _templates() -> tuple[Floats, Floats]:
    """A disc and the ring around it, as weights on the pixels of a window."""
    axis = np.arange(-_WINDOW, _WINDOW + 1, dtype=np.float32)
    distance = np.hypot(*np.meshgrid(axis, axis))
    ring = np.clip(distance - RADIUS - 1, 0, 1) * (distance <= RADIUS + 4)
    return np.clip(RADIUS + 0.5 - distance, 0, 1).astype(np.float32), ring.astype(np.float32)


_DISC, _RING = _templates()


def _best(part: NDArray[np.int16], name: str, left: int, top: int) -> Dot | None:
    """The dot of a colour in ``part`` (H×W×3) whose window fits best, its middle by parabolas through the best shifts.

    ``left`` and ``top``: the canvas pixel on which the first window is centred. A pixel on the way from the colour to
    white is text over the dot: the whiter, the less it counts.
    """
    colour = np.array(COLOURS[name][0], dtype=np.float32)
    away = part - colour
    to_white = 255 - colour
    white = np.clip((away @ to_white) / float(to_white @ to_white), 0, 0.9)
    likeness = np.clip(1 - np.abs(away - white[..., None] * to_white).sum(-1) / 130, 0, 1)
    counts = (1 - white).astype(np.float32)
    counted, total = (
        np.lib.stride_tricks.sliding_window_view(plane, (2 * _WINDOW + 1, 2 * _WINDOW + 1))
        for plane in (likeness * counts, counts)
    )
    seen, around = np.tensordot(total, _DISC, 2), np.tensordot(total, _RING, 2)
    scores = np.tensordot(counted, _DISC, 2) / np.maximum(seen, 1) - np.tensordot(counted, _RING, 2) / np.maximum(
        around, 1
    )
    scores = np.where(seen >= _LEAST_SEEN, scores, 0)
    dy, dx = (int(k) for k in np.unravel_index(int(scores.argmax()), scores.shape))
    score = float(scores[dy, dx])
    if score <= 0:
        return None
    return Dot(left + dx + _vertex(scores[dy], dx) + 0.5, top + dy + _vertex(scores[:, dx], dy) + 0.5, name, score)


def _vertex(values: NDArray[np.floating], at: int) -> float:
    """Where, relative to ``at``, the parabola through it and its neighbours peaks; 0 at an end."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, here, after = (float(v) for v in values[at - 1 : at + 2])
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend < -1e-9 else 0.0
