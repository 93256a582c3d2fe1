"""The charts' functions as pool jobs: bytes and JSON data in, bytes out."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

from kingtui import charts
from kingtui.charts.reading import dump


def identify(data: bytes) -> bytes:
    """What a picture is, and its fingerprints: JSON of kind, title, symbol, reason, chart_like, pixels, phash.

    ``pixels`` is the SHA-256 of size and decoded RGB pixels; ``phash`` the 64-bit perceptual hash in hex.
    """
    import imagehash
    from PIL import Image

    identity = charts.identify(data)
    with Image.open(io.BytesIO(data)) as picture:
        rgb = picture.convert("RGB")
    pixels = hashlib.sha256(f"{rgb.width}x{rgb.height}".encode() + rgb.tobytes()).hexdigest()
    facts: dict[str, Any] = {
        "kind": identity.kind.value,
        "title": identity.title,
        "symbol": identity.symbol,
        "reason": identity.reason,
        "chart_like": identity.chart_like,
        "pixels": pixels,
        "phash": str(imagehash.phash(rgb)),
    }
    return json.dumps(facts).encode()


def read(data: bytes) -> bytes:
    """The reading's JSON."""
    return dump(charts.read(data))


def explain(data: bytes) -> bytes:
    """The reading's JSON, a line feed, and the PNG of the picture with everything that was found drawn on it."""
    from kingtui.charts.explain import explain as draw

    reading, picture = draw(data)
    return dump(reading) + b"\n" + picture


def paint(data: bytes, scale: float = 1.0, format: str = "JPEG", quality: int = 87) -> bytes:  # noqa: A002
    """The picture of a chart given as JSON."""
    from kingtui.charts.painter import chart_from_json
    from kingtui.charts.painter import paint as draw

    return draw(chart_from_json(json.loads(data)), scale=scale, format=format, quality=quality)
