"""Price levels derived from a record: cycle targets, set-ups, critical levels. Nothing where an input is missing.

The formulas are conventions of technical analysis applied to liquidation clusters (a cluster attracts the price and,
once reached, is spent), not measured edges; each docstring states its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kingtui.charts.reading import SLOTS, Kind, Slot
from kingtui.models import ClusterLevel, SymbolRecord
from kingtui.reports.facts import has, newest

Side = Literal["long", "short"]
SIDES: tuple[Side, ...] = ("long", "short")

EXTENSIONS: tuple[float, ...] = (0.618, 1.0, 1.618, 2.618)
"""Powers of the golden ratio, as in Fibonacci extensions."""
RETRACEMENT = 0.382
"""How far an entry zone reaches from the price toward the cluster behind it: the 38.2 % Fibonacci retracement."""
CLUSTER_WIDTH = 0.01
"""The window that makes a cluster, as a share of the price (``charts.clusters``): no bar of it is further from it."""
STRONGEST_BANDS = 5
_FILL_ORDER: tuple[float, ...] = (1.0, 1.618, 2.618, 0.618)


@dataclass(frozen=True, slots=True)
class Target:
    """A price to be reached. ``ratio``: of a set-up's target, reward ÷ risk from the middle of the entry zone."""

    price: float
    basis: str
    """``cluster +1``, ``extension 1.618``"""
    verified: bool
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """The cycle targets of a record; ``up`` and ``down`` by distance, in the order of ``EXTENSIONS``."""

    slot: Slot
    """The nearest cluster, which gives the distance."""
    distance: float
    up: tuple[Target, ...]
    down: tuple[Target, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class Setup:
    """A long or short set-up. ``targets`` by distance, three where that many exist."""

    side: Side
    entry_low: float
    entry_high: float
    stop: float
    anchor: Slot
    """The cluster behind the entry that the stop lies beyond."""
    targets: tuple[Target, ...]
    verified: bool

    @property
    def entry(self) -> float:
        """The middle of the entry zone, from which risk and reward are counted."""
        return (self.entry_low + self.entry_high) / 2


@dataclass(frozen=True, slots=True)
class Level:
    """A price that matters. ``strength`` in the unit of its chart; ``distance`` in percent of the current price."""

    price: float
    what: str
    at: datetime
    verified: bool
    strength: float | None = None
    distance: float | None = None
    passed: bool = False


def open_clusters(record: SymbolRecord, side: Literal["below", "above"]) -> list[tuple[Slot, ClusterLevel]]:
    """The clusters on one side that the price has not passed, nearest first."""
    slots: tuple[Slot, ...] = ("-1", "-2") if side == "below" else ("+1", "+2")
    found = [(slot, level) for slot in slots if (level := record.clusters[slot])]
    return [(slot, level) for slot, level in found if not level.passed]


def nearest_cluster(record: SymbolRecord) -> tuple[Slot, ClusterLevel] | None:
    """The open cluster nearest to the current price (equally far: the lower one); None without price or cluster."""
    candidates = [*open_clusters(record, "below"), *open_clusters(record, "above")]
    if record.price is None or not candidates:
        return None
    price = record.price.value
    return min(candidates, key=lambda item: abs(item[1].price - price))


def cycle(record: SymbolRecord) -> Cycle | None:
    """Cycle targets: ``price ± extension × |price − nearest open cluster|`` for each of ``EXTENSIONS``.

    Source: Fibonacci extensions (Elliott wave practice), with the way to the nearest liquidation cluster as the
    measured move. A target that would not be above zero is left out. None without a price or an open cluster.
    """
    nearest = nearest_cluster(record)
    if nearest is None or record.price is None:
        return None
    slot, level = nearest
    price, verified = record.price.value, record.price.verified and level.verified
    distance = abs(price - level.price)
    if not distance:
        return None
    up, down = (
        tuple(
            Target(target, f"extension {extension:g}", verified)
            for extension in EXTENSIONS
            if (target := price + sign * extension * distance) > 0
        )
        for sign in (1, -1)
    )
    return Cycle(slot, distance, up, down, verified)


def setup(record: SymbolRecord, side: Side) -> Setup | None:
    """A set-up from the clusters; None without a price or without an open cluster behind the entry.

    For a long (a short is its mirror image), with P the current price and S the nearest open cluster below it:

    - entry zone: from ``P − 0.382 × (P − S)`` to P, the 38.2 % Fibonacci retracement toward the cluster;
    - stop: ``S − 1 % of P``. A cluster is made of bars within a window of 1 % of the price, so the stop lies beyond
      every one of them, and a sweep of the cluster does not reach it;
    - targets: the open clusters above, then cycle targets (extensions 1, 1.618, 2.618, 0.618 in this order, those
      more than 1 % of P from a target already taken) until there are three; sorted by distance;
    - risk/reward of a target T: ``|T − E| ÷ |E − stop|`` with E the middle of the entry zone.
    """
    behind = open_clusters(record, "below" if side == "long" else "above")
    if record.price is None or not behind:
        return None
    sign = 1 if side == "long" else -1
    price, (anchor, level) = record.price.value, behind[0]
    stop = level.price - sign * CLUSTER_WIDTH * price
    zone_end = price - RETRACEMENT * (price - level.price)
    if stop <= 0:
        return None
    entry = (price + zone_end) / 2
    targets = tuple(
        Target(target.price, target.basis, target.verified, abs(target.price - entry) / abs(entry - stop))
        for target in _targets(record, side)
    )
    verified = record.price.verified and level.verified
    return Setup(side, min(price, zone_end), max(price, zone_end), stop, anchor, targets, verified)


def _targets(record: SymbolRecord, side: Side) -> list[Target]:
    """The open clusters ahead and, up to three, cycle targets apart from them; by distance from the price."""
    assert record.price is not None
    price, sure = record.price.value, record.price.verified
    ahead = open_clusters(record, "above" if side == "long" else "below")
    targets = [Target(level.price, f"cluster {slot}", sure and level.verified) for slot, level in ahead]
    waves = cycle(record)
    by_basis = (
        {} if waves is None else {target.basis: target for target in (waves.up if side == "long" else waves.down)}
    )
    for extension in _FILL_ORDER:
        wave = by_basis.get(f"extension {extension:g}")
        apart = wave and all(abs(wave.price - taken.price) > CLUSTER_WIDTH * price for taken in targets)
        if wave and apart and len(targets) < 3:
            targets.append(wave)
    return sorted(targets, key=lambda target: abs(target.price - price))


def critical_levels(record: SymbolRecord) -> tuple[Level, ...]:
    """The clusters, the five strongest heat bands and the outermost bars of the newest map, highest price first.

    Distances are ``(level − price) ÷ price`` in percent of the current price; None without one.
    """
    price = record.price.value if record.price else None

    def level(at_price: float, what: str, at: datetime, sure: bool, strength: float | None, passed: bool) -> Level:
        distance = None if price is None else (at_price - price) / price * 100
        return Level(at_price, what, at, sure, strength, distance, passed)

    found = [
        level(cluster.price, f"cluster {slot}", cluster.at, cluster.verified, cluster.strength, cluster.passed)
        for slot in SLOTS
        if (cluster := record.clusters[slot])
    ]
    heatmap = newest(record.evidence, Kind.LIQUIDATION_HEATMAP, lambda facts: bool(facts.get("bands")))
    if heatmap:
        strongest = sorted(record.bands, key=lambda band: (-band["strength"], band["price"]))[:STRONGEST_BANDS]
        found += [
            level(band["price"], "heat band", heatmap.at, band["verified"], band["strength"], False)
            for band in strongest
        ]
    picture = newest(record.evidence, Kind.LIQUIDATION_MAP, has("bars"))
    if picture and picture.facts["bars"]:
        prices = [bar_price for bar_price, _ in picture.facts["bars"]]
        sure = picture.facts["bars_verified"]
        found.append(level(min(prices), "lowest liquidations of the map", picture.at, sure, None, False))
        found.append(level(max(prices), "highest liquidations of the map", picture.at, sure, None, False))
    return tuple(sorted(found, key=lambda item: (-item.price, item.what)))
