"""What a chart says: one frozen dataclass per kind, and its JSON.

The JSON is the one shape used everywhere (store, API, ``kingtui read``): fields of the chart at the top, a list
``verified`` of the names of fields that were checked by a second way, ``reasons`` for those that were not, and a
``verified``/``reason`` pair in each row, point, band and cluster. A value that could not be read is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal

READER = "3"
"""Version of the reader. Raise it when a reading may change: readings are kept per hash and version."""

Arrow = Literal["up2", "up", "down", "down2"]
Slot = Literal["-2", "-1", "+1", "+2"]
SLOTS: tuple[Slot, ...] = ("-2", "-1", "+1", "+2")


class Kind(StrEnum):
    """What sort of picture it is."""

    LIQUIDATION_MAP = "liquidation_map"
    LIQUIDATION_HEATMAP = "liquidation_heatmap"
    SHORT_TERM_RATIO = "short_term_ratio"
    LONG_TERM_RATIO = "long_term_ratio"
    RSI_HEATMAP = "rsi_heatmap"
    UNKNOWN = "unknown"

    @property
    def folder(self) -> str:
        """The folder of this kind: ``LiquidationMap``, ``Unknown``, …"""
        return _FOLDERS[self]

    @property
    def label(self) -> str:
        """The kind in words, for people."""
        return _LABELS[self]


_FOLDERS = {
    Kind.LIQUIDATION_MAP: "LiquidationMap",
    Kind.LIQUIDATION_HEATMAP: "LiquidationHeatmap",
    Kind.SHORT_TERM_RATIO: "ShortTermRatio",
    Kind.LONG_TERM_RATIO: "LongTermRatio",
    Kind.RSI_HEATMAP: "RSIHeatmap",
    Kind.UNKNOWN: "Unknown",
}
_LABELS = {
    Kind.LIQUIDATION_MAP: "liquidation map",
    Kind.LIQUIDATION_HEATMAP: "liquidation heat map",
    Kind.SHORT_TERM_RATIO: "short-term ratio",
    Kind.LONG_TERM_RATIO: "long-term ratio",
    Kind.RSI_HEATMAP: "RSI heat map",
    Kind.UNKNOWN: "unknown picture",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What ``identify`` says of a picture: its kind, and its title and symbol where they are printed."""

    kind: Kind
    title: str | None = None
    symbol: str | None = None
    reason: str | None = None
    """Why it is unknown."""
    chart_like: bool = False
    """Unknown, but with the page of a chart: worth a second opinion, and a sign that the charts have changed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One bar of a ratio chart. ``long`` and ``short``: percent of the liquidations, 0 to 100, one decimal."""

    symbol: str | None
    long: float | None
    short: float | None
    arrow: Arrow | None = None
    verified: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One price cell of a liquidation map with its liquidations; the split by exchange is approximate."""

    price: float
    total: float
    by_exchange: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A liquidation cluster: price and summed strength of its window (see ``charts.clusters``)."""

    price: float
    strength: float
    verified: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A band of a heat map at its right edge. ``strength`` 0 to 1; ``distance`` in percent of the last price;
    ``price_as_read`` by the printed labels alone, whose rounding ``price`` undoes."""

    price: float
    strength: float
    distance: float | None = None
    verified: bool = False
    reason: str | None = None
    price_as_read: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One dot of an RSI heat map, 0 to 100."""

    symbol: str | None
    rsi: float | None
    verified: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What all kinds share."""

    kind: Kind
    reader: str = READER
    title: str | None = None
    verified: tuple[str, ...] = ()
    """Names of the fields of this reading that a second witness confirmed."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """For a field that is null or not verified: why."""
    KINDS: ClassVar[tuple[Kind, ...]] = ()

    def sure(self, name: str) -> bool:
        """Whether the field ``name`` was verified."""
        return name in self.verified

    @property
    def all_verified(self) -> bool:
        """Whether every value in it is verified (an unknown picture has none and counts as not verified)."""
        return self.kind is not Kind.UNKNOWN and not self.reasons and all(part.verified for part in self.parts())

    @property
    def sure_share(self) -> float:
        """The share of its values that were verified, 0 to 1; 0 where it has none."""
        parts = self.parts()
        count = len(self.verified) + len(self.reasons) + len(parts)
        return (len(self.verified) + sum(part.verified for part in parts)) / count if count else 0.0

    def parts(self) -> tuple[Row | Cluster | Band | Point, ...]:
        """The rows, clusters, bands or points, each with its own ``verified``."""
        return ()

    def to_json(self) -> dict[str, Any]:
        """The reading as plain JSON data."""
        data = asdict(self)
        data["kind"] = self.kind.value
        data["verified"] = list(self.verified)
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownReading(Reading):
    """A picture that is none of our charts, or one that changed beyond recognition: ``reasons["kind"]`` says why."""

    KINDS = (Kind.UNKNOWN,)
    kind: Kind = Kind.UNKNOWN
    chart_like: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioReading(Reading):
    """A short-term or long-term ratio chart. Field names: ``leverage``."""

    KINDS = (Kind.SHORT_TERM_RATIO, Kind.LONG_TERM_RATIO)
    leverage: str | None = None
    rows: tuple[Row, ...] = ()

    def parts(self) -> tuple[Row, ...]:
        return self.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class MapReading(Reading):
    """A liquidation map. Field names: symbol, leverage, exchanges, timestamp, current_price, bars,
    cumulated.long_end, cumulated.short_end."""

    KINDS = (Kind.LIQUIDATION_MAP,)
    kind: Kind = Kind.LIQUIDATION_MAP
    symbol: str | None = None
    leverage: str | None = None
    exchanges: tuple[str, ...] = ()
    timestamp: datetime | None = None
    current_price: float | None = None
    current_price_label: str | None = None
    price_min: float | None = None
    price_max: float | None = None
    price_step: float | None = None
    bars: tuple[Bar, ...] = ()
    cumulated: Mapping[str, float | None] = field(default_factory=dict)
    """``long_end`` and ``short_end``: the totals at the far left and far right."""
    clusters: Mapping[Slot, Cluster | None] = field(default_factory=dict)

    def parts(self) -> tuple[Cluster, ...]:
        return tuple(cluster for cluster in self.clusters.values() if cluster is not None)

    def to_json(self) -> dict[str, Any]:
        data = Reading.to_json(self)
        data["timestamp"] = None if self.timestamp is None else self.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ")
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapReading(Reading):
    """A liquidation heat map. Field names: symbol, leverage, last_price."""

    KINDS = (Kind.LIQUIDATION_HEATMAP,)
    kind: Kind = Kind.LIQUIDATION_HEATMAP
    symbol: str | None = None
    leverage: str | None = None
    last_price: float | None = None
    last_price_as_read: float | None = None
    """By the printed labels alone, which are rounded; ``last_price`` has the rounding undone."""
    bands: tuple[Band, ...] = ()

    def parts(self) -> tuple[Band, ...]:
        return self.bands


@dataclass(frozen=True, slots=True, kw_only=True)
class RsiReading(Reading):
    """An RSI heat map: one point per symbol."""

    KINDS = (Kind.RSI_HEATMAP,)
    kind: Kind = Kind.RSI_HEATMAP
    points: tuple[Point, ...] = ()

    def parts(self) -> tuple[Point, ...]:
        return self.points


AnyReading = UnknownReading | RatioReading | MapReading | HeatmapReading | RsiReading
_CLASSES: dict[Kind, type[AnyReading]] = {
    kind: cls for cls in (UnknownReading, RatioReading, MapReading, HeatmapReading, RsiReading) for kind in cls.KINDS
}


def reading_from_json(data: Mapping[str, Any]) -> AnyReading:
    """The reading that ``to_json`` wrote. Unknown fields are an error: readings are ours, never a user's."""
    kind = Kind(data["kind"])
    fields: dict[str, Any] = dict(data) | {"kind": kind, "verified": tuple(data["verified"])}
    if "rows" in fields:
        fields["rows"] = tuple(Row(**row) for row in fields["rows"])
    if "points" in fields:
        fields["points"] = tuple(Point(**point) for point in fields["points"])
    if "bands" in fields:
        fields["bands"] = tuple(Band(**band) for band in fields["bands"])
    if "bars" in fields:
        fields["bars"] = tuple(Bar(**bar) for bar in fields["bars"])
    if "exchanges" in fields:
        fields["exchanges"] = tuple(fields["exchanges"])
    if "clusters" in fields:
        fields["clusters"] = {slot: None if c is None else Cluster(**c) for slot, c in fields["clusters"].items()}
    if fields.get("timestamp"):
        fields["timestamp"] = datetime.strptime(fields["timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return _CLASSES[kind](**fields)


def dump(reading: Reading) -> bytes:
    """The reading as compact JSON bytes, the same bytes for the same reading."""
    return json.dumps(reading.to_json(), separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def load(data: bytes | str) -> AnyReading:
    """The reading from ``dump``'s bytes."""
    return reading_from_json(json.loads(data))
