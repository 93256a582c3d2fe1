"""Pixels to readings. Knows nothing of the rest of kingtui; runs in the process pool.

Importing this package is cheap: numpy, Pillow and the recogniser are loaded by the first call.
"""

from __future__ import annotations

import os

from kingtui.charts.reading import AnyReading, Identity, Kind
from kingtui.charts.sketch import Sketch

__all__ = ["AnyReading", "Identity", "Kind", "NotAPicture", "Sketch", "identify", "read"]

# Before numpy is loaded: its many small products are faster on one thread (ten times so on busy cores), and give the
# same digits on every machine. Charts are read in parallel by processes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # nothing is sent, nothing is written outside the home

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
"""Endings of the pictures that are taken, in any case."""
MAX_PIXELS = 25_000_000
"""Larger pictures are refused by their header, before a pixel is decoded."""


class NotAPicture(ValueError):
    """The bytes are no picture that can be decoded (empty, truncated, too large, …); the text says which."""


def identify(data: bytes) -> Identity:
    """The kind of a picture, with title and symbol where printed. Raises NotAPicture."""
    from kingtui.charts import kinds

    return kinds.identify(data)


def read(data: bytes, sketch: Sketch | None = None) -> AnyReading:
    """Every number of a chart, each verified or with its reason; an UnknownReading for other pictures.

    What was found, and where on the picture, is noted in ``sketch`` if one is given. Raises NotAPicture. The same
    bytes give the same reading, on any number of threads and in any order.
    """
    from kingtui.charts import kinds

    return kinds.read(data, sketch)
