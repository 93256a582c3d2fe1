"""Which kind of chart a picture is, and the reader that belongs to it.

A kind of chart is one module and one line in ``READERS``. The module has

    SIZE: tuple[int, int | None]      the canonical width and height (None: by the width alone)
    TITLE_BOX: Box                    where the title stands on the canvas
    TITLE: re.Pattern[str]            the title's pattern; groups ``symbol`` and ``leverage`` where it prints them
    title(canvas) -> str | None       optional: the title where the module knows a surer way than ``read_title``
    structure(canvas) -> float        0 to 1: how well the picture has the chart's parts (cheap, no text, no notes)
    kind(match) -> Kind               the kind that a title means; UNKNOWN where it does not tell
    read(canvas, match) -> AnyReading every number; ``match`` is TITLE's match on the title (``match.string``);
                                      what it found where it notes on the canvas, for whoever wants to see it

A picture is of a kind when its page has the shape of SIZE, the structure is there and the title fits. Anything else is
unknown, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from kingtui.charts.locate import Box, Canvas, canvas_of, fits, open_picture, page_of, size_on
from kingtui.charts.reading import AnyReading, Identity, Kind, UnknownReading
from kingtui.charts.sketch import Sketch
from kingtui.charts.titles import read_title

READERS: tuple[str, ...] = ("ratio", "liquidation_map", "heatmap", "rsi")

_MIN_STRUCTURE = 0.6


class ChartModule(Protocol):
    """What a module of a kind offers; see above."""

    SIZE: tuple[int, int | None]
    TITLE_BOX: Box
    TITLE: re.Pattern[str]

    def structure(self, canvas: Canvas) -> float: ...

    def kind(self, match: re.Match[str]) -> Kind: ...

    def read(self, canvas: Canvas, match: re.Match[str]) -> AnyReading: ...


@dataclass(frozen=True)
class _Found:
    """A chart that was recognised, or why none was."""

    module: ChartModule | None = None
    canvas: Canvas | None = None
    match: re.Match[str] | None = None
    reason: str = ""
    chart_like: bool = False


def _modules() -> list[ChartModule]:
    return [cast("ChartModule", import_module(f"kingtui.charts.{name}")) for name in READERS]


def _find(data: bytes, sketch: Sketch | None = None) -> _Found:
    picture = open_picture(data)
    page = page_of(picture)
    if sketch is not None:
        sketch.page = page
    if page is None:
        return _Found(reason="it has not the page colour of the charts")
    best: tuple[float, ChartModule, Canvas] | None = None
    canvases: dict[tuple[int, int], Canvas] = {}
    for module in _modules():
        if not fits(page, *module.SIZE):
            continue
        width, height = size_on(page, *module.SIZE)
        if (width, height) not in canvases:
            canvases[width, height] = canvas_of(picture, page, width, height, sketch)
        canvas = canvases[width, height]
        score = module.structure(canvas)
        if best is None or score > best[0]:
            best = (score, module, canvas)
    if best is None or best[0] < _MIN_STRUCTURE:
        return _Found(reason="it has the charts' page but the parts of none of them", chart_like=True)
    _, module, canvas = best
    title = _spelled(module, canvas) or read_title(canvas, module.TITLE_BOX)
    match = module.TITLE.search(title)
    if match is None:
        return _Found(reason=f"its title is of no known chart: {title[:80]!r}", chart_like=True)
    if module.kind(match) is Kind.UNKNOWN:
        return _Found(reason=f"its title does not tell which chart it is: {title[:80]!r}", chart_like=True)
    return _Found(module, canvas, match)


def _spelled(module: ChartModule, canvas: Canvas) -> str | None:
    spell: Callable[[Canvas], str | None] | None = getattr(module, "title", None)
    return None if spell is None else spell(canvas)


def identify(data: bytes) -> Identity:
    """The kind, by page, structure and title alone. Raises NotAPicture."""
    found = _find(data)
    if found.module is None or found.match is None:
        return Identity(Kind.UNKNOWN, reason=found.reason, chart_like=found.chart_like)
    symbol = found.match.groupdict().get("symbol")
    if symbol is not None:
        symbol = symbol.replace("l", "I").upper()  # symbols are capitals, and the recogniser takes an I for an l
    return Identity(found.module.kind(found.match), title=found.match.string, symbol=symbol)


def read(data: bytes, sketch: Sketch | None = None) -> AnyReading:
    """Every number of the chart in ``data``; what was found where goes into ``sketch``. Raises NotAPicture."""
    found = _find(data, sketch)
    if found.module is None or found.canvas is None or found.match is None:
        return UnknownReading(reasons={"kind": found.reason}, chart_like=found.chart_like)
    return found.module.read(found.canvas, found.match)
