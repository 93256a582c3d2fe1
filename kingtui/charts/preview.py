"""A small copy of a picture, for a face that shows it."""

from __future__ import annotations

import io

from PIL import Image

from kingtui.charts.locate import open_picture

LARGEST = 1600
"""The longest side of a preview, in pixels."""


def preview(data: bytes, width: int, height: int) -> bytes:
    """A PNG of the picture in at most ``width`` × ``height`` pixels, never larger than it is. Raises NotAPicture."""
    picture = open_picture(data)
    picture.thumbnail((min(width, LARGEST), min(height, LARGEST)), Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()
