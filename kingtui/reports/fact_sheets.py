"""What a language model is told: of a reading or of a symbol's record the values that are verified, a line each.

A value that is not verified is not told, so that no sentence can rest on it. Times are those of the evidence, never an
age: the same evidence gives the same sheet, and so the same question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from kingtui.charts.reading import (
    SLOTS,
    AnyReading,
    HeatmapReading,
    Kind,
    MapReading,
    RatioReading,
    RsiReading,
    UnknownReading,
)
from kingtui.models import Evidence, SymbolRecord
from kingtui.reports.facts import newest
from kingtui.reports.format import amount, decimal, level, moment, percent, price
from kingtui.reports.grounding import Fact, FactSheet
from kingtui.reports.levels import STRONGEST_BANDS
from kingtui.reports.rates import HORIZONS
from kingtui.reports.sentences import TITLES, lean
from kingtui.reports.words import ARROWS, RSI_BANDS, rsi_band

LARGEST_BARS = 5
MAP_LIFE = timedelta(days=1)


def sheet_of_reading(reading: AnyReading) -> FactSheet | None:
    """What one picture tells for sure; None where that is too little to speak of."""
    match reading:
        case MapReading():
            facts, reference = list(_map(reading)), _price_of(reading.current_price, reading.sure("current_price"))
        case HeatmapReading():
            facts, reference = list(_heatmap(reading)), _price_of(reading.last_price, reading.sure("last_price"))
        case RatioReading():
            facts, reference = list(_ratio(reading)), ""
        case RsiReading():
            facts, reference = list(_rsi(reading)), ""
        case UnknownReading():
            facts, reference = [], ""
    if len(facts) < 2:
        return None
    symbol = getattr(reading, "symbol", None)
    about = f"A {reading.kind.label}{f' of {symbol}' if symbol and reading.sure('symbol') else ''}"
    return FactSheet(about, tuple(facts), reference, _names(facts, symbol))


def _price_of(value: float | None, sure: bool) -> str:
    return price(value) if value and sure else ""


def _names(facts: list[Fact], *more: str | None) -> frozenset[str]:
    """The words with digits that are names: symbols such as 1INCH."""
    words = {word for fact in facts for word in fact.subjects} | {word for word in more if word}
    return frozenset(word for word in words if any(c.isdigit() for c in word) and any(c.isalpha() for c in word)) - {
        *TITLES.values()
    }


def _map(reading: MapReading) -> Iterator[Fact]:
    current = reading.current_price if reading.sure("current_price") else None
    if current:
        yield Fact(f"Current price: {price(current)}")
    if reading.timestamp is not None and reading.sure("timestamp"):
        yield Fact(f"Time: {moment(reading.timestamp)}")
    for slot in SLOTS:
        found = reading.clusters.get(slot)
        if found is not None and found.verified:
            where = f"{level(found.price)}{_away(found.price, current)}"
            yield Fact(f"Cluster {slot}: {where}, strength {amount(found.strength)}", (slot,), level(found.price))
    if reading.sure("bars"):
        for bar in sorted(reading.bars, key=lambda bar: (-bar.total, bar.price))[:LARGEST_BARS]:
            where = f"{level(bar.price)}{_away(bar.price, current)}"
            yield Fact(f"Large bar: {where}, liquidations {amount(bar.total)}", level=level(bar.price))
    for side, name in (("long_end", "Long"), ("short_end", "Short")):
        if reading.sure(f"cumulated.{side}") and reading.cumulated.get(side) is not None:
            yield Fact(f"{name} liquidations in all: {amount(reading.cumulated[side])}")


def _away(at_price: float, current: float | None, what: str = "the price") -> str:
    return f", {percent((at_price - current) / current * 100, signed=True)} from {what}" if current else ""


def _heatmap(reading: HeatmapReading) -> Iterator[Fact]:
    if reading.last_price and reading.sure("last_price"):
        yield Fact(f"Last price: {price(reading.last_price)}")
    bands = [band for band in reading.bands if band.verified]
    for band in sorted(bands, key=lambda band: (-band.strength, band.price))[:STRONGEST_BANDS]:
        text = f"{level(band.price)}, {percent(band.distance, signed=True)} from the price"
        yield Fact(f"Band: {text}, strength {decimal(band.strength, 2)}", level=level(band.price))


def _ratio(reading: RatioReading) -> Iterator[Fact]:
    rows = [row for row in reading.rows if row.verified and row.symbol and row.long is not None]
    if not rows:
        return
    yield Fact("Shares of the liquidations; where shorts dominate, liquidations push the price up")
    yield Fact(f"Symbols: {len(rows)}")
    longs = sum((row.long or 0) > (row.short or 0) for row in rows)
    yield Fact(f"Symbols with more long than short liquidations: {longs}")
    yield Fact(f"Symbols with more short than long liquidations: {sum((r.short or 0) > (r.long or 0) for r in rows)}")
    for row in rows:
        arrow = f", arrow {ARROWS[row.arrow]}" if row.arrow else ""
        yield Fact(f"{row.symbol}: long {percent(row.long)}, short {percent(row.short)}{arrow}", (str(row.symbol),))


def _rsi(reading: RsiReading) -> Iterator[Fact]:
    points = [(dot.symbol, dot.rsi) for dot in reading.points if dot.verified and dot.symbol and dot.rsi is not None]
    if not points:
        return
    counts = Counter(rsi_band(value) for _, value in points)
    yield Fact(f"Symbols: {len(points)}")
    yield from (Fact(f"Symbols that are {name}: {counts[name]}") for _, name in RSI_BANDS)
    for symbol, value in sorted(points, key=lambda point: (-point[1], point[0])):
        yield Fact(f"{symbol}: RSI {decimal(value)}, {rsi_band(value)}", (symbol,))


def sheet_of_record(record: SymbolRecord) -> FactSheet | None:
    """What is known for sure of a symbol; None where that is too little to speak of."""
    facts = list(_record(record))
    if len(facts) < 2:
        return None
    known = record.price if record.price and record.price.verified else None
    return FactSheet(record.symbol, tuple(facts), price(known.value) if known else "", _names(facts, record.symbol))


def _record(record: SymbolRecord) -> Iterator[Fact]:
    current = record.price if record.price and record.price.verified else None
    if current:
        yield Fact(f"Price on the newest chart: {price(current.value)} ({current.source}, {moment(current.at)})")
    for horizon in HORIZONS:
        rate, title = record.win_rates[horizon], TITLES[horizon]
        if rate is not None and rate.verified:
            source = rate.source.partition(",")[0]
            text = f"{rate.text}, favours {lean(rate)} ({source}, {moment(rate.at)})"
            yield Fact(f"{title} win rate, implied by liquidations: {text}", (title,))
    for slot in SLOTS:
        found = record.clusters[slot]
        if found is not None and found.verified:
            where = f"{level(found.price)}{_away(found.price, current.value if current else None, 'the chart’s price')}"
            passed = ", which the price has passed since" if found.passed else ""
            text = f"Cluster {slot}: {where}, strength {amount(found.strength)}{passed}"
            yield Fact(text, (slot,), level(found.price))
    if record.rsi is not None and record.rsi.verified:
        yield Fact(f"RSI: {decimal(record.rsi.value)}, {rsi_band(record.rsi.value)} ({moment(record.rsi.at)})")
    yield from _bands(record)


def _bands(record: SymbolRecord) -> Iterator[Fact]:
    sure = [band for band in record.bands if band["verified"]]
    for band in sorted(sure, key=lambda band: (-band["strength"], band["price"]))[:STRONGEST_BANDS]:
        text = f"{level(band['price'])}, strength {decimal(band['strength'], 2)}"
        yield Fact(f"Heat band: {text}", level=level(band["price"]))


def recent_map(record: SymbolRecord, now: datetime) -> Evidence | None:
    """The symbol's newest liquidation map, if it is of the last day."""
    found = newest(record.evidence, Kind.LIQUIDATION_MAP)
    return found if found is not None and now - found.at <= MAP_LIFE else None
