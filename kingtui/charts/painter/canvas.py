"""Drawing with Pillow as a browser's canvas draws: fractional edges, unhinted text, blending.

Coordinates are those of the chart at its canonical size; ``scale`` multiplies them. Rectangles along the pixel grid get
their exact coverage; other shapes and text are drawn four times larger into a mask that is averaged down.
"""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from kingtui.charts.painter import kerning
from kingtui.charts.painter.look import PAGE, Colour

OVERSAMPLING = 4
Point = tuple[float, float]
_LIGATURES = (("ffi", "ﬃ"), ("ffl", "ﬄ"), ("fi", "ﬁ"), ("fl", "ﬂ"))
"""As the originals set bitfinex; written out, because the layout that would do it is not in every Pillow."""


@lru_cache(maxsize=1)
def _fonts() -> Path:
    # matplotlib brings DejaVu Sans, the charts' font; finding its folder is cheap, importing it is not.
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("matplotlib, which brings the font DejaVu Sans, is not installed")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


@lru_cache(maxsize=64)
def font(size: float, bold: bool) -> ImageFont.FreeTypeFont:
    """DejaVu Sans at a size in pixels."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(_fonts() / name, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=512)
def _advance(character: str, bold: bool) -> float:
    """How far a character moves the pen, in ems.

    Measured at the font's own size: Pillow rounds advances to whole pixels, the originals' renderer does not.
    """
    return font(kerning.EM, bold).getlength(character) / kerning.EM


def _pens(text: str, bold: bool) -> list[float]:
    """The pen's place before each character and after the last, in ems."""
    pairs = kerning.BOLD if bold else kerning.REGULAR
    pens = [0.0]
    for first, pair in zip(text, (*map("".join, pairwise(text)), ""), strict=True):
        pens.append(pens[-1] + _advance(first, bold) + pairs.get(pair, 0) / kerning.EM)
    return pens


@lru_cache(maxsize=1024)
def _text_mask(text: str, size: float, bold: bool, shift: tuple[int, int], angle: float) -> tuple[Image.Image, Point]:
    """The coverage of a text and where its origin (left end of the baseline) lies in it, both in pixels.

    ``shift`` is the origin's place within its pixel, in oversampled pixels.
    """
    face = font(size * OVERSAMPLING, bold)
    pens = [pen * size * OVERSAMPLING for pen in _pens(text, bold)]
    stretch = 1.0 if angle else _HINTED.get(size, 1.0)
    ascent, descent = (metric * stretch for metric in face.getmetrics())
    reach = math.hypot(pens[-1], ascent) if angle else 0
    before, above = max(reach, size), max(reach, ascent)
    after, below = max(reach, pens[-1] + size), max(reach, descent)
    x, y = _whole_pixels(before), _whole_pixels(above)
    mask = Image.new("L", (_whole_pixels(x + after), _whole_pixels(y + below)))
    draw = ImageDraw.Draw(mask)
    for character, pen in zip(text, pens, strict=False):
        draw.text((x + shift[0] + pen, y + shift[1]), character, fill=255, font=face, anchor="ls")
    if angle:
        mask = mask.rotate(-angle, Image.Resampling.BICUBIC, center=(x + shift[0], y + shift[1]))
    elif stretch != 1:
        about = (y + shift[1]) * (1 - 1 / stretch)
        mask = mask.transform(mask.size, Image.Transform.AFFINE, (1, 0, 0, 0, 1 / stretch, about), _LINEAR)
    return mask.reduce(OVERSAMPLING), (x / OVERSAMPLING, y / OVERSAMPLING)


_HINTED = {10.0: 1.09, 12.0: 1.03, 14.0: 0.97, 15.0: 1.07, 24.0: 1.035}
"""How much taller the originals' hinting makes text of a size in pixels, so that its edges meet whole pixels."""
_LINEAR = Image.Resampling.BILINEAR


def _whole_pixels(oversampled: float) -> int:
    return math.ceil(oversampled / OVERSAMPLING) * OVERSAMPLING


