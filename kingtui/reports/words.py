"""The domain's marks in words: times and their sources, arrows, RSI bands, fields of readings."""

from __future__ import annotations

from typing import Literal

from kingtui.charts.reading import Arrow

AtSource = Literal["chart", "message", "arrival"]
TIME_SOURCES: dict[AtSource, str] = {
    "chart": "printed on the chart",
    "message": "Telegram message",
    "arrival": "arrival of the picture",
}
ARROWS: dict[Arrow, str] = {"up2": "↑↑", "up": "↑", "down": "↓", "down2": "↓↓"}
RSI_BANDS: tuple[tuple[float, str], ...] = (
    (80, "overbought"),
    (60, "strong"),
    (40, "neutral"),
    (20, "weak"),
    (0, "oversold"),
)
"""The bands printed on the RSI heat map: lower edge and name."""
FIELDS = {
    "kind": "Kind",
    "symbol": "Symbol",
    "timestamp": "Time printed",
    "leverage": "Leverage",
    "exchanges": "Exchanges",
    "current_price": "Price",
    "bars": "Bars",
    "clusters": "Clusters",
    "cumulated.long_end": "Long liquidations, cumulated",
    "cumulated.short_end": "Short liquidations, cumulated",
    "last_price": "Last price",
    "bands": "Bands",
    "rows": "Rows",
    "points": "Points",
}
"""The fields of readings in words."""


def rsi_band(value: float) -> str:
    """The name of the chart's band that an RSI lies in."""
    return next((name for edge, name in RSI_BANDS if value >= edge), RSI_BANDS[-1][1])
