"""Evidence and readings for the tests of this room: small, with every number chosen by the test."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kingtui.charts.reading import Kind
from kingtui.models import Evidence

NOW = datetime(2025, 7, 29, 18, 0, tzinfo=UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def evidence(
    kind: Kind, facts: Mapping[str, Any], at: datetime = NOW, sha: str = "a", symbol: str = "ETH", image_id: int = 1
) -> Evidence:
    return Evidence(symbol, kind, (sha * 64)[:64], at, "arrival", facts, image_id, f"{kind.value}.jpg")


def row(short: float, *, verified: bool = True, arrow: str | None = None) -> dict[str, Any]:
    return {
        "long": round(100 - short, 1),
        "short": short,
        "arrow": arrow,
        "verified": verified,
        "leverage": "all_leverage",
    }


def short_term(short: float, at: datetime = NOW, sha: str = "5", **facts: Any) -> Evidence:
    return evidence(Kind.SHORT_TERM_RATIO, row(short, **facts), at, sha)


def long_term(short: float, at: datetime = NOW, sha: str = "1", **facts: Any) -> Evidence:
    return evidence(Kind.LONG_TERM_RATIO, row(short, **facts), at, sha)


def cluster(price: float, *, strength: float = 10.0, verified: bool = True) -> dict[str, Any]:
    return {"price": price, "strength": strength, "verified": verified}


def liquidation_map(at: datetime = NOW, sha: str = "b", **facts: Any) -> Evidence:
    """A map at 1,000 with cells of 1 and four clusters; ``facts`` replaces any of its facts."""
    usual: dict[str, Any] = {
        "price": 1000.0,
        "price_verified": True,
        "bars": [[800.0, 30.0], [900.0, 20.0], [960.0, 10.0], [1040.0, 5.0], [1100.0, 15.0], [1200.0, 20.0]],
        "bars_verified": True,
        "clusters": {"-2": cluster(800), "-1": cluster(960), "+1": cluster(1100), "+2": cluster(1200)},
        "leverage": "all_leverage",
        "exchanges": ["binance", "okx"],
        "cumulated": {"long_end": 60.0, "short_end": 40.0},
        "price_step": 1.0,
    }
    return evidence(Kind.LIQUIDATION_MAP, usual | facts, at, sha)


def heatmap(price: float | None = 1010.0, at: datetime = NOW, sha: str = "c", **facts: Any) -> Evidence:
    bands = [
        {"price": 950.0, "strength": 0.9, "distance": -5.9, "verified": True},
        {"price": 1050.0, "strength": 0.4, "distance": 4.0, "verified": True},
    ]
    usual = {"price": price, "price_verified": True, "bands": bands, "leverage": "all_leverage"}
    return evidence(Kind.LIQUIDATION_HEATMAP, usual | facts, at, sha)


def rsi(value: float = 45.5, at: datetime = NOW, sha: str = "d", *, verified: bool = True) -> Evidence:
    return evidence(Kind.RSI_HEATMAP, {"rsi": value, "verified": verified}, at, sha)


def everything() -> list[Evidence]:
    """One picture of each kind, within the hours before NOW."""
    return [
        liquidation_map(ago(hours=2)),
        heatmap(at=ago(hours=1)),
        short_term(55.0, ago(hours=3), arrow="up"),
        long_term(12.4, ago(hours=4), arrow="down2"),
        rsi(at=ago(hours=5)),
    ]
