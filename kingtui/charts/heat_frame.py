"""The frame of a heat map: where its plot begins and ends, measured, so that a page cut by a pixel does no harm.

Two vertical axes run from the plot's top edge down to a horizontal one, each 2 pixels wide.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kingtui.charts.axes import crossing
from kingtui.charts.candles import PLOT
from kingtui.charts.locate import Canvas

_REACH = 6
"""Canonical pixels in which an end is looked for: a page may be cut, or found, by a pixel or two wrongly."""
_QUIET_ROWS = slice(60, 600)
RINGING, _COARSE = 0.95, 0.8
"""Mean luma of the ringing: 0.4 to 0.9 at a JPEG quality of 80 and more, 0.9 to 1.7 at 60 to 71, where wicks' ends are
off by 0.5 pixels and not by 0.3."""
NOISY = 2.2
"""Ringing beyond that of any JPEG of quality 60 or more, up to 1.9: nothing can be measured exactly."""
_HALF_LINE = 1.0
_LEAST = 12.0
"""Luma of the frame above the page, at the least: 40 drawn."""


class Frame(NamedTuple):
    """The plot's upper and lower edge in canonical pixels from the page's top."""

    top: float
    bottom: float

    @property
    def height(self) -> float:
        """Canonical pixels."""
        return self.bottom - self.top


DRAWN = Frame(float(PLOT[1]), float(PLOT[3]))
"""Where the frame is on a whole page."""


def frame_of(canvas: Canvas) -> Frame:
    """The frame; an end that is not seen is taken to be where it is drawn."""
    top, bottom = _top(canvas.luma), _bottom(canvas.luma)
    return Frame(DRAWN.top if top is None else top, DRAWN.bottom if bottom is None else bottom)


def sharpness_of(canvas: Canvas) -> float:
    """How exactly edges can be placed, 1 at best: original pixels per canonical pixel, and less in a coarse JPEG.

    How coarse shows beside the right axis, where the page is level but for the ringing of the axis' edge.
    """
    return min(1.0, *canvas.factor) * (_COARSE if ringing(canvas) > RINGING else 1.0)


def ringing(canvas: Canvas) -> float:
    """The mean luma by which the page beside the right axis is not level, though it is drawn so."""
    beside = canvas.luma[_QUIET_ROWS, PLOT[2] + 1 : PLOT[2] + 5]
    return float(np.abs(beside - np.median(beside, axis=0)).mean())


def _top(luma: NDArray[np.float32]) -> float | None:
    """Where the vertical axes begin: half way from the page's luma to theirs."""
    first = PLOT[1] - _REACH
    ends = []
    for x in (PLOT[0], PLOT[2]):
        near = luma[:, x - 3 : x + 3]
        column = near[:, int(np.median(near[PLOT[1] + _REACH : PLOT[3]], axis=0).argmax())]
        page, drawn = float(np.median(column[:first])), float(np.median(column[PLOT[1] + 2 : PLOT[3]]))
        end = crossing((column[first : PLOT[1] + _REACH] - page) / max(drawn - page, _LEAST), 0.5)
        if end is not None and drawn - page > _LEAST:
            ends.append(first + end)
    return None if not ends else float(np.mean(ends))


def _bottom(luma: NDArray[np.float32]) -> float | None:
    """The middle of the horizontal axis, by its lower edge: on its upper side there may be a band."""
    first = PLOT[3] - _REACH
    rows = np.median(luma[first : PLOT[3] + _REACH, PLOT[0] + 5 : PLOT[2] - 5], axis=1)[::-1]
    page = float(np.median(rows[:3]))
    drawn = float(np.median(luma[PLOT[1] + _REACH : first, PLOT[2] - 3 : PLOT[2] + 3], axis=0).max())
    end = crossing((rows - page) / max(drawn - page, _LEAST), 0.5)
    return None if end is None else PLOT[3] + _REACH - end - _HALF_LINE
