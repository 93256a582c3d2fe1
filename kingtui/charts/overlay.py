"""Whether two pictures show one chart, by laying one page over the other: without reading anything.

Both pages are brought to the smaller one's size and softened a little, so that none is sharper than the other. What
re-encoding and resizing change is spread evenly and has no direction; a figure, a dot, a bar or a candle that differs
changes one spot. So the measure is the largest difference of any spot.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from kingtui.charts.locate import Box, open_picture, page_of

SAME_PICTURE = 10.0
"""Levels of luma (0 to 255) by which a spot of two pictures of one chart differs at most.

Measured at 0.75 to 1.6 times the charts' size and JPEG quality 60 to 95, copies resized by four filters and framed: 1
to 8.4. Others: a ratio that is 0.1 higher 25 and more, an hour in a map's title 28, a bar a tenth lower 32, a dot half
a point higher 40, a heat map an hour later 11 in a market that stands still, else 19 and more. Less than it takes: the
last figure of a map's price (6), a close that is 0.2 percent higher (1).
"""

_WIDEST = 800
"""Pixels to which wider pages are scaled down: the charts' own size, more shows nothing more."""
_SHAPE = 0.02
"""Share by which the shapes of one chart's pages may differ: a frame costs or leaves a pixel."""
_SOFT = 0.8
"""Pixels: the radius of the softening."""
_GRAIN, _SPOT = 2, 6
"""Pixels: signed differences are averaged over the grain of a JPEG's noise, their sizes over a spot."""
_REACH = 2.0
"""Pixels by which the pages may be shifted or stretched against each other: the found edges of a page are so exact."""
_INSIDE = slice(3, -3), slice(3, -3)
"""What is left of a page whose edge moved by up to that."""

Floats = NDArray[np.float32]


def difference(a: bytes, b: bytes) -> float | None:
    """The largest difference of a spot between the charts in two pictures, in levels of luma, 0 to 255.

    None where one has no chart's page or the pages have other shapes. Raises NotAPicture.
    """
    pictures = [open_picture(data) for data in (a, b)]
    pages = [page_of(picture) for picture in pictures]
    if pages[0] is None or pages[1] is None:
        return None
    (width, height), (other_width, other_height) = _size(pages[0]), _size(pages[1])
    if abs(width * other_height / (height * other_width) - 1) > _SHAPE:
        return None
    wide = min(width, other_width)
    share = min(1.0, _WIDEST / wide)
    size = round(wide * share), round(min(height, other_height) * share)
    one, other = (_luma(picture, page, size) for picture, page in zip(pictures, pages, strict=True) if page)
    found = _largest(one, other)
    if found > SAME_PICTURE:
        found = min(found, _largest(one[_INSIDE], _aligned(other, one)[_INSIDE]))
    return found


def _size(page: Box) -> tuple[int, int]:
    return page[2] - page[0], page[3] - page[1]


def _luma(picture: Image.Image, page: Box, size: tuple[int, int]) -> Floats:
    """The page's luma at ``size`` (width, height), softened, as H×W."""
    grey = picture.convert("L")
    scaled = grey.crop(page) if _size(page) == size else grey.resize(size, Image.Resampling.LANCZOS, box=page)
    return np.asarray(scaled.filter(ImageFilter.GaussianBlur(_SOFT)), np.float32)


def _largest(one: Floats, other: Floats) -> float:
    """The largest difference of a spot."""
    return float(_means(np.abs(_means(one - other, _GRAIN)), _SPOT).max())


def _means(values: Floats, side: int) -> Floats:
    """The mean of every square of ``side`` pixels that lies within ``values``."""
    sums = np.pad(values.astype(np.float64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    squares = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return np.asarray(squares / side**2, np.float32)


def _aligned(moved: Floats, fixed: Floats) -> Floats:
    """``moved`` shifted and stretched by up to ``_REACH`` pixels onto ``fixed``, both H×W, by least squares over their
    gradients (Lucas and Kanade, 1981), with one shift and one stretch per axis for the whole page."""
    height, width = fixed.shape
    x, y = np.arange(width) / width - 0.5, (np.arange(height) / height - 0.5)[:, None]
    shift, result = np.zeros(4), moved  # in x, its stretch, in y, its stretch: pixels
    for _ in range(3):
        down, right = (np.asarray(slope) for slope in np.gradient(result))
        slopes = np.stack([part[_INSIDE].ravel() for part in (right, right * x, down, down * y)])
        rest = np.asarray(fixed - result)[_INSIDE].ravel()
        step = np.linalg.solve(slopes @ slopes.T + 1e-3 * np.eye(4), slopes @ rest)
        shift = np.clip(shift + step, -_REACH, _REACH)
        across, wider, along, taller = shift.tolist()
        warp = (1 + wider / width, 0, across - wider / 2, 0, 1 + taller / height, along - taller / 2)
        picture = Image.fromarray(moved).transform(
            (width, height), Image.Transform.AFFINE, warp, Image.Resampling.BICUBIC
        )
        result = np.asarray(picture)
    return result
