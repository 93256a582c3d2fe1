"""What a mirror gets of each symbol: our names of its columns, what they hold, and how a table's names are mapped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from kingtui.charts.reading import SLOTS, Kind

Holds = Literal["text", "long text", "number", "whole number", "moment"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column by our name."""

    name: str
    holds: Holds


KEY = "Symbol"
ANALYSES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.LIQUIDATION_MAP: "LiquidationMap",
        Kind.LIQUIDATION_HEATMAP: "LiquidationHeatmap",
        Kind.SHORT_TERM_RATIO: "ShortTermRatio",
        Kind.LONG_TERM_RATIO: "LongTermRatio",
        Kind.RSI_HEATMAP: "RSIHeatmap",
    }
)
"""Kind of chart → the column that holds the analysis of its newest picture."""
COLUMNS: tuple[Column, ...] = (
    Column(KEY, "text"),
    Column("CurrentPrice", "number"),
    *(Column(f"Liqcluster{slot}", "number") for slot in SLOTS),
    *(Column(f"WinRate_{horizon}", "text") for horizon in ("24h", "7d", "1m")),
    Column("Score", "whole number"),
    *(Column(name, "long text") for name in ANALYSES.values()),
    Column("Report", "long text"),
    Column("ReportGenerated", "moment"),
    Column("LastUpdated", "moment"),
)


def columns_of(text: str) -> dict[str, str]:
    """Our names → theirs, from pairs such as ``Symbol=Ticker,Report=``; a column that maps to nothing is left out.

    JSON does too: ``{"Symbol": "Ticker"}``. What is not named keeps its name. Raises ValueError with a sentence.
    """
    found = {column.name: column.name for column in COLUMNS}
    named: set[str] = set()
    for ours, theirs in _pairs(text):
        if ours not in found:
            raise ValueError(f"{ours!r} is no column: {', '.join(found)} are allowed")
        if ours in named:
            raise ValueError(f"{ours} is named twice")
        named.add(ours)
        found[ours] = theirs
    if not found[KEY]:
        raise ValueError(f"{KEY} cannot be left out: the rows are told apart by it")
    kept = {ours: theirs for ours, theirs in found.items() if theirs}
    if doubled := next((name for name in kept.values() if list(kept.values()).count(name) > 1), None):
        raise ValueError(f"two columns go to {doubled!r}")
    return kept


def _pairs(text: str) -> list[tuple[str, str]]:
    if text.lstrip().startswith("{"):
        try:
            data = json.loads(text)
        except ValueError as error:
            raise ValueError(f"it begins like JSON and is none: {error}") from None
        if not all(isinstance(name, str) for name in data.values()):
            raise ValueError("every value of the JSON must be a column's name, or an empty text")
        return [(ours.strip(), theirs.strip()) for ours, theirs in data.items()]
    pairs = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        ours, sign, theirs = part.partition("=")
        if not sign:
            raise ValueError(f"{part!r} is no pair such as Symbol=Ticker")
        pairs.append((ours.strip(), theirs.strip()))
    return pairs
