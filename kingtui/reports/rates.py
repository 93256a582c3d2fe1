"""Liquidation-implied win rates: which side's liquidations dominate, per horizon.

``long win rate = short liquidations ÷ all liquidations``: liquidated shorts buy back and push the price up. On a ratio
chart ``long`` is the share of long liquidations, so the long win rate is the row's ``short``. The formula is this
program's own reading of the charts; nobody has validated it against the market, and every face says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from kingtui.charts.reading import Kind
from kingtui.models import Evidence, Horizon, WinRate
from kingtui.reports.facts import has, newest

Bar = Sequence[float]
"""``[price, total]``"""
HORIZONS: tuple[Horizon, ...] = ("24h", "7d", "1m")
LIFE: Mapping[Horizon, timedelta] = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "1m": timedelta(days=30)}
"""Evidence older than this does not count for the horizon; exactly as old still counts."""
WINDOWS: Mapping[Horizon, float | None] = {"24h": 0.05, "7d": 0.15, "1m": None}
"""How far from the price a map's bars count, as a share of the price, ends included; None: the whole map."""
RATIO_KINDS: Mapping[Horizon, tuple[Kind, ...]] = {
    "24h": (Kind.SHORT_TERM_RATIO,),
    "7d": (Kind.SHORT_TERM_RATIO, Kind.LONG_TERM_RATIO),
    "1m": (Kind.LONG_TERM_RATIO,),
}
map_has_bars = has("price", "bars")
"""Whether a map's facts suffice for a rate."""
_EDGE = 1 + 1e-9  # so that a bar exactly on the edge of a window is inside in floating point too


class _Share(NamedTuple):
    """A long win rate in percent, not yet rounded, and the picture it was read from."""

    long: Decimal
    evidence: Evidence
    verified: bool


def win_rates(evidence: Iterable[Evidence], now: datetime) -> dict[Horizon, WinRate | None]:
    """The win rates of one symbol at ``now``, from all its evidence in any order; None where nothing counts.

    Ratio rows come first (for 7d the mean of both charts', or the one there is), else the newest map's bars.
    """
    known = list(evidence)
    return {horizon: _rate(known, horizon, now) for horizon in HORIZONS}


def ages_at(evidence: Iterable[Evidence], now: datetime) -> datetime | None:
    """The first moment after ``now`` at which a rate changes because its evidence has become too old.

    None: no rate is left that could. A rate bears the time of the oldest picture in it, so it lives as long as that.
    """
    ends = [rate.at + LIFE[horizon] for horizon, rate in win_rates(evidence, now).items() if rate is not None]
    return min(ends) + datetime.resolution if ends else None


def split_bars(facts: Mapping[str, Any]) -> tuple[list[Bar], list[Bar], list[Bar]]:
    """A map's bars ``[price, total]`` as long liquidations, short liquidations, and those of the price's own cell.

    Bars below the map's price are long liquidations, bars above it short ones; the cell that holds the price counts
    for neither. ``facts`` are a map's with price and bars.
    """
    price: float = facts["price"]
    half_cell = (facts.get("price_step") or _smallest_gap(facts["bars"])) / 2
    long: list[Bar] = []
    short: list[Bar] = []
    own: list[Bar] = []
    for bar in facts["bars"]:
        distance = bar[0] - price
        (own if not distance or abs(distance) < half_cell else short if distance > 0 else long).append(bar)
    return long, short, own


def counted_liquidations(facts: Mapping[str, Any], window: float | None) -> tuple[Decimal, Decimal]:
    """The long and the short liquidations of a map within ``window`` (share of the price; None: all of it).

    ``facts`` are a map's with price and bars; the unit is the map's own.
    """
    price: float = facts["price"]
    reach = math.inf if window is None else window * price * _EDGE
    long, short, _ = split_bars(facts)
    return _total(long, price, reach), _total(short, price, reach)


def _total(bars: list[Bar], price: float, reach: float) -> Decimal:
    return sum((Decimal(repr(float(total))) for at, total in bars if abs(at - price) <= reach), Decimal(0))


def _smallest_gap(bars: Iterable[Bar]) -> float:
    """The width of a cell where the map's step is unknown: no two bars are closer than one cell."""
    prices = sorted(price for price, _ in bars)
    return min((after - before for before, after in pairwise(prices) if after > before), default=0.0)


def _rate(evidence: list[Evidence], horizon: Horizon, now: datetime) -> WinRate | None:
    fresh = [item for item in evidence if now - item.at <= LIFE[horizon]]
    rows = [row for kind in RATIO_KINDS[horizon] if (row := _row_share(fresh, kind))]
    if rows:
        labels = [row.evidence.kind.label for row in rows]
        return _win_rate(rows, labels[0] if len(rows) == 1 else "mean of short-term and long-term ratio")
    share = _map_share(fresh, WINDOWS[horizon])
    return None if share is None else _win_rate([share], map_source(horizon))


def map_source(horizon: Horizon) -> str:
    """What a horizon's rate rests on where it comes from a map, in words."""
    window = WINDOWS[horizon]
    return "liquidation map, " + ("all bars" if window is None else f"bars within ± {window:.0%}".replace("%", " %"))


def _row_share(evidence: list[Evidence], kind: Kind) -> _Share | None:
    row = newest(evidence, kind, has("short"))
    return None if row is None else _Share(Decimal(repr(float(row.facts["short"]))), row, row.facts["verified"])


def _map_share(evidence: list[Evidence], window: float | None) -> _Share | None:
    """The share that the newest map gives; None without a map, and where no bar of it lies in the window."""
    picture = newest(evidence, Kind.LIQUIDATION_MAP, map_has_bars)
    if picture is None:
        return None
    long, short = counted_liquidations(picture.facts, window)
    if long + short <= 0:
        return None
    verified = picture.facts["price_verified"] and picture.facts["bars_verified"]
    return _Share(100 * short / (long + short), picture, verified)


def _win_rate(shares: list[_Share], source: str) -> WinRate:
    """The mean of the shares, long rounded half up and short the rest of 100; as old as the oldest of them."""
    mean = sum((share.long for share in shares), Decimal(0)) / len(shares)
    long = int(mean.quantize(Decimal(1), ROUND_HALF_UP))
    at = min(share.evidence.at for share in shares)
    return WinRate(long, 100 - long, source, at, all(share.verified for share in shares))
