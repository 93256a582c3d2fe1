"""Evidence, what is known of a symbol, and its reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from kingtui.charts.reading import SLOTS, Kind, Slot
from kingtui.models.basics import iso

Horizon = Literal["24h", "7d", "1m"]
DAY_SECONDS = 86_400
"""Evidence older than this makes a record stale."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one picture says about one symbol, and when.

    ``facts`` by kind (JSON data):
    ratio charts ``{long, short, arrow, verified, leverage}``; liquidation map ``{price, price_verified,
    bars: [[price, total], …], bars_verified, clusters: {slot: {price, strength, verified}|null}, leverage, exchanges,
    cumulated: {long_end, short_end}, price_step}``; heat map ``{price, price_verified,
    bands: [{price, strength, distance, verified}], leverage}``; RSI ``{rsi, verified}``.
    """

    symbol: str
    kind: Kind
    sha256: str
    at: datetime
    at_source: Literal["chart", "message", "arrival"]
    facts: Mapping[str, Any]
    image_id: int
    name: str = ""
    """The picture's file name, for the report's evidence table."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a record with what it rests on."""

    value: float
    at: datetime
    source: str
    """In words: ``liquidation map``, ``RSI heat map``, ``binance`` (a live price)."""
    verified: bool
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterLevel:
    """A cluster of the newest map. ``passed``: the current price has since crossed it."""

    price: float
    strength: float
    at: datetime
    verified: bool
    passed: bool = False


@dataclass(frozen=True, slots=True)
class WinRate:
    """The liquidation-implied win rate of one horizon: ``long`` + ``short`` = 100, whole percents."""

    long: int
    short: int
    source: str
    """What it rests on in words: ``short-term ratio``, ``liquidation map, bars within ± 5 %``, …"""
    at: datetime
    verified: bool

    @property
    def text(self) -> str:
        """``12% Long/88% Short``"""
        return f"{self.long}% Long/{self.short}% Short"


@dataclass(frozen=True, slots=True)
class SymbolRecord:
    """All that is known of a symbol at ``computed_at``: a function of its evidence, a live price and that moment."""

    symbol: str
    computed_at: datetime
    last_updated: datetime
    """The time of its newest evidence."""
    price: Value | None = None
    price_note: str | None = None
    """Why the price is not sure, where a live price and the chart's do not agree."""
    clusters: Mapping[Slot, ClusterLevel | None] = field(default_factory=lambda: dict.fromkeys(SLOTS))
    win_rates: Mapping[Horizon, WinRate | None] = field(default_factory=lambda: {"24h": None, "7d": None, "1m": None})
    rsi: Value | None = None
    bands: tuple[Mapping[str, Any], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    """The newest picture of each kind, newest first."""

    @property
    def score(self) -> int | None:
        """The larger number of the 24-hour rate."""
        rate = self.win_rates["24h"]
        return None if rate is None else max(rate.long, rate.short)

    @property
    def verified(self) -> bool:
        """Whether every value in it was verified."""
        values = [self.price, self.rsi, *self.clusters.values(), *self.win_rates.values()]
        return all(value.verified for value in values if value is not None)

    @property
    def stale(self) -> bool:
        """Whether its newest evidence is older than a day."""
        return (self.computed_at - self.last_updated).total_seconds() > DAY_SECONDS

    def flat(self) -> dict[str, Any]:
        """The flat record of ``GET /data/{symbol}``."""
        data: dict[str, Any] = {
            "Symbol": self.symbol,
            "CurrentPrice": self.price.value if self.price else None,
            "CurrentPriceAt": iso(self.price.at) if self.price else None,
            "CurrentPriceSource": self.price.source if self.price else None,
            "Score": self.score,
        }
        for horizon, rate in self.win_rates.items():
            data[f"WinRate_{horizon}"] = rate.text if rate else None
            data[f"WinRate_{horizon}_Source"] = rate.source if rate else None
            data[f"WinRate_{horizon}_At"] = iso(rate.at) if rate else None
        for slot in SLOTS:
            level = self.clusters[slot]
            data[f"Liqcluster{slot}"] = level.price if level else None
        return data | {
            "RSI": self.rsi.value if self.rsi else None,
            "LastUpdated": iso(self.last_updated),
            "Verified": self.verified,
            "Stale": self.stale,
            "PriceNote": self.price_note,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """A professional report of a symbol. ``file`` is relative to the home."""

    id: int
    symbol: str
    file: str
    at: datetime
    text: str = ""
    figure: str | None = None
    """The picture beside it, relative to the home; None where it has none."""
