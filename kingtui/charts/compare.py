"""Whether two readings are of one chart.

Printed values must be equal; measured ones within what re-encoding a picture moves them, which is far below what an
hour of market moves. A reading with anything unverified is never called equal: a wrong "duplicate" would hide a chart.
"""

from __future__ import annotations

from kingtui.charts.reading import AnyReading, HeatmapReading, MapReading, RatioReading, RsiReading

PRICE_TOLERANCE = 0.0005
"""Of a measured price: five hundredths of a percent."""
STRENGTH_TOLERANCE = 0.08
RSI_TOLERANCE = 0.15


def same_chart(a: AnyReading, b: AnyReading) -> bool:
    """Whether ``a`` and ``b`` show the same chart: kind, title, time and every value, all verified, are equal."""
    if a.kind is not b.kind or a.title != b.title or not (a.all_verified and b.all_verified):
        return False
    if isinstance(a, RatioReading) and isinstance(b, RatioReading):
        return bool(a.rows) and a.leverage == b.leverage and a.rows == b.rows
    if isinstance(a, MapReading) and isinstance(b, MapReading):
        return _same_map(a, b)
    if isinstance(a, HeatmapReading) and isinstance(b, HeatmapReading):
        return _same_heatmap(a, b)
    if isinstance(a, RsiReading) and isinstance(b, RsiReading):
        return _same_rsi(a, b)
    return False


def _near(a: float | None, b: float | None, tolerance: float) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= tolerance * max(abs(a), abs(b))


def _same_map(a: MapReading, b: MapReading) -> bool:
    if (a.symbol, a.leverage, a.exchanges, a.timestamp, a.current_price, set(a.clusters)) != (
        b.symbol, b.leverage, b.exchanges, b.timestamp, b.current_price, set(b.clusters),
    ):  # fmt: skip
        return False
    for slot, ours in a.clusters.items():
        theirs = b.clusters[slot]
        if ours is None or theirs is None:
            if ours is not theirs:
                return False
        elif not _near(ours.price, theirs.price, PRICE_TOLERANCE) or not _near(ours.strength, theirs.strength, 0.05):
            return False
    return True


def _same_heatmap(a: HeatmapReading, b: HeatmapReading) -> bool:
    if (a.symbol, a.leverage, len(a.bands)) != (b.symbol, b.leverage, len(b.bands)) or not a.bands:
        return False
    if not _near(a.last_price, b.last_price, PRICE_TOLERANCE):
        return False
    ours, theirs = (sorted(reading.bands, key=lambda band: band.price) for reading in (a, b))
    return all(
        _near(x.price, y.price, PRICE_TOLERANCE) and abs(x.strength - y.strength) <= STRENGTH_TOLERANCE
        for x, y in zip(ours, theirs, strict=True)
    )


def _same_rsi(a: RsiReading, b: RsiReading) -> bool:
    ours, theirs = ({point.symbol: point.rsi for point in reading.points} for reading in (a, b))
    if not ours or ours.keys() != theirs.keys() or len(ours) != len(a.points):
        return False
    return all(
        value is not None and (other := theirs[symbol]) is not None and abs(value - other) <= RSI_TOLERANCE
        for symbol, value in ours.items()
    )
