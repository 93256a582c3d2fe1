"""Small charts with known numbers, and charts rebuilt from the truth of originals."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kingtui.charts.painter import (
    Candle,
    Chart,
    HeatLevel,
    HeatmapChart,
    MapBar,
    MapChart,
    RatioChart,
    RatioRow,
    RsiChart,
    RsiPoint,
    paint,
)

ORIGINALS = Path(__file__).parents[3] / "shared" / "charts"
"""Pictures beside the project; tests that use them skip where they are not."""

MOMENT = datetime(2025, 7, 29, 16, tzinfo=UTC)


def pixels(chart: Chart, scale: float = 1.0) -> NDArray[np.int_]:
    """The painted chart as exact pixels, H×W×3."""
    picture = Image.open(io.BytesIO(paint(chart, scale=scale, format="PNG")))
    return np.asarray(picture.convert("RGB")).astype(int)


def ratio_chart(*shares: float, leverage: str = "all_leverage") -> RatioChart:
    symbols = ["BTC", "ETH", "1000PEPE", "SOL", "FARTCOIN", "WIF", "ADA", "AVAX"]
    rows = [RatioRow(symbols[i % 8] + ("" if i < 8 else str(i)), share) for i, share in enumerate(shares)]
    return RatioChart(rows=tuple(rows), leverage=leverage)


def map_chart(price: float = 3764.6, bars: Mapping[int, float] | None = None, **changes: Any) -> MapChart:
    """499 cells, the price in cell 199; ``bars``: totals by cell, all of them on the first exchange."""
    step = price / 600
    exchanges = changes.pop("exchanges", ("binance", "okx"))
    totals = {100: 40.0, 150: 20.0, 260: 30.0, 400: 10.0} if bars is None else bars
    amounts = (0.0,) * (len(exchanges) - 1)
    return MapChart(
        symbol=changes.pop("symbol", "ETH"),
        exchanges=exchanges,
        timestamp=MOMENT,
        price=price,
        price_min=price - 199 * step,
        price_max=price + 300 * step,
        bars=tuple(MapBar(cell, (float(total), *amounts)) for cell, total in sorted(totals.items())),
        **changes,
    )


def heatmap_chart(price: float = 3700.0, levels: tuple[HeatLevel, ...] = (), **changes: Any) -> HeatmapChart:
    """350 hours around ``price``; the last close is 1 percent above it."""
    closes = [price * (1 + 0.05 * math.sin(hour / 30)) for hour in range(349)] + [price * 1.01]
    opens = [closes[0], *closes[:-1]]
    pairs = list(zip(opens, closes, strict=True))
    candles = tuple(Candle(a, max(a, b) * 1.002, min(a, b) * 0.998, b) for a, b in pairs)
    return HeatmapChart(
        symbol=changes.pop("symbol", "ETH"),
        start=MOMENT,
        candles=candles,
        levels=levels or (HeatLevel(150, 0.9, 100, 50), HeatLevel(60, 0.5), HeatLevel(30, 0.7, 0, 1, 200)),
        **changes,
    )


def rsi_chart(*values: float) -> RsiChart:
    symbols = ["BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "AAVE", "VIRTUAL"]
    return RsiChart(points=tuple(RsiPoint(symbols[i % 8], value) for i, value in enumerate(values)))


def one_of_each() -> list[Chart]:
    """A chart of each kind."""
    return [
        ratio_chart(27.9, 87.6, 50, 60, 75, 0, 100),
        ratio_chart(12, 99.9, 33.3, leverage="optical_opti"),
        map_chart(),
        heatmap_chart(),
        rsi_chart(0, 100, 50, 20, 40, 60, 80),
    ]


def rebuilt(truth: Mapping[str, Any]) -> Chart | None:
    """The chart that an original's truth describes; None for a heat map, whose truth has no candles."""
    match truth["kind"]:
        case "short_term_ratio" | "long_term_ratio":
            rows = tuple(RatioRow(row["symbol"], row["long"]) for row in truth["rows"])
            return RatioChart(rows=rows, leverage=truth["leverage"])
        case "rsi_heatmap":
            return RsiChart(points=tuple(RsiPoint(point["symbol"], point["rsi"]) for point in truth["points"]))
        case "liquidation_map":
            first, step = truth["price_min"], truth["price_step"]
            return MapChart(
                symbol=truth["symbol"],
                exchanges=tuple(truth["exchanges"]),
                leverage=truth["leverage"],
                timestamp=datetime.fromisoformat(truth["timestamp"]),
                price=truth["current_price"],
                price_min=first,
                price_max=truth["price_max"],
                cells=round((truth["price_max"] - first) / step),
                decimals=len(truth["current_price_label"].partition(".")[2]),
                bars=tuple(
                    MapBar(
                        round((bar["price"] - first) / step),
                        tuple(float(bar["by_exchange"][name]) for name in truth["exchanges"]),
                    )
                    for bar in truth["bars"]
                ),
            )
        case _:
            return None
