"""Whether two readings can be of one chart.

A value that is verified in both readings must be the same in both: a printed one exactly, a measured one within the
reader's error. A printed number that is read in both must be the same even where it is not verified. What is missing
or uncertain in one of them is no contradiction, but most parts of a chart must be found in both. That readings agree is
half of a proof: heat maps of one coin, an hour apart, often do. ``overlay`` is the other half and reads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from kingtui.charts.reading import (
    AnyReading,
    Band,
    Cluster,
    HeatmapReading,
    MapReading,
    Point,
    RatioReading,
    Row,
    RsiReading,
)

PRICE_TOLERANCE = 0.005
"""Share of a cluster's price."""
BAND_TOLERANCE = 0.003
"""Share of the price: of a band's and of a heat map's last price."""
CUMULATED_TOLERANCE = 0.02
"""Share of a map's larger end."""
BARS_TOLERANCE = 0.1
"""Share of a map's liquidations that may stand elsewhere or be of another height. Measured on copies: up to 0.05."""
RSI_TOLERANCE = 0.2
"""Points. Measured on copies: up to 0.06."""
UNSURE_TOLERANCE = 0.006
"""Share of a heat map's last price where it is not verified in both: twice the error."""
LEAST_FOUND = 0.5
"""Share of a chart's rows or points that must be found in both readings."""
LEAST_BANDS = 0.8
"""Share of a heat map's bands."""


def agree(a: AnyReading, b: AnyReading) -> bool:
    """Whether ``a`` and ``b`` are of one kind, contradict each other nowhere and have most of the chart in common."""
    if a.kind is not b.kind or not _same_leverage(a, b):
        return False
    if isinstance(a, RatioReading) and isinstance(b, RatioReading):
        return _same_rows(a.rows, b.rows)
    if isinstance(a, MapReading) and isinstance(b, MapReading):
        return _same_map(a, b)
    if isinstance(a, HeatmapReading) and isinstance(b, HeatmapReading):
        return _same_heatmap(a, b)
    if isinstance(a, RsiReading) and isinstance(b, RsiReading):
        return _same_points(a.points, b.points)
    return False


def _same_leverage(a: AnyReading, b: AnyReading) -> bool:
    ours, theirs = (getattr(reading, "leverage", None) if reading.sure("leverage") else None for reading in (a, b))
    return ours is None or theirs is None or ours == theirs


def _same_rows(a: Sequence[Row], b: Sequence[Row]) -> bool:
    """As many rows, no number or verified row another than the other's, most of them the same."""
    if not a or len(a) != len(b):
        return False
    found = 0
    for ours, theirs in zip(a, b, strict=True):
        if not (_same_number(ours.long, theirs.long) and _same_number(ours.short, theirs.short)):
            return False
        same = (ours.symbol, ours.arrow) == (theirs.symbol, theirs.arrow)
        if ours.verified and theirs.verified and not same:
            return False
        found += same and None not in (ours.symbol, ours.long, theirs.long)
    return found >= LEAST_FOUND * len(a)


def _same_number(a: float | None, b: float | None) -> bool:
    """Whether a printed number is not read as two different ones."""
    return a is None or b is None or a == b


def _same_points(a: Sequence[Point], b: Sequence[Point]) -> bool:
    """No symbol verified in both has two values, and most points are the same by symbol and value."""
    by_symbol = {point.symbol: point for point in b}
    found = 0
    for ours in a:
        theirs = by_symbol.get(ours.symbol)
        if ours.symbol is None or theirs is None or ours.rsi is None or theirs.rsi is None:
            continue
        same = abs(ours.rsi - theirs.rsi) <= RSI_TOLERANCE
        if ours.verified and theirs.verified and not same:
            return False
        found += same
    return found > 0 and found >= LEAST_FOUND * max(len(a), len(b))


def _near(a: float | None, b: float | None, tolerance: float) -> bool:
    """Whether two values are there and differ by at most a share of the larger one."""
    return a is not None and b is not None and abs(a - b) <= tolerance * max(abs(a), abs(b))


def _same_map(a: MapReading, b: MapReading) -> bool:
    if a.symbol is None or a.timestamp is None or (a.symbol, a.timestamp) != (b.symbol, b.timestamp):
        return False
    if a.current_price is None or a.current_price != b.current_price or set(a.exchanges) != set(b.exchanges):
        return False  # the price's last figure is too small for ``overlay``: it has to be read
    if a.sure("bars") and b.sure("bars"):
        same = all(_same_cluster(cluster, b.clusters.get(slot)) for slot, cluster in a.clusters.items())
        if not same or _moved(a, b) > BARS_TOLERANCE:
            return False
    largest = max((end for end in a.cumulated.values() if end is not None), default=0.0)
    return all(
        abs((a.cumulated[name] or 0) - (b.cumulated[name] or 0)) <= CUMULATED_TOLERANCE * largest
        for name in a.cumulated
        if a.sure(f"cumulated.{name}") and b.sure(f"cumulated.{name}")
    )


def _same_cluster(a: Cluster | None, b: Cluster | None) -> bool:
    if a is None or b is None or not (a.verified and b.verified):
        return True
    return _near(a.price, b.price, PRICE_TOLERANCE)


def _moved(a: MapReading, b: MapReading) -> float:
    """The share of the liquidations that is not in the same cell in both."""
    step = a.price_step or 1.0
    ours, theirs = ({round(bar.price / step): bar.total for bar in reading.bars} for reading in (a, b))
    total = max(sum(ours.values()), sum(theirs.values()))
    moved = sum(abs(ours.get(cell, 0.0) - theirs.get(cell, 0.0)) for cell in ours.keys() | theirs.keys())
    return moved / total if total else 0.0


def _same_heatmap(a: HeatmapReading, b: HeatmapReading) -> bool:
    if a.symbol is None or a.symbol != b.symbol:
        return False
    sure = a.sure("last_price") and b.sure("last_price")
    if not _near(a.last_price, b.last_price, BAND_TOLERANCE if sure else UNSURE_TOLERANCE):
        return False  # where the market is calm, little else tells a heat map from one of the same hour
    found = sum(_there(band, b.bands) for band in a.bands) + sum(_there(band, a.bands) for band in b.bands)
    return found > 0 and found >= LEAST_BANDS * (len(a.bands) + len(b.bands))


def _there(band: Band, bands: Sequence[Band]) -> bool:
    return any(_near(band.price, other.price, BAND_TOLERANCE) for other in bands)
