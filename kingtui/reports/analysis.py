"""The analysis of one picture: every number read from it, what was verified, and what not and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from kingtui.charts.reading import (
    SLOTS,
    AnyReading,
    Band,
    Cluster,
    HeatmapReading,
    MapReading,
    Point,
    RatioReading,
    Row,
    RsiReading,
    UnknownReading,
)
from kingtui.reports.facts import clusters_read
from kingtui.reports.format import NOT_AVAILABLE, amount, decimal, level, moment, percent, price, verified
from kingtui.reports.grounding import Words
from kingtui.reports.levels import CLUSTER_WIDTH
from kingtui.reports.templating import render
from kingtui.reports.words import ARROWS, FIELDS, RSI_BANDS, TIME_SOURCES, AtSource, rsi_band

LARGEST_BARS = 10


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of the chart as text; ``sure`` None: it carries no mark of its own."""

    name: str
    text: str
    sure: bool | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts, each row as long as ``columns``."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def analysis(
    reading: AnyReading, *, name: str, sha256: str, at: datetime, at_source: AtSource, words: Words | None = None
) -> str:
    """The Markdown page of a picture: its file name, the hash of its bytes and the time that its evidence bears.

    ``words``: what a model says of it, grounded in its verified values.
    """
    facts, tables = _content(reading)
    parts = reading.parts()
    return render(
        "analysis.md.j2",
        reading=reading,
        heading=_heading(reading),
        name=name,
        sha256=sha256,
        at=at,
        at_source=TIME_SOURCES[at_source],
        facts=facts,
        tables=tables,
        sure=sum(part.verified for part in parts) + sum(fact.sure is True for fact in facts),
        counted=len(parts) + sum(fact.sure is not None for fact in facts),
        reasons=_reasons(reading),
        words=words,
    )


def _heading(reading: AnyReading) -> str:
    label = reading.kind.label[0].upper() + reading.kind.label[1:]
    symbol = getattr(reading, "symbol", None)
    return f"{label}: {symbol}" if symbol else label


def _reasons(reading: AnyReading) -> list[tuple[str, str]]:
    """What was not read or not verified, each with its reason: fields first, then rows, points, bands, clusters."""
    found = [(FIELDS.get(field, field), reason) for field, reason in reading.reasons.items()]
    parts: list[tuple[str, Row | Cluster | Band | Point]] = []
    match reading:
        case MapReading():
            parts += [(f"Cluster {slot}", cluster) for slot, cluster in reading.clusters.items() if cluster]
        case HeatmapReading():
            parts += [(f"Band {level(band.price)}", band) for band in reading.bands]
        case RatioReading():
            parts += [(f"Row {number}, {row.symbol or '?'}", row) for number, row in enumerate(reading.rows, 1)]
        case RsiReading():
            parts += [(f"Point {number}, {dot.symbol or '?'}", dot) for number, dot in enumerate(reading.points, 1)]
        case UnknownReading():
            pass
    found += [(where, part.reason or "no second witness") for where, part in parts if not part.verified]
    return found


def _content(reading: AnyReading) -> tuple[list[Fact], list[Table]]:
    match reading:
        case RatioReading():
            return _ratio(reading)
        case MapReading():
            return _map(reading)
        case HeatmapReading():
            return _heatmap(reading)
        case RsiReading():
            return _rsi(reading)
        case UnknownReading():
            like = "yes: the charts may have changed" if reading.chart_like else "no"
            return [Fact("Looks like a chart", like)], []


def _field(reading: AnyReading, field: str, text: str | None) -> Fact:
    return Fact(FIELDS[field], text or NOT_AVAILABLE, reading.sure(field))


def _ratio(reading: RatioReading) -> tuple[list[Fact], list[Table]]:
    rows = tuple(
        (
            row.symbol or NOT_AVAILABLE,
            percent(row.long),
            percent(row.short),
            ARROWS[row.arrow] if row.arrow else "none",
            verified(row.verified),
        )
        for row in reading.rows
    )
    facts = [_field(reading, "leverage", reading.leverage), Fact("Rows", str(len(rows)))]
    note = "Long and short are shares of the liquidations: the long win rate that they imply is the short share."
    columns = ("Symbol", "Long liquidations", "Short liquidations", "Arrow", "Verified")
    return facts, [Table("Long and short liquidations", columns, rows, note)]


def _map(reading: MapReading) -> tuple[list[Fact], list[Table]]:
    stamp = None if reading.timestamp is None else moment(reading.timestamp)
    ends = reading.cumulated
    facts = [
        _field(reading, "symbol", reading.symbol),
        _field(reading, "timestamp", stamp),
        _field(reading, "leverage", reading.leverage),
        _field(reading, "exchanges", ", ".join(reading.exchanges)),
        _field(reading, "current_price", price(reading.current_price)),
        Fact("Price range", f"{level(reading.price_min)} to {level(reading.price_max)}"),
        _field(reading, "bars", str(len(reading.bars)) if reading.bars else None),
        _field(reading, "cumulated.long_end", amount(ends.get("long_end"))),
        _field(reading, "cumulated.short_end", amount(ends.get("short_end"))),
    ]
    return facts, [_cluster_table(reading), _bar_table(reading), _exchange_table(reading)]


def _cluster_table(reading: MapReading) -> Table:
    rows = []
    for slot in SLOTS:
        if cluster := reading.clusters.get(slot):
            away = _distance(cluster.price, reading.current_price)
            rows.append((slot, level(cluster.price), away, amount(cluster.strength), verified(cluster.verified)))
        else:
            rows.append((slot, "none" if clusters_read(reading) else NOT_AVAILABLE, "", "", ""))
    note = (
        f"A cluster sums the bars within a window of {CLUSTER_WIDTH:.0%} of the price; strengths in the map's own unit."
    )
    return Table("Clusters", ("Slot", "Price", "From the price", "Strength", "Verified"), tuple(rows), note)


def _bar_table(reading: MapReading) -> Table:
    largest = sorted(reading.bars, key=lambda bar: (-bar.total, bar.price))[:LARGEST_BARS]
    rows = tuple((level(bar.price), _distance(bar.price, reading.current_price), amount(bar.total)) for bar in largest)
    note = "" if reading.sure("bars") else "The heights of the bars are not verified."
    return Table("Largest bars", ("Price", "From the price", "Liquidations"), rows, note)


def _exchange_table(reading: MapReading) -> Table:
    totals: defaultdict[str, float] = defaultdict(float)
    for bar in reading.bars:
        for exchange, part in bar.by_exchange.items():
            totals[exchange] += part
    whole = sum(totals.values())
    shares = sorted(totals.items(), key=lambda item: (-item[1], item[0])) if whole else []
    rows = tuple((exchange, amount(total), percent(100 * total / whole, 0)) for exchange, total in shares)
    note = "Approximate: colours of neighbouring bars run into each other in a compressed picture."
    return Table("By exchange", ("Exchange", "Liquidations", "Share"), rows, note)


def _heatmap(reading: HeatmapReading) -> tuple[list[Fact], list[Table]]:
    facts = [
        _field(reading, "symbol", reading.symbol),
        _field(reading, "leverage", reading.leverage),
        _field(reading, "last_price", price(reading.last_price)),
        Fact("Last price by the rounded labels alone", price(reading.last_price_as_read)),
    ]
    bands = sorted(reading.bands, key=lambda band: (-band.strength, band.price))
    rows = tuple(
        (level(band.price), percent(band.distance, signed=True), decimal(band.strength, 2), verified(band.verified))
        for band in bands
    )
    columns = ("Price", "From the last price", "Strength (0 to 1)", "Verified")
    return facts, [Table("Bands at the right edge, strongest first", columns, rows)]


def _rsi(reading: RsiReading) -> tuple[list[Fact], list[Table]]:
    known = [point.rsi for point in reading.points if point.rsi is not None]
    counts = Counter(rsi_band(value) for value in known)
    facts = [Fact("Points", str(len(reading.points)))]
    facts += [Fact(name.capitalize(), str(counts[name])) for _, name in RSI_BANDS]
    points = sorted(reading.points, key=lambda point: (point.rsi is None, -(point.rsi or 0), point.symbol or "~"))
    rows = tuple(
        (
            point.symbol or NOT_AVAILABLE,
            decimal(point.rsi),
            NOT_AVAILABLE if point.rsi is None else rsi_band(point.rsi),
            verified(point.verified),
        )
        for point in points
    )
    return facts, [Table("Symbols by RSI, highest first", ("Symbol", "RSI", "Band", "Verified"), rows)]


def _distance(at_price: float, current: float | None) -> str:
    return NOT_AVAILABLE if not current else percent((at_price - current) / current * 100, signed=True)
