"""The JSON shape of a symbol's levels, as a plot needs them. The flat record is ``SymbolRecord.flat``."""

from __future__ import annotations

from typing import Any

from kingtui.models import SLOTS, ClusterLevel, Kind, Slot, SymbolRecord, iso
from kingtui.reports.facts import newest
from kingtui.reports.rates import map_has_bars, split_bars


def levels_json(record: SymbolRecord) -> dict[str, Any]:
    """``GET /symbols/{symbol}/levels``: price, the newest map's bars, clusters and bands, with times and verdicts."""
    price = record.price
    return {
        "symbol": record.symbol,
        "price": None if price is None else price.value,
        "price_at": None if price is None else iso(price.at),
        "price_source": None if price is None else price.source,
        "price_verified": None if price is None else price.verified,
        "map": _map(record),
        "clusters": [_cluster(slot, level) for slot in SLOTS if (level := record.clusters[slot]) is not None],
        "bands": [dict(band) for band in record.bands],
    }


def _cluster(slot: Slot, level: ClusterLevel) -> dict[str, Any]:
    return {
        "slot": slot,
        "price": level.price,
        "strength": level.strength,
        "at": iso(level.at),
        "verified": level.verified,
        "passed": level.passed,
    }


def _map(record: SymbolRecord) -> dict[str, Any] | None:
    """The newest map that has bars around a price. ``side``: whose liquidations; the price's own cell is ``own``."""
    picture = newest(record.evidence, Kind.LIQUIDATION_MAP, map_has_bars)
    if picture is None:
        return None
    facts = picture.facts
    sides = zip(("long", "short", "own"), split_bars(facts), strict=True)
    bars = sorted((bar[0], bar[1], side) for side, bars in sides for bar in bars)
    price_sure, bars_sure = bool(facts["price_verified"]), bool(facts["bars_verified"])
    return {
        "image_id": picture.image_id,
        "at": iso(picture.at),
        "price": facts["price"],
        "price_verified": price_sure,
        "bars_verified": bars_sure,
        "verified": price_sure and bars_sure,
        "price_step": facts.get("price_step"),
        "leverage": facts.get("leverage"),
        "exchanges": list(facts.get("exchanges") or ()),
        "bars": [{"price": at, "total": total, "side": side} for at, total, side in bars],
    }
