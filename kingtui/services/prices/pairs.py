"""What a symbol of the charts is called at each venue, and how many of its coins one price is for.

A perpetual's name may begin with a count: 1000PEPE is a thousand PEPE, 1INCH is the coin 1inch. Which is which cannot
be told from the digits, so those that are counts stand in a table, and digits are never stripped.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

THOUSANDS = (
    "BONK", "CAT", "CHEEMS", "FLOKI", "LUNC", "NEIROCTO", "PEPE", "RATS", "SATS", "SHIB", "TOSHI", "TURBO", "WHY", "X",
    "XEC",
)  # fmt: skip
"""Coins of which perpetuals count a thousand: 1000PEPE."""
COUNTED: dict[str, tuple[str, int]] = {f"1000{coin}": (coin, 1_000) for coin in THOUSANDS} | {
    "10000SATS": ("SATS", 10_000),
    "10000QUBIC": ("QUBIC", 10_000),
    "1000000MOG": ("MOG", 1_000_000),
    "1000000BABYDOGE": ("BABYDOGE", 1_000_000),
    "1MBABYDOGE": ("BABYDOGE", 1_000_000),
    "SHIB1000": ("SHIB", 1_000),
}
"""Symbol → coin and how many of it."""
PERPETUALS = {"1000SHIB": "SHIB1000", "1MBABYDOGE": "1000000BABYDOGE", "1000SATS": "10000SATS"}
"""What Bybit calls a perpetual that others call otherwise; a price of 10000SATS is for ten times 1000SATS."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The coin as a venue calls it, and by what its price must be multiplied."""

    coin: str
    factor: Decimal = Decimal(1)


def spot(symbol: str) -> Pair:
    """The pair at a venue that trades single coins."""
    coin, count = COUNTED.get(symbol, (symbol, 1))
    return Pair(coin, Decimal(count))


def perpetual(symbol: str) -> Pair:
    """The pair at a venue that trades perpetuals, which count as the charts do."""
    name = PERPETUALS.get(symbol, symbol)
    if name == symbol:
        return Pair(symbol)
    _, mine = COUNTED[symbol]
    _, theirs = COUNTED[name]
    return Pair(name, Decimal(mine) / Decimal(theirs))
