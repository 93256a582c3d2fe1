"""A reading value by value, as a person compares it with the picture: what it says, and whether that is verified."""

from __future__ import annotations

from collections.abc import Iterator

from kingtui.charts.reading import (
    SLOTS,
    AnyReading,
    HeatmapReading,
    MapReading,
    RatioReading,
    RsiReading,
    UnknownReading,
)
from kingtui.models import ReadValue
from kingtui.reports.facts import clusters_read
from kingtui.reports.format import NOT_AVAILABLE, amount, decimal, level, moment, percent, price
from kingtui.reports.words import ARROWS, FIELDS, rsi_band

CHART = "Chart"
NO_WITNESS = "no second witness"


def values(reading: AnyReading) -> tuple[ReadValue, ...]:
    """Every value of a reading in the order in which it is best compared: the chart's own first, then its parts."""
    return tuple(_values(reading))


def _values(reading: AnyReading) -> Iterator[ReadValue]:
    if reading.title:
        yield ReadValue(CHART, "Title", reading.title)
    match reading:
        case MapReading():
            yield from _map(reading)
        case HeatmapReading():
            yield from _heatmap(reading)
        case RatioReading():
            yield from _ratio(reading)
        case RsiReading():
            yield from _rsi(reading)
        case UnknownReading():
            pass
    told = {"kind"} if isinstance(reading, UnknownReading) else _FIELDS_TOLD
    for field, reason in reading.reasons.items():
        if field not in told:
            yield ReadValue(CHART, FIELDS.get(field, field), NOT_AVAILABLE, False, reason)


_FIELDS_TOLD = {
    "symbol", "timestamp", "leverage", "exchanges", "current_price", "bars", "clusters", "cumulated.long_end",
    "cumulated.short_end", "last_price",
}  # fmt: skip
"""Fields that have a line of their own, with their reason."""


_SHORT = {"cumulated.long_end": "Long, in all", "cumulated.short_end": "Short, in all"}


def _field(reading: AnyReading, field: str, text: str | None) -> ReadValue:
    sure = reading.sure(field)
    reason = "" if sure else reading.reasons.get(field, NO_WITNESS)
    return ReadValue(CHART, _SHORT.get(field, FIELDS[field]), text or NOT_AVAILABLE, sure, reason)


def _part(group: str, name: str | None, text: str, verified: bool, reason: str | None) -> ReadValue:
    return ReadValue(group, name or "?", text, verified, "" if verified else reason or NO_WITNESS)


def _map(reading: MapReading) -> Iterator[ReadValue]:
    stamp = None if reading.timestamp is None else moment(reading.timestamp)
    yield _field(reading, "symbol", reading.symbol)
    yield _field(reading, "current_price", price(reading.current_price))
    yield _field(reading, "timestamp", stamp)
    yield _field(reading, "leverage", reading.leverage)
    yield _field(reading, "exchanges", ", ".join(reading.exchanges))
    yield _field(reading, "bars", f"{len(reading.bars):,}" if reading.bars else None)
    yield _field(reading, "cumulated.long_end", amount(reading.cumulated.get("long_end")))
    yield _field(reading, "cumulated.short_end", amount(reading.cumulated.get("short_end")))
    if reading.reasons.get("clusters"):
        yield _field(reading, "clusters", f"{len(reading.parts())}" if reading.parts() else None)
    for slot in reversed(SLOTS):
        found = reading.clusters.get(slot)
        if found is not None:
            text = f"{level(found.price)}   strength {amount(found.strength)}"
            yield _part("Clusters", slot, text, found.verified, found.reason)
        else:
            yield ReadValue("Clusters", slot, "none" if clusters_read(reading) else NOT_AVAILABLE)


def _heatmap(reading: HeatmapReading) -> Iterator[ReadValue]:
    yield _field(reading, "symbol", reading.symbol)
    yield _field(reading, "last_price", price(reading.last_price))
    yield _field(reading, "leverage", reading.leverage)
    for band in sorted(reading.bands, key=lambda band: -band.price):
        text = f"{percent(band.distance, signed=True)}   strength {decimal(band.strength, 2)}"
        yield _part("Bands at the right edge", level(band.price), text, band.verified, band.reason)


def _ratio(reading: RatioReading) -> Iterator[ReadValue]:
    yield _field(reading, "leverage", reading.leverage)
    for row in reading.rows:
        arrow = f"  {ARROWS[row.arrow]}" if row.arrow else ""
        text = f"{percent(row.long).rjust(6)} long  {percent(row.short).rjust(6)} short{arrow}"
        yield _part("Liquidations", row.symbol, text, row.verified, row.reason)


def _rsi(reading: RsiReading) -> Iterator[ReadValue]:
    for point in sorted(reading.points, key=lambda point: (point.rsi is None, -(point.rsi or 0), point.symbol or "~")):
        text = NOT_AVAILABLE if point.rsi is None else f"{decimal(point.rsi).rjust(5)}  {rsi_band(point.rsi)}"
        yield _part("RSI", point.symbol, text, point.verified, point.reason)
