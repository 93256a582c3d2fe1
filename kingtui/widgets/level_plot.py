"""The liquidation levels around a symbol's price, drawn in lines of blocks: prices go up, bars to the right.

Above the map's price lie short liquidations, below it long ones; clusters stand beside the row that they are in. Two
sides, a mark and words say it: colour only helps. The cell that holds the price counts for neither side and is not
drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from textual.content import Content

from kingtui.models import SLOTS, ClusterLevel, Evidence, Kind, Slot, SymbolRecord
from kingtui.reports.facts import newest
from kingtui.reports.format import level, percent, price
from kingtui.reports.rates import map_has_bars, split_bars
from kingtui.widgets.words import ago

Zoom = Literal["auto", "5", "15", "map"]
ZOOMS: tuple[Zoom, ...] = ("auto", "5", "15", "map")
_SHARES: dict[Zoom, float] = {"5": 0.05, "15": 0.15}
_EDGE = 1 + 1e-9
_EIGHTHS = " ▏▎▍▌▋▊▉"
OPEN, PASSED = "◆", "◇"
MARK_ROOM = 23
"""Cells to the right of the bars for a cluster's mark in full."""
SMALL_MARK_ROOM = 10
NARROW_BELOW = 50


@dataclass(frozen=True, slots=True)
class Bin:
    """A row of the plot: the liquidations from ``low`` to ``high``."""

    low: float
    high: float
    total: float

    @property
    def middle(self) -> float:
        """The price that stands beside it."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn: bins from the highest to the lowest, and what share of the map's liquidations they hold."""

    above: tuple[Bin, ...]
    below: tuple[Bin, ...]
    price: float
    reach: float
    """How far the plot goes to either side, as a share of the price."""
    share: float
    whole: bool
    sure: bool

    def row_of(self, at: float) -> Bin | None:
        """The row that a price is in; None: none of them, or on the price's own line."""
        half, reach = len(self.above), self.reach * self.price
        place = _place(abs(at - self.price), reach / half, half)
        if at == self.price or place >= half:
            return None
        return self.above[half - 1 - place] if at > self.price else self.below[place]


def bars_of(record: SymbolRecord) -> Evidence | None:
    """The newest map that has bars around a price."""
    return newest(record.evidence, Kind.LIQUIDATION_MAP, map_has_bars)


def plot_of(picture: Evidence, record: SymbolRecord, half: int, zoom: Zoom) -> Plot:
    """The map's bars in ``half`` bins to either side of its price."""
    facts = picture.facts
    centre: float = facts["price"]
    long, short, _ = split_bars(facts)
    clusters = [found.price for found in record.clusters.values() if found is not None]
    widest = max((abs(at - centre) for at in [*(bar[0] for bar in (*long, *short)), *clusters]), default=centre / 100)
    reach = _reach(centre, [abs(at - centre) for at in clusters], widest, zoom)
    step = reach / half

    def total(bars: Iterable[Sequence[float]], place: int) -> float:
        inside = (bar[1] for bar in bars if _place(abs(bar[0] - centre), step, half) == place)
        return math.fsum(inside)

    above = [Bin(centre + step * place, centre + step * (place + 1), total(short, place)) for place in range(half)]
    below = [Bin(centre - step * (place + 1), centre - step * place, total(long, place)) for place in range(half)]
    every = math.fsum(bar[1] for bar in (*long, *short))
    shown = math.fsum(row.total for row in (*above, *below))
    return Plot(
        tuple(reversed(above)), tuple(below), centre, reach / centre, shown / every if every else 1.0,
        reach >= widest, bool(facts["bars_verified"]),
    )  # fmt: skip


def _reach(centre: float, clusters: list[float], widest: float, zoom: Zoom) -> float:
    """How far to draw; ``auto``: the nearest window of a win rate that has every cluster in it."""
    windows = [share * centre for share in _SHARES.values()]
    if zoom in _SHARES:
        return _SHARES[zoom] * centre
    if zoom == "auto":
        far = max(clusters, default=0.0)
        return next((window for window in windows if far <= window), widest * _EDGE)
    return widest * _EDGE


def _place(distance: float, step: float, half: int) -> int:
    """The bin of a distance from the price; the far end of the last one is inside."""
    place = int(distance / step)
    return half - 1 if place == half and distance <= step * half * _EDGE else place


