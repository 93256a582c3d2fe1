"""The charts' functions as pool jobs: bytes and JSON data in, bytes out."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from kingtui import charts
from kingtui.charts.reading import READER, Kind, dump


def identify(data: bytes) -> bytes:
    """What a picture is, and its fingerprints: JSON of kind, title, symbol, reason, chart_like, pixels, phash.

    ``pixels`` is the SHA-256 of size and decoded RGB pixels; ``phash`` the 64-bit perceptual hash in hex, of a chart
    that of its page: a screenshot's frame would change it more than another chart does.
    """
    import imagehash

    from kingtui.charts.locate import open_picture, page_of

    identity = charts.identify(data)
    picture = open_picture(data)
    page = None if identity.kind is Kind.UNKNOWN else page_of(picture)
    facts: dict[str, Any] = {
        "kind": identity.kind.value,
        "title": identity.title,
        "symbol": identity.symbol,
        "reason": identity.reason,
        "chart_like": identity.chart_like,
        "pixels": hashlib.sha256(f"{picture.width}x{picture.height}".encode() + picture.tobytes()).hexdigest(),
        "phash": str(imagehash.phash(picture if page is None else picture.crop(page))),
    }
    return json.dumps(facts).encode()


def overlay(data: bytes, split: int) -> bytes:
    """Whether two charts, the second picture from byte ``split`` on, laid over each other show no difference:
    JSON of ``difference`` (levels of luma, null where they cannot be laid) and ``same``."""
    from kingtui.charts.overlay import SAME_PICTURE, difference

    found = difference(data[:split], data[split:])
    return json.dumps({"difference": found, "same": found is not None and found <= SAME_PICTURE}).encode()


def read(data: bytes) -> bytes:
    """The reading's JSON."""
    return dump(charts.read(data))


def explain(data: bytes) -> bytes:
    """The reading's JSON, a line feed, and the PNG of the picture with everything that was found drawn on it."""
    from kingtui.charts.explain import explain as draw

    reading, picture = draw(data)
    return dump(reading) + b"\n" + picture


def marks(data: bytes) -> bytes:
    """Everything that the reader finds on the picture, and where: JSON of the picture's ``width`` and ``height``,
    ``reader``, and ``marks``, each with about, form, places (in pixels), text, verified and reason."""
    from kingtui.charts.locate import open_picture
    from kingtui.charts.sketch import Sketch, verdict

    sketch = Sketch()
    reading = charts.read(data, sketch)
    size = open_picture(data).size
    found = []
    for mark in sketch.marks:
        said = verdict(mark, reading)
        places = [[round(x, 1), round(y, 1)] for x, y in mark.places]
        found.append({
            "about": mark.about, "form": mark.form, "places": places, "text": mark.text, "verified": said.sure,
            "reason": said.reason,
        })  # fmt: skip
    facts = {"width": size[0], "height": size[1], "reader": READER, "marks": found}
    return json.dumps(facts, allow_nan=False).encode()


def paint(data: bytes, scale: float = 1.0, format: str = "JPEG", quality: int = 87) -> bytes:  # noqa: A002
    """The picture of a chart given as JSON."""
    from kingtui.charts.painter import chart_from_json
    from kingtui.charts.painter import paint as draw

    return draw(chart_from_json(json.loads(data)), scale=scale, format=format, quality=quality)
