"""What a chart says, in the shape of the readings' JSON: what a reader should find in the painted picture."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from kingtui.charts.painter.charts import Chart, HeatmapChart, MapChart, RatioChart, RsiChart

LEAST_BAND = 0.2
"""Weaker rows of heat are haze, no bands."""


def truth(chart: Chart) -> dict[str, Any]:
    """The chart's values by the names of ``kingtui.charts.reading``, without what a reader says about itself."""
    match chart:
        case RatioChart():
            return _ratio(chart)
        case MapChart():
            return _map(chart)
        case HeatmapChart():
            return _heatmap(chart)
        case RsiChart():
            points = [{"symbol": point.symbol, "rsi": point.rsi} for point in chart.points]
            return {"kind": chart.kind.value, "title": chart.title, "points": points}


def _ratio(chart: RatioChart) -> dict[str, Any]:
    rows = [{"symbol": row.symbol, "long": row.long, "short": row.short, "arrow": row.arrow} for row in chart.rows]
    return {"kind": chart.kind.value, "title": chart.title, "leverage": chart.leverage, "rows": rows}


def _map(chart: MapChart) -> dict[str, Any]:

    from kingtui.charts.clusters import clusters  # loads numpy

    long, short = chart.cumulated()
    found = clusters([chart.price_of(bar.cell) for bar in chart.bars], [bar.total for bar in chart.bars], chart.price)
    bars = [
        {
            "price": chart.price_of(bar.cell),
            "total": bar.total,
            "by_exchange": dict(zip(chart.exchanges, bar.amounts, strict=True)),
        }
        for bar in chart.bars
        if bar.total > 0
    ]
    return {
        "kind": chart.kind.value,
        "title": chart.title,
        "symbol": chart.symbol,
        "leverage": chart.leverage,
        "exchanges": list(chart.exchanges),
        "timestamp": chart.timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "current_price": float(chart.label(chart.price)),
        "current_price_label": chart.label(chart.price),
        "price_min": chart.price_min,
        "price_max": chart.price_max,
        "price_step": chart.step,
        "bars": bars,
        "cumulated": {"long_end": long[-1], "short_end": short[-1]},
        "clusters": {
            slot: None if cluster is None else {"price": cluster.price, "strength": cluster.strength}
            for slot, cluster in found.items()
        },
    }


def heat_at_edge(chart: HeatmapChart) -> dict[int, float]:
    """The strength of each row that has any at the right edge."""
    columns = len(chart.candles)
    strengths: dict[int, float] = {}
    for level in chart.levels:
        if level.until is None or level.until >= columns:
            reached = level.strength * min(1.0, (columns - level.since) / level.rise)
            strengths[level.row] = max(reached, strengths.get(level.row, 0.0))
    return strengths


def _heatmap(chart: HeatmapChart) -> dict[str, Any]:
    last, strengths = chart.candles[-1].close, heat_at_edge(chart)
    bands = [
        {
            "price": chart.price_of(row),
            "strength": strength,
            "distance": 100 * (chart.price_of(row) / last - 1),
        }
        for row, strength in sorted(strengths.items(), key=lambda item: -item[1])
        # Of neighbouring rows only the strongest is a band: the others are its flanks.
        if strength >= LEAST_BAND and all(strength >= strengths.get(row + side, 0.0) for side in (-1, 1))
    ]
    return {
        "kind": chart.kind.value,
        "title": chart.title,
        "symbol": chart.symbol,
        "leverage": chart.leverage,
        "last_price": last,
        "bands": bands,
    }