def draw(record: SymbolRecord, now: datetime, width: int, half: int, zoom: Zoom = "auto") -> Content:
    """The plot with a heading, in ``2 × half + 4`` lines; a sentence where there is no map."""
    picture = bars_of(record)
    if picture is None:
        return _without_map(record, width)
    plot = plot_of(picture, record, half, zoom)
    bins = (*plot.above, *plot.below)
    labels = [level(row.middle) for row in bins]
    column = max(len(text) for text in (*labels, price(plot.price)))
    room = max(width - column - 2 - (MARK_ROOM if width >= NARROW_BELOW else SMALL_MARK_ROOM), 8)
    most = max(row.total for row in bins)

    def line(row: Bin, label: str, style: str) -> Content:
        bar = _bar(row.total, most, room, plot.sure)
        return Content.assemble(
            (label.rjust(column), "$foreground-muted"), (" │", "$foreground-disabled"), (bar.ljust(room), style),
            *_marks(record, plot, row, full=width >= NARROW_BELOW),
        )  # fmt: skip

    lines = [
        _heading(plot, ago(picture.at, now)),
        Content.styled(" " * (column + 2) + "short liquidations ↑", "$text-secondary"),
        *(line(row, label, "$secondary") for row, label in zip(plot.above, labels, strict=False)),
        _price_line(plot, record, column, width),
        *(line(row, label, "$accent") for row, label in zip(plot.below, labels[half:], strict=True)),
        Content.styled(" " * (column + 2) + "long liquidations ↓", "$text-accent"),
    ]
    return Content("\n").join([text.truncate(width, ellipsis=True) for text in lines])


def _heading(plot: Plot, when: str) -> Content:
    reach = "the whole map" if plot.whole else f"± {plot.reach * 100:.3g} %"
    rest = "" if plot.share > 0.9995 else f", {plot.share * 100:.0f} % of the map"
    sure = (" ✓", "$text-success") if plot.sure else (" ? not verified", "$text-warning")
    return Content.assemble(
        ("Liquidations around the price", "bold $text-accent"), (f"  {reach}{rest}, {when}", "$foreground-muted"), sure
    )


def _bar(total: float, most: float, room: int, sure: bool) -> str:
    """A bar in eighths of a cell, or in shades where it is not verified; never nothing where there is something."""
    if total <= 0 or most <= 0:
        return ""
    eighths = max(round(total / most * room * 8), 1)
    if not sure:
        return "░" * max(round(eighths / 8), 1)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _price_line(plot: Plot, record: SymbolRecord, column: int, width: int) -> Content:
    now = record.price.value if record.price else None
    text = f"{price(plot.price).rjust(column)} ┼── price" + ("" if now == plot.price else " on the map") + " "
    if now is not None and now != plot.price:
        text += f"── now {price(now)} ({percent((now / plot.price - 1) * 100, signed=True)}) "
    return Content.styled(text.ljust(width, "─")[:width], "bold $primary")


def _marks(record: SymbolRecord, plot: Plot, row: Bin, *, full: bool) -> list[Content]:
    """The clusters within a row, in full where there is but one and room for it, and the price of now."""
    found = [
        (slot, cluster)
        for slot in reversed(SLOTS)
        if (cluster := record.clusters[slot]) is not None and plot.row_of(cluster.price) is row
    ]
    here = record.price is not None and plot.row_of(record.price.value) is row
    marks = [_mark(slot, cluster, full=full and len(found) == 1 and not here) for slot, cluster in found]
    return [*marks, Content.styled(" ◂ now", "bold $primary")] if here else marks


def _mark(slot: Slot, cluster: ClusterLevel, *, full: bool) -> Content:
    text = f" {PASSED if cluster.passed else OPEN} {slot.replace('-', '−')}"
    text += f" {level(cluster.price)}" if full else ""
    text += "" if cluster.verified else "?"
    text += " passed" if full and cluster.passed else ""
    return Content.styled(text, "$foreground-muted" if cluster.passed else "bold $text-warning")


def _without_map(record: SymbolRecord, width: int) -> Content:
    """The heat bands where there are any, else what would bring a plot."""
    title = Content.styled("Liquidations around the price", "bold $text-accent")
    if not record.bands:
        text = "no liquidation map of it has come yet; one is drawn here as soon as it does"
        return Content("\n").join([title, Content.styled(text, "$foreground-muted")])
    bands = sorted(sorted(record.bands, key=lambda band: -band["strength"])[:8], key=lambda band: -band["price"])
    labels = [level(band["price"]) for band in bands]
    column, most = max(map(len, labels)), max(band["strength"] for band in bands)
    room = max(width - column - 12, 8)
    now = record.price.value if record.price else None
    lines = [
        Content.assemble(
            (label.rjust(column), "$foreground-muted"), (" │", "$foreground-disabled"),
            (_bar(band["strength"], most, room, band["verified"]), "$secondary"),
            f" {percent((band['price'] / now - 1) * 100, signed=True)}" if now else "",
        )
        for band, label in zip(bands, labels, strict=True)
    ]  # fmt: skip
    heading = Content.assemble(title, ("  strongest heat bands; no map yet", "$foreground-muted"))
    return Content("\n").join([line.truncate(width, ellipsis=True) for line in [heading, *lines]])
