"""From bytes to a chart on a known grid: decode safely, find the page, scale it to its kind's canonical size."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps

from kingtui.charts import MAX_PIXELS, NotAPicture
from kingtui.charts.sketch import Form, Sketch

PAGE = (45, 55, 82)
"""The charts' page colour, as measured on The Kingfisher's pictures (JPEG noise: ± 3)."""
FORMATS = ("JPEG", "PNG", "WEBP")

_PAGE_TOLERANCE = 6
_PROBE = 400
"""Longest side, in pixels, of the thinned picture on which the page is looked for first."""
_MIN_SIZE = (300, 120)
"""Width and height below which a page cannot be read: its text would be under 5 pixels high."""
_MIN_PAGE_SHARE = 0.12
"""Least share of the page colour within the page's rectangle; the RSI map, mostly bands, has 0.17."""

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Rec. 601: the plane that JPEG keeps at full resolution."""
_REACH = 6
"""How far from the rough edge the exact one may be, in pixels, beyond the thinning."""

Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom excluded."""


def open_picture(data: bytes) -> Image.Image:
    """The picture in ``data`` as RGB, upright; of an animation the first frame.

    Raises NotAPicture, with a sentence, for anything that is no whole JPEG, PNG or WebP of at most MAX_PIXELS;
    a larger one is refused by its header.
    """
    if not data:
        raise NotAPicture("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is stricter
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise NotAPicture(f"the picture has more than {MAX_PIXELS:,} pixels") from error
    except Exception as error:  # a decoder may fail on foreign bytes in any way it likes
        raise NotAPicture("the file is no JPEG, PNG or WebP picture") from error
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise NotAPicture(f"the picture has {width:,} x {height:,} pixels, more than {MAX_PIXELS:,}")
    try:
        picture.load()
        return _rgb(ImageOps.exif_transpose(picture))
    except Exception as error:
        raise NotAPicture(f"the picture cannot be decoded, it may be truncated: {error}") from error


def _rgb(picture: Image.Image) -> Image.Image:
    """Any mode as RGB; what is transparent shows white, as viewers do."""
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        paper = Image.new("RGB", layer.size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def near(rgb: NDArray[np.uint8], colour: Sequence[int], tolerance: int) -> Mask:
    """Where every channel of ``rgb`` (H×W×3) is within ``tolerance`` of ``colour``."""
    inside = np.ones(rgb.shape[:-1], dtype=np.bool_)
    for channel, level in enumerate(colour):
        low, high = max(0, level - tolerance), min(255, level + tolerance)
        inside &= rgb[..., channel] - np.uint8(low) <= high - low  # below ``low`` wraps around to above
    return inside


def page_of(picture: Image.Image) -> Box | None:
    """The rectangle of the chart's page in ``picture``, without a screenshot's borders; None where there is none."""
    step = max(1, max(picture.size) // _PROBE)
    rgb = np.asarray(picture)
    rough = _tighten(near(rgb[::step, ::step], PAGE, _PAGE_TOLERANCE))
    if rough is None:
        return None
    left, top = rough[0] * step, rough[1] * step
    right, bottom = min(rough[2] * step, picture.width), min(rough[3] * step, picture.height)
    rows, columns = rgb[:, left + step : right - step : step], rgb[top + step : bottom - step : step]
    box = (
        columns.shape[1] - _edge(columns[:, ::-1].swapaxes(0, 1), columns.shape[1] - left, 2 * step + _REACH),
        rows.shape[0] - _edge(rows[::-1], rows.shape[0] - top, 2 * step + _REACH),
        _edge(columns.swapaxes(0, 1), right, 2 * step + _REACH),
        _edge(rows, bottom, 2 * step + _REACH),
    )
    large = box[2] - box[0] >= _MIN_SIZE[0] and box[3] - box[1] >= _MIN_SIZE[1]
    return box if large else None


def _tighten(page: Mask) -> Box | None:
    """The bounds of the rows and columns that hold a fair share of page, until they no longer shrink."""
    left, top, right, bottom = 0, 0, page.shape[1], page.shape[0]
    while True:
        part = page[top:bottom, left:right]
        if part.size == 0 or part.mean() < _MIN_PAGE_SHARE / 3:
            return None
        columns = np.flatnonzero(part.mean(0) > 0.10)
        rows = np.flatnonzero(part.mean(1) > 0.06)
        if len(columns) < 30 or len(rows) < 30:
            return None
        box = (left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1)
        if box == (left, top, right, bottom):
            return box if part.mean() >= _MIN_PAGE_SHARE else None
        left, top, right, bottom = box


def _edge(lines: NDArray[np.uint8], rough: int, reach: int) -> int:
    """Where the page ends, to the line, near ``rough``: ``lines`` (N×M×3) run from the page to the picture's border.

    Judged by the median luma of each line, because the chroma of a JPEG bleeds by 2 pixels.
    """
    start, end = max(0, rough - reach), min(len(lines), rough + reach)
    away = np.abs(np.median(lines[start:end] @ _LUMA, axis=1) - np.array(PAGE) @ _LUMA)
    outside = float(away[-1])
    if outside < 12:  # page up to the border of the picture, or a frame of the page's luma
        return len(lines) if end == len(lines) else rough
    within = np.flatnonzero(away < outside / 2)
    return start + int(within[-1]) + 1 if len(within) else rough


@dataclass(frozen=True)
class Canvas:
    """A chart on its kind's canonical grid.

    ``rgb`` is H×W×3 uint8 at the canonical size; ``picture`` is the whole original and ``box`` the page in it.
    Canvas coordinates are in canonical pixels from the page's top left corner; pixel ``i`` spans ``i`` to ``i + 1``.
    """

    rgb: NDArray[np.uint8]
    picture: Image.Image
    box: Box
    sketch: Sketch | None = None
    """Where what is found is noted, if someone wants to see it."""

    def note(self, about: str, form: Form, at: ArrayLike, text: str = "", doubt: str | None = None) -> None:
        """Keep what was found ``at`` these canvas coordinates (x, y, x, y, …) for the sketch; see ``Mark``."""
        if self.sketch is not None:
            places = np.asarray(at, dtype=np.float64).reshape(-1, 2) * self.factor + self.box[:2]
            self.sketch.add(about, form, [(float(x), float(y)) for x, y in places], text, doubt)

    @property
    def width(self) -> int:
        """Canonical pixels."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Canonical pixels."""
        return int(self.rgb.shape[0])

    @property
    def factor(self) -> tuple[float, float]:
        """Original pixels per canonical pixel, in x and in y."""
        return (self.box[2] - self.box[0]) / self.width, (self.box[3] - self.box[1]) / self.height

    @cached_property
    def signed(self) -> NDArray[np.int16]:
        """``rgb`` as int16, for differences."""
        return self.rgb.astype(np.int16)

    @cached_property
    def luma(self) -> NDArray[np.float32]:
        """H×W, Rec. 601 weights."""
        return self.rgb.astype(np.float32) @ _LUMA

    @cached_property
    def off_page(self) -> NDArray[np.int16]:
        """H×W: the sum over the channels of the distance to the page's colour, 0 to 765."""
        return np.asarray(np.abs(self.signed - np.array(PAGE, dtype=np.int16)).sum(-1), dtype=np.int16)

    @cached_property
    def original(self) -> NDArray[np.uint8]:
        """The page at the original's own resolution: no resampling between the picture and what is measured on it."""
        return np.asarray(self.picture.crop(self.box))

    def near(self, colour: Sequence[int], tolerance: int) -> Mask:
        """H×W: where the canvas has ``colour``, each channel within ``tolerance``."""
        return near(self.rgb, colour, tolerance)

    def crop(self, left: float, top: float, right: float, bottom: float) -> Image.Image:
        """A part of the original's pixels, the given canvas rectangle rounded outward and cut at the page's edge."""
        fx, fy = self.factor
        x0, y0, x1, y1 = self.box
        return self.picture.crop((
            min(max(int(x0 + left * fx), x0), x1 - 1),
            min(max(int(y0 + top * fy), y0), y1 - 1),
            max(min(int(np.ceil(x0 + right * fx)), x1), x0 + 1),
            max(min(int(np.ceil(y0 + bottom * fy)), y1), y0 + 1),
        ))  # fmt: skip


def canvas_of(picture: Image.Image, page: Box, width: int, height: int | None, sketch: Sketch | None = None) -> Canvas:
    """The page scaled to ``width`` × ``height``; without a height, by the width alone."""
    width, height = size_on(page, width, height)
    if (page[2] - page[0], page[3] - page[1]) == (width, height):
        scaled = picture.crop(page)
    else:
        scaled = picture.resize((width, height), Image.Resampling.BICUBIC, box=page)
    return Canvas(np.asarray(scaled), picture, page, sketch)


def size_on(page: Box, width: int, height: int | None) -> tuple[int, int]:
    """The canonical size for a page: its own shape where there is no height."""
    shape = (page[3] - page[1]) / (page[2] - page[0])
    return width, round(shape * width) if height is None else height


def fits(page: Box, width: int, height: int | None, tolerance: float = 0.035) -> bool:
    """Whether the page's shape is that of the canonical size (a height of None fits any)."""
    if height is None:
        return True
    shape = (page[2] - page[0]) / (page[3] - page[1])
    return abs(shape * height / width - 1) <= tolerance
