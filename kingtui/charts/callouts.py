"""Where the words go on an explained picture: beside what they are about, and over no other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

_DISTANCES = (2.0, 8.0, 16.0, 26.0, 38.0, 54.0, 74.0, 100.0, 132.0, 170.0, 220.0, 280.0)
"""Pixels from what is named, tried from the nearest on."""
_ON_WORDS, _ON_FINDS, _FAR = 50.0, 0.1, 1.0
"""What a square pixel over other words, one over something else that was found, and a pixel of distance cost."""


@dataclass(frozen=True, slots=True)
class Callout:
    """Words in their place, and whether they stand so far from what they name that a line must lead there."""

    box: Rectangle
    far: bool


def place(
    anchors: Sequence[Rectangle],
    sizes: Sequence[tuple[float, float]],
    finds: Sequence[Rectangle],
    within: Rectangle,
) -> list[Callout]:
    """A place for words of each of the ``sizes`` (width, height) beside its anchor.

    ``finds``: what should be covered as little as may be. All stay ``within`` a rectangle. The words are placed in
    order, each where it costs the least: near its anchor, off the words before it, off what was found.
    """
    found = np.array(finds, dtype=np.float64).reshape(-1, 4)
    placed = np.empty((0, 4))
    callouts = []
    for anchor, size in zip(anchors, sizes, strict=True):
        boxes, distance = _candidates(anchor, size, within)
        cost = _FAR * distance + _ON_WORDS * _overlap(boxes, placed) + _ON_FINDS * _overlap(boxes, found)
        best = int(cost.argmin())
        left, top, right, bottom = (float(side) for side in boxes[best])
        callouts.append(Callout((left, top, right, bottom), bool(distance[best] > _DISTANCES[2])))
        placed = np.vstack((placed, boxes[best]))
    return callouts


def _candidates(
    anchor: Rectangle, size: tuple[float, float], within: Rectangle
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places around an anchor (N×4), and how far each is from it in pixels."""
    left, top, right, bottom = anchor
    width, height = size
    middle, level = (left + right - width) / 2, (top + bottom - height) / 2
    corners = np.array([
        (x, y)
        for away in _DISTANCES
        for x, y in (
            (middle, top - height - away), (middle, bottom + away),
            (right + away, level), (left - width - away, level),
            (right + away, top - height - away), (right + away, bottom + away),
            (left - width - away, top - height - away), (left - width - away, bottom + away),
        )
    ])  # fmt: skip
    corners = np.clip(corners, within[:2], (within[2] - width, within[3] - height))
    boxes = np.hstack((corners, corners + np.array(size)))
    beside = np.maximum(np.maximum(boxes[:, 0] - right, left - boxes[:, 2]), 0)
    below = np.maximum(np.maximum(boxes[:, 1] - bottom, top - boxes[:, 3]), 0)
    over = _overlap(boxes, np.array([anchor])) * 0.2  # pushed back onto its anchor by an edge
    return boxes, np.hypot(beside, below) + over


def _overlap(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each of the boxes (N×4) the area that it shares with the others (M×4), in square pixels."""
    across = np.minimum(boxes[:, None, 2], others[None, :, 2]) - np.maximum(boxes[:, None, 0], others[None, :, 0])
    down = np.minimum(boxes[:, None, 3], others[None, :, 3]) - np.maximum(boxes[:, None, 1], others[None, :, 1])
    return np.asarray((np.clip(across, 0, None) * np.clip(down, 0, None)).sum(1))
