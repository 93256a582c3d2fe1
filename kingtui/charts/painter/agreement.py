"""How far a reading agrees with what was painted: values right, and values claimed verified that are wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kingtui.charts.painter.charts import Chart, HeatmapChart
from kingtui.charts.painter.truth import heat_at_edge, truth

PRICE_TOLERANCE = 0.001
CLUSTER_TOLERANCE = 0.005
BAND_TOLERANCE = 0.003
"""Shares of the painted price within which a read one is right."""
RSI_TOLERANCE = 0.5
CUMULATED_TOLERANCE = 0.02
BARS_TOLERANCE = 0.05
STRONGEST = 5
"""So many bands of a heat map are asked for."""


Items = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Agreement:
    """Counts by what was looked at; ``wrong``: each value that is claimed verified and is not right, in words."""

    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    verified: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, what: str, found: Any, told: Any, right: bool, verified: bool) -> None:
        """One value."""
        self.asked[what] += 1
        self.right[what] += right
        self.verified[what] += verified
        if verified and not right:
            self.wrong.append(f"{what}: {found!r}, painted {told!r}")

    def add(self, other: Agreement) -> None:
        """Count another chart's too."""
        self.asked += other.asked
        self.right += other.right
        self.verified += other.verified
        self.wrong += other.wrong

    def share(self, what: str) -> float:
        """The share of values that are right; 1 where none was asked for."""
        return self.right[what] / self.asked[what] if self.asked[what] else 1.0

    def __str__(self) -> str:
        lines = [
            f"{what}: {self.right[what]}/{count} right, {self.verified[what]} verified"
            for what, count in sorted(self.asked.items())
        ]
        return "\n".join([*lines, *(f"WRONG {text}" for text in self.wrong)])


def compare(chart: Chart, read: Mapping[str, Any]) -> Agreement:
    """A painted chart and the JSON of its reading."""
    told, found = truth(chart), Agreement()
    same = told["kind"] == read["kind"]
    found.note("kind", read["kind"], told["kind"], same, False)
    if not same:
        return found
    for name in ("symbol", "leverage", "exchanges", "timestamp"):
        if name in told:
            found.note(name, read[name], told[name], _plain(read[name]) == _plain(told[name]), name in read["verified"])
    match told["kind"]:
        case "liquidation_map":
            _map(found, told, read)
        case "liquidation_heatmap":
            heated = [chart.price_of(row) for row in heat_at_edge(chart)] if isinstance(chart, HeatmapChart) else []
            _heatmap(found, told, read, heated)
        case "rsi_heatmap":
            _listed(found, "point", told["points"], read["points"], lambda a, b: _close(a["rsi"], b["rsi"]))
        case _:
            _listed(found, "row", told["rows"], read["rows"], _same_row)
    return found


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, list | tuple) else value


def _close(found: float | None, told: float) -> bool:
    return found is not None and abs(found - told) <= RSI_TOLERANCE


def _same_row(found: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    return all(found[name] == told[name] for name in ("long", "short", "arrow"))


def _near(found: float | None, told: float, tolerance: float) -> bool:
    return found is not None and abs(found - told) <= tolerance * told


def _listed(found: Agreement, what: str, told: Items, read: Items, same: Callable[[Any, Any], bool]) -> None:
    by_symbol = {item["symbol"]: item for item in read}
    for item in told:
        other = by_symbol.pop(item["symbol"], None)
        right = other is not None and same(other, item)
        found.note(what, other, item, right, other is not None and other["verified"])
    for other in by_symbol.values():
        found.note(f"{what} made up", other, None, False, other["verified"])


def _map(found: Agreement, told: Mapping[str, Any], read: Mapping[str, Any]) -> None:
    sure = read["verified"]
    price, painted = read["current_price"], told["current_price"]
    found.note("price", price, painted, _near(price, painted, PRICE_TOLERANCE), "current_price" in sure)
    top = max(told["cumulated"].values())
    for name, amount in told["cumulated"].items():
        value = read["cumulated"].get(name)
        right = value is not None and abs(value - amount) <= CUMULATED_TOLERANCE * top
        found.note("cumulated", value, amount, right, f"cumulated.{name}" in sure)
    total, painted = (sum(bar["total"] for bar in source["bars"]) for source in (read, told))
    found.note("bars' sum", total, painted, abs(total - painted) <= BARS_TOLERANCE * painted, False)
    for slot, cluster in told["clusters"].items():
        other = read["clusters"].get(slot)
        what = "cluster" if cluster else "no cluster"
        right = (
            (other is None) if cluster is None else _near(other and other["price"], cluster["price"], CLUSTER_TOLERANCE)
        )
        found.note(what, other, cluster, right, other is not None and other["verified"])


def _heatmap(found: Agreement, told: Mapping[str, Any], read: Mapping[str, Any], heated: Sequence[float]) -> None:
    price, painted = read["last_price"], told["last_price"]
    found.note("last price", price, painted, _near(price, painted, BAND_TOLERANCE), "last_price" in read["verified"])
    for band in told["bands"][:STRONGEST]:
        right = any(_near(other["price"], band["price"], BAND_TOLERANCE) for other in read["bands"])
        found.note("band", None, band, right, False)
    for band in read["bands"]:
        real = any(_near(band["price"], price, BAND_TOLERANCE) for price in heated)
        found.note("band found", band, None, real, band["verified"])
