"""Symbols as lists and curves show them: a summary of each record, pages of summaries, and how a record went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from kingtui.charts.reading import Slot
from kingtui.models.records import DAY_SECONDS, ClusterLevel, Horizon, SymbolRecord

SymbolSort = Literal["symbol", "price", "score", "below", "above", "rsi", "updated"]
"""What a list of symbols can be sorted by. ``below`` and ``above``: how far the nearest cluster of that side is."""
SYMBOL_SORTS: tuple[SymbolSort, ...] = get_args(SymbolSort)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and whether it was verified."""

    value: float
    verified: bool


@dataclass(frozen=True, slots=True)
class SymbolSummary:
    """What a list shows of a symbol's record at ``computed_at``. None: not available."""

    symbol: str
    computed_at: datetime
    last_updated: datetime
    price: Figure | None = None
    rates: Mapping[Horizon, Figure | None] = field(default_factory=dict)
    """The long win rates in whole percents; the short one is the rest to 100."""
    rsi: Figure | None = None
    below: Figure | None = None
    """The price of the nearest cluster below that the price has not passed."""
    above: Figure | None = None
    verified: bool = True
    """Whether every value of the record was verified, those too that a list does not show."""

    @property
    def score(self) -> int | None:
        """The larger number of the 24-hour rate."""
        rate = self.rates.get("24h")
        return None if rate is None else int(max(rate.value, 100 - rate.value))

    @property
    def stale(self) -> bool:
        """Whether its newest evidence is older than a day."""
        return (self.computed_at - self.last_updated).total_seconds() > DAY_SECONDS

    def distance(self, to: Figure | None) -> float | None:
        """How far a level is from the price, in percent of the price, with its sign."""
        if to is None or self.price is None or not self.price.value:
            return None
        return (to.value / self.price.value - 1) * 100


@dataclass(frozen=True, slots=True)
class SymbolPage:
    """A part of a list of symbols."""

    items: tuple[SymbolSummary, ...]
    total: int
    """How many symbols match in all."""
    known: int
    """How many are known, whatever was looked for."""
    settling: int = 0
    """Of how many the kept summary holds no more: until it is made anew they may stand at a wrong place."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value and the time of the picture that it rests on."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class SymbolHistory:
    """How a symbol's price and score went, oldest first; at most the newest of each."""

    symbol: str
    prices: tuple[Point, ...] = ()
    scores: tuple[Point, ...] = ()


def open_level(record: SymbolRecord, slots: tuple[Slot, ...]) -> ClusterLevel | None:
    """The first of these clusters that is there and that the price has not passed."""
    return next((found for slot in slots if (found := record.clusters[slot]) is not None and not found.passed), None)


def summary(record: SymbolRecord) -> SymbolSummary:
    """What a list shows of a record."""
    below, above = open_level(record, ("-1", "-2")), open_level(record, ("+1", "+2"))
    rates = {
        horizon: None if rate is None else Figure(rate.long, rate.verified)
        for horizon, rate in record.win_rates.items()
    }
    return SymbolSummary(
        record.symbol, record.computed_at, record.last_updated,
        price=None if record.price is None else Figure(record.price.value, record.price.verified),
        rates=rates,
        rsi=None if record.rsi is None else Figure(record.rsi.value, record.rsi.verified),
        below=None if below is None else Figure(below.price, below.verified),
        above=None if above is None else Figure(above.price, above.verified),
        verified=record.verified,
    )  # fmt: skip
