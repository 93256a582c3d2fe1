"""The charts' font, DejaVu Sans, which comes with matplotlib: its widths, and stencils of texts set in it.

Texts are set here character by character, with the font's own kerning and ligatures, because Pillow does so only where
an optional library is installed: a reading must not depend on the machine.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from kingtui.charts.painter import kerning

Patch = NDArray[np.float32]

PHASES = 4
"""Steps per pixel at which stencils are placed."""
_OVERSAMPLING = 8
_LIGATURES = (("ffi", "ﬃ"), ("ffl", "ﬄ"), ("fi", "ﬁ"), ("fl", "ﬂ"))
"""As the charts set bitfinex."""


@cache
def font_file(bold: bool = False) -> Path:
    """The file of DejaVu Sans in matplotlib's data, found without importing matplotlib."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("matplotlib, whose DejaVu Sans the chart reader needs, is not installed")
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / name


@cache
def _font(size: float, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_file(bold)), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _width(character: str, bold: bool) -> float:
    """How far a character moves the pen, in ems, measured at the font's own size: smaller ones round it."""
    return _font(kerning.EM, bold).getlength(character) / kerning.EM


def _joined(text: str) -> str:
    for plain, ligature in _LIGATURES:
        text = text.replace(plain, ligature)
    return text


@lru_cache(maxsize=4096)
def _pens(joined: str, bold: bool) -> tuple[float, ...]:
    """The pen's place before each character of a text with its ligatures, and after the last, in ems."""
    pairs = kerning.BOLD if bold else kerning.REGULAR
    pens = [0.0]
    for first, pair in zip(joined, [*map("".join, pairwise(joined)), ""], strict=True):
        pens.append(pens[-1] + _width(first, bold) + pairs.get(pair, 0) / kerning.EM)
    return tuple(pens)


def advance(text: str, size: float, bold: bool = False) -> float:
    """The width of ``text`` in pixels at a font size in pixels, from the pen's start to its end."""
    return _pens(_joined(text), bold)[-1] * size if text else 0.0


def _stencils(text: str, size: float, bold: bool) -> Patch:
    """Phases × phases × H×W coverage 0 to 1, by fractions of a pixel down and to the right: the pen starts in column 1,
    the baseline is 1 + size down. The text is drawn once, enlarged, and averaged at each shift."""
    scale, joined = _OVERSAMPLING, _joined(text)
    width, height = int(np.ceil(advance(text, size, bold))) + 3, round(size * 1.3) + 3
    layer = Image.new("L", ((width + 1) * scale, (height + 1) * scale))
    draw, face = ImageDraw.Draw(layer), _font(size * scale, bold)
    left, baseline = 2 * scale, (2 + round(size)) * scale
    for character, pen in zip(joined, _pens(joined, bold), strict=False):
        draw.text((left + pen * size * scale, baseline), character, fill=255, font=face, anchor="ls")
    fine = np.asarray(layer.reduce(scale // PHASES), dtype=np.float32) / np.float32(255 * PHASES * PHASES)
    sums = np.zeros((fine.shape[0] + 1, fine.shape[1] + 1), dtype=np.float64)
    sums[1:, 1:] = fine.cumsum(0, dtype=np.float64).cumsum(1)
    box = sums[PHASES:, PHASES:] - sums[:-PHASES, PHASES:] - sums[PHASES:, :-PHASES] + sums[:-PHASES, :-PHASES]
    shifted = np.empty((PHASES, PHASES, height, width), dtype=np.float32)
    for down, right in np.ndindex(PHASES, PHASES):
        shifted[down, right] = box[PHASES - down :: PHASES, PHASES - right :: PHASES][:height, :width]
    return shifted


SHORT = 16
"""So many characters are worth keeping a text's stencils for: words come again and again, titles of 1 MB do not."""
_short_stencils = lru_cache(maxsize=512)(_stencils)


def stencils(text: str, size: float, bold: bool = False) -> Patch:
    """All stencils of a text: phases down × phases right × H×W coverage 0 to 1. At the phases y and x the baseline is
    1 + size + y / PHASES down and the pen starts at 1 + x / PHASES."""
    return (_short_stencils if len(text) <= SHORT else _stencils)(text, size, bold)