class Canvas:
    """A page of ``width`` × ``height`` canonical pixels, drawn ``scale`` times as large."""

    def __init__(self, width: float, height: float, scale: float) -> None:
        self.scale = scale
        self.image = Image.new("RGB", (round(width * scale), round(height * scale)), PAGE)
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, opacity: float = 1.0) -> None:
        """Fill a rectangle, its edges blended by their share of each pixel."""
        for left, right, part_x in _spans(x0 * self.scale, x1 * self.scale):
            for top, bottom, part_y in _spans(y0 * self.scale, y1 * self.scale):
                alpha = round(255 * part_x * part_y * opacity)
                if alpha:
                    self._draw.rectangle((left, top, right - 1, bottom - 1), fill=(*colour, alpha))

    def upright(self, x: float, y0: float, y1: float, width: float, colour: Colour) -> None:
        """Draw a vertical line around ``x`` on whole pixels, as axes and ticks are."""
        left, right = _snapped(x * self.scale, max(1, round(width * self.scale)))
        self._draw.rectangle((left, round(y0 * self.scale), right - 1, round(y1 * self.scale) - 1), fill=colour)

    def level(self, x0: float, x1: float, y: float, width: float, colour: Colour) -> None:
        """Draw a horizontal line around ``y`` on whole pixels."""
        top, bottom = _snapped(y * self.scale, max(1, round(width * self.scale)))
        self._draw.rectangle((round(x0 * self.scale), top, round(x1 * self.scale) - 1, bottom - 1), fill=colour)

    def rounded(
        self, x0: float, y0: float, x1: float, y1: float, radius: float, colour: Colour, opacity: float = 1.0
    ) -> None:
        """Fill a rectangle with round corners."""
        s = self._factor
        self._shape(
            (x0, y0, x1, y1),
            colour,
            opacity,
            lambda draw, ox, oy: draw.rounded_rectangle(
                (x0 * s - ox, y0 * s - oy, x1 * s - ox - 1, y1 * s - oy - 1), radius * s, fill=255
            ),
        )

    def gradient(
        self, strip: Image.Image, x0: float, y0: float, x1: float, y1: float, radius: float, *, round_left: bool
    ) -> None:
        """Fill a rectangle with a strip of one row of pixels, its right corners round and, if wanted, its left ones."""
        s = self._factor
        corners = (round_left, True, True, round_left)
        (left, top), mask = self._mask(
            (x0, y0, x1, y1),
            lambda draw, ox, oy: draw.rounded_rectangle(
                (x0 * s - ox, y0 * s - oy, x1 * s - ox - 1, y1 * s - oy - 1),
                min(radius, (x1 - x0) / 2) * s,
                fill=255,
                corners=corners,
            ),
        )
        start, stop = round(x0 * self.scale), round(x1 * self.scale)
        if stop > start:
            filling = Image.new("RGB", mask.size)
            filling.paste(strip.resize((stop - start, mask.height), Image.Resampling.BILINEAR), (start - left, 0))
            # The mask covers a part of the pixel beyond a fractional end: it gets the end's colour.
            for column, source in ((start - left - 1, start - left), (stop - left, stop - left - 1)):
                filling.paste(filling.crop((source, 0, source + 1, mask.height)), (column, 0))
            self.image.paste(filling, (left, top), mask)

    def mask(self, mask: Image.Image, x: float, y: float, colour: Colour, opacity: float) -> None:
        """Put a colour through a mask of the right size, its corner at a place."""
        self._paste(mask, (round(x * self.scale), round(y * self.scale)), colour, opacity)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        s = self._factor
        self._shape(
            (x - radius, y - radius, x + radius, y + radius),
            colour,
            1.0,
            lambda draw, ox, oy: draw.ellipse(
                ((x - radius) * s - ox, (y - radius) * s - oy, (x + radius) * s - ox - 1, (y + radius) * s - oy - 1),
                fill=255,
            ),
        )

    def polygon(self, points: Sequence[Point], colour: Colour, opacity: float = 1.0) -> None:
        """Fill a polygon."""
        s = self._factor
        self._shape(
            _bounds(points, 0),
            colour,
            opacity,
            lambda draw, ox, oy: draw.polygon([(x * s - ox, y * s - oy) for x, y in points], fill=255),
        )

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """Draw a line through the points."""
        s = self._factor
        self._shape(
            _bounds(points, width),
            colour,
            1.0,
            lambda draw, ox, oy: draw.line(
                [(x * s - ox, y * s - oy) for x, y in points], fill=255, width=round(width * s), joint="curve"
            ),
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: Colour,
        *,
        anchor: str = "left",
        bold: bool = False,
        angle: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """Write with the baseline at ``y`` from, around or up to ``x``; turned clockwise by ``angle`` degrees."""
        for plain, joined in _LIGATURES:
            text = text.replace(plain, joined)
        size *= self.scale
        left, top = x * self.scale, y * self.scale
        if anchor != "left":
            length = _pens(text, bold)[-1] * size
            left -= length if anchor == "right" else length / 2
        # Upright text stands on whole pixels.
        fine_x, fine_y = round(left * OVERSAMPLING), round(top * (OVERSAMPLING if angle else 1))
        fine_y *= 1 if angle else OVERSAMPLING
        column, row = fine_x // OVERSAMPLING, fine_y // OVERSAMPLING
        shift = (fine_x % OVERSAMPLING, fine_y % OVERSAMPLING)
        mask, origin = _text_mask(text, size, bold, shift, angle)
        self._paste(mask, (column - round(origin[0]), row - round(origin[1])), colour, opacity)

    def paste(self, picture: Image.Image, x: float, y: float) -> None:
        """Put a picture of the right size at a place."""
        self.image.paste(picture, (round(x * self.scale), round(y * self.scale)))

    def encode(self, format: str, quality: int) -> bytes:  # noqa: A002
        """The picture's bytes: JPEG as the originals are (colour at half resolution), PNG, or WEBP."""
        buffer = io.BytesIO()
        if format == "PNG":
            self.image.save(buffer, "PNG", compress_level=3)
        else:
            self.image.save(buffer, format, quality=quality)
        return buffer.getvalue()

    @property
    def _factor(self) -> float:
        return self.scale * OVERSAMPLING

    def _shape(
        self,
        box: tuple[float, float, float, float],
        colour: Colour,
        opacity: float,
        draw: Callable[[ImageDraw.ImageDraw, float, float], None],
    ) -> None:
        place, mask = self._mask(box, draw)
        self._paste(mask, place, colour, opacity)

    def _mask(
        self, box: tuple[float, float, float, float], draw: Callable[[ImageDraw.ImageDraw, float, float], None]
    ) -> tuple[tuple[int, int], Image.Image]:
        """The coverage of what ``draw`` draws within a box, and the pixel where the mask's corner belongs."""
        left, top = (math.floor(edge * self.scale) - 1 for edge in box[:2])
        right, bottom = (math.ceil(edge * self.scale) + 1 for edge in box[2:])
        mask = Image.new("L", ((right - left) * OVERSAMPLING, (bottom - top) * OVERSAMPLING))
        draw(ImageDraw.Draw(mask), left * OVERSAMPLING, top * OVERSAMPLING)
        return (left, top), mask.reduce(OVERSAMPLING)

    def _paste(self, mask: Image.Image, place: tuple[int, int], colour: Colour, opacity: float) -> None:
        if opacity < 1:
            mask = mask.point([round(value * opacity) for value in range(256)])
        self.image.paste(colour, (*place, place[0] + mask.width, place[1] + mask.height), mask)


def _spans(start: float, stop: float) -> list[tuple[int, int, float]]:
    """A stretch as whole pixels: (first, end, share covered), a partly covered one at either end."""
    first, last = math.floor(start), math.ceil(stop)
    if last - first <= 1:
        return [(first, last, stop - start)] if stop > start else []
    inner_first, inner_last = math.ceil(start), math.floor(stop)
    spans = [(inner_first, inner_last, 1.0)] if inner_last > inner_first else []
    if inner_first > start:
        spans.append((first, inner_first, inner_first - start))
    if inner_last < stop:
        spans.append((inner_last, last, stop - inner_last))
    return spans


def _snapped(place: float, width: int) -> tuple[int, int]:
    """The pixels of a line of whole ``width`` around a place (ECharts' ``subPixelOptimize``)."""
    doubled = round(2 * place)
    start = (doubled + 1 - width) // 2 if (doubled + width) % 2 else (doubled - width) // 2
    return start, start + width


def _bounds(points: Sequence[Point], margin: float) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin
