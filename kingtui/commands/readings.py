"""A reading as a person sees it: what was read, whether a second witness confirmed it, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from kingtui.charts.reading import (
    SLOTS,
    AnyReading,
    Band,
    Cluster,
    HeatmapReading,
    MapReading,
    Point,
    RatioReading,
    Reading,
    Row,
    RsiReading,
    Slot,
)
from kingtui.commands import diagrams
from kingtui.commands.output import cell, facts, mark, out, table
from kingtui.reports import format as fmt
from kingtui.reports.words import ARROWS, FIELDS, rsi_band

STRONGEST_BARS = 5
WIDEST = 110
"""Columns of a diagram."""


def print_reading(name: str, reading: AnyReading) -> None:
    """The picture's kind and title, its fields, and a table of its rows, clusters, bands or points."""
    console = out()
    console.print(Text.assemble(cell(name, "bold"), "  ", cell(reading.kind.label, "cyan")))
    if reading.title:
        console.print(cell(reading.title))
    fields = _fields(reading)
    if fields:
        made = table("field", "value", "sure", "why not")
        for field, value in fields:
            reason = reading.reasons.get(field, "")
            made.add_row(cell(FIELDS.get(field, field)), cell(value), mark(reading.sure(field)), cell(reason, "dim"))
        console.print(made)
    for field, reason in reading.reasons.items():
        if field not in dict(fields):
            console.print(facts([(FIELDS.get(field, field), cell(reason, "yellow"))]))
    if isinstance(reading, MapReading) and (drawn := diagrams.liquidations(reading, min(console.width, WIDEST))):
        console.print(drawn, no_wrap=True)
    if parts := _parts(reading):
        console.print(parts)
    console.print()


def _fields(reading: Reading) -> list[tuple[str, object]]:
    """The named fields of a kind and their values in words; a value that could not be read is None."""
    match reading:
        case RatioReading():
            return [("leverage", reading.leverage)]
        case HeatmapReading():
            price = None if reading.last_price is None else fmt.level(reading.last_price)
            return [("symbol", reading.symbol), ("leverage", reading.leverage), ("last_price", price)]
        case MapReading():
            return _map_fields(reading)
    return []


def _map_fields(reading: MapReading) -> list[tuple[str, object]]:
    ends = {name: reading.cumulated.get(name) for name in ("long_end", "short_end")}
    return [
        ("symbol", reading.symbol),
        ("leverage", reading.leverage),
        ("exchanges", ", ".join(reading.exchanges) or None),
        ("timestamp", fmt.moment(reading.timestamp) if reading.timestamp else None),
        ("current_price", fmt.price(reading.current_price) if reading.current_price is not None else None),
        ("bars", _bars(reading)),
        *((f"cumulated.{name}", None if value is None else fmt.amount(value)) for name, value in ends.items()),
    ]


def _bars(reading: MapReading) -> str | None:
    if not reading.bars:
        return None
    strongest = sorted(reading.bars, key=lambda bar: -bar.total)[:STRONGEST_BARS]
    where = ", ".join(f"{fmt.amount(bar.total)} at {fmt.level(bar.price)}" for bar in strongest)
    return f"{len(reading.bars)}, {fmt.amount(sum(bar.total for bar in reading.bars))} in all; strongest {where}"


def _parts(reading: Reading) -> Table | None:
    match reading:
        case RatioReading(rows=rows) if rows:
            return _rows(rows)
        case MapReading(clusters=clusters) if clusters:
            return _clusters(clusters)
        case HeatmapReading(bands=bands) if bands:
            return _bands(bands, reading)
        case RsiReading(points=points) if points:
            return _points(points)
    return None


def _rows(rows: Sequence[Row]) -> Table:
    made = table("symbol", "long %", "", "short %", "", "sure", "why not", right=("long %", "short %"))
    for row in rows:
        arrow = ARROWS[row.arrow] if row.arrow else ""
        bar = cell("") if row.long is None else diagrams.share(row.long)
        made.add_row(cell(row.symbol), cell(row.long), bar, cell(row.short), arrow, *_sure(row))
    return made


def _clusters(clusters: Mapping[Slot, Cluster | None]) -> Table:
    made = table("cluster", "price", "strength", "sure", "why not", right=("price", "strength"))
    for slot in SLOTS:
        cluster = clusters.get(slot)
        if cluster is None:
            made.add_row(slot, cell(None), cell(None), "", cell("there is none", "dim"))
        else:
            made.add_row(slot, fmt.level(cluster.price), fmt.amount(cluster.strength), *_sure(cluster))
    return made


def _bands(bands: Sequence[Band], reading: HeatmapReading) -> Table:
    """The bands as a ladder, the highest at the top, with the last price where it belongs."""
    made = table("band", "strength", "", "distance", "sure", "why not", right=("band", "strength", "distance"))
    last, sure = reading.last_price, mark(reading.sure("last_price"))
    ladder: list[Band | None] = [*sorted(bands, key=lambda band: -band.price)]
    if last is not None:
        ladder.insert(sum(band.price > last for band in bands), None)
    for band in ladder:
        if band is None:
            made.add_row(cell(fmt.level(last), "bold yellow"), "", cell("last price", "bold yellow"), "", sure, "")
            continue
        distance = cell(None if band.distance is None else fmt.percent(band.distance, signed=True))
        bar = diagrams.strength(band.strength)
        made.add_row(fmt.level(band.price), fmt.decimal(band.strength, 2), bar, distance, *_sure(band))
    return made


def _points(points: Sequence[Point]) -> Table:
    made = table("symbol", "RSI", "", "", "sure", "why not", right=("RSI",))
    for point in points:
        band, dot = ("", cell("")) if point.rsi is None else (rsi_band(point.rsi), diagrams.scale(point.rsi, 0, 100))
        made.add_row(cell(point.symbol), cell(point.rsi), dot, cell(band, "dim"), *_sure(point))
    return made


def _sure(part: Row | Cluster | Band | Point) -> tuple[Text, Text]:
    return mark(part.verified), cell(part.reason or "", "dim")
