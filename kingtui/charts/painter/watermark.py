"""The large pale writing across each chart. The originals carry their maker's name; ours says that it is painted."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from kingtui.charts.painter import look
from kingtui.charts.painter.canvas import Canvas, font

WORDS = "PAINTED CHART"


def stamp(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    """Write the words over all that was drawn, stretched to a box."""
    size = (round(width * canvas.scale), round(height * canvas.scale))
    canvas.mask(_words(size), x, y, (255, 255, 255), look.WATERMARK_OPACITY)


@lru_cache(maxsize=8)
def _words(size: tuple[int, int]) -> Image.Image:
    face: ImageFont.FreeTypeFont = font(96, True)
    left, top, right, bottom = face.getbbox(WORDS, anchor="ls")
    mask = Image.new("L", (round(right - left), round(bottom - top)))
    ImageDraw.Draw(mask).text((-left, -top), WORDS, fill=255, font=face, anchor="ls")
    return mask.resize(size, Image.Resampling.BOX, reducing_gap=None)
