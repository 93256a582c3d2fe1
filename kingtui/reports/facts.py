"""What a picture says about each symbol, and which picture says it last.

Facts are JSON data in the shapes of ``models.Evidence``. A value counts as verified only where the symbol it is said
of is verified too: a right number under a wrong name is a wrong number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from kingtui.charts.reading import AnyReading, HeatmapReading, Kind, MapReading, RatioReading, RsiReading
from kingtui.models import Evidence, WrongUse, symbol_of

Facts = dict[str, Any]


def facts_of(reading: AnyReading) -> dict[str, Facts]:
    """What ``reading`` says, by symbol; empty for an unknown picture and where no valid symbol could be read.

    A ratio chart gives facts for each row, an RSI heat map for each point whose symbol and numbers are present.
    Where one chart names a symbol twice with different numbers, none of them is verified.
    """
    match reading:
        case RatioReading():
            return _of_rows(
                (row.symbol, _row(row.long, row.short, row.arrow, row.verified, reading.leverage))
                for row in reading.rows
                if row.long is not None and row.short is not None
            )
        case RsiReading():
            points = (point for point in reading.points if point.rsi is not None)
            return _of_rows((point.symbol, {"rsi": point.rsi, "verified": point.verified}) for point in points)
        case MapReading():
            symbol = _symbol(reading.symbol)
            return {} if symbol is None else {symbol: _of_map(reading)}
        case HeatmapReading():
            symbol = _symbol(reading.symbol)
            return {} if symbol is None else {symbol: _of_heatmap(reading)}
        case _:
            return {}


def _symbol(text: str | None) -> str | None:
    """The symbol that a printed text means; None where it means none."""
    try:
        return None if text is None else symbol_of(text)
    except WrongUse:
        return None


def _row(long: float | None, short: float | None, arrow: str | None, verified: bool, leverage: str | None) -> Facts:
    return {"long": long, "short": short, "arrow": arrow, "verified": verified, "leverage": leverage}


def _of_rows(rows: Iterable[tuple[str | None, Facts]]) -> dict[str, Facts]:
    """The facts by symbol. Of several rows of one symbol the verified ones count before the others."""
    found: dict[str, list[Facts]] = {}
    for text, facts in rows:
        if symbol := _symbol(text):
            found.setdefault(symbol, []).append(facts)
    return {symbol: _settled(several) for symbol, several in found.items()}


def _settled(rows: list[Facts]) -> Facts:
    """One row out of all that a chart has for a symbol; where they contradict each other it is not verified."""
    candidates = [row for row in rows if row["verified"]] or rows
    first = candidates[0]
    return first if all(row == first for row in candidates) else first | {"verified": False}


def _of_map(reading: MapReading) -> Facts:
    """``bars`` and ``clusters`` are null where they were not read, which is not the same as a map without any."""
    named = reading.sure("symbol")
    return {
        "price": reading.current_price,
        "price_verified": named and reading.sure("current_price"),
        "bars": [[bar.price, bar.total] for bar in reading.bars] if _bars_read(reading) else None,
        "bars_verified": named and reading.sure("bars"),
        "clusters": {
            slot: None
            if cluster is None
            else {"price": cluster.price, "strength": cluster.strength, "verified": named and cluster.verified}
            for slot, cluster in reading.clusters.items()
        }
        if clusters_read(reading)
        else None,
        "leverage": reading.leverage,
        "exchanges": list(reading.exchanges),
        "cumulated": {end: reading.cumulated.get(end) for end in ("long_end", "short_end")},
        "price_step": reading.price_step,
    }


def _bars_read(reading: MapReading) -> bool:
    return bool(reading.bars) or "bars" not in reading.reasons


def clusters_read(reading: MapReading) -> bool:
    """Whether a slot without a cluster means that the map has none there, not that it could not be read."""
    return bool(reading.clusters) and _bars_read(reading) and reading.current_price is not None


def _of_heatmap(reading: HeatmapReading) -> Facts:
    named = reading.sure("symbol")
    return {
        "price": reading.last_price,
        "price_verified": named and reading.sure("last_price"),
        "bands": [
            {
                "price": band.price,
                "strength": band.strength,
                "distance": band.distance,
                "verified": named and band.verified,
            }
            for band in reading.bands
        ],
        "leverage": reading.leverage,
    }


def has(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether facts hold a value under each of these names."""
    return lambda facts: all(facts.get(name) is not None for name in names)


def newest(
    evidence: Iterable[Evidence], kind: Kind, says: Callable[[Mapping[str, Any]], bool] = lambda facts: True
) -> Evidence | None:
    """The newest picture of a kind whose facts pass ``says``; of several at one moment the one of the lowest hash.

    Independent of the order of ``evidence``.
    """
    fitting = (item for item in evidence if item.kind is kind and says(item.facts))
    return max(sorted(fitting, key=lambda item: (item.sha256, item.image_id)), key=lambda item: item.at, default=None)


def certainty(evidence: Evidence) -> Literal["yes", "partly", "no"]:
    """Whether all, some or none of the values that a picture gives for its symbol are verified."""
    facts = evidence.facts
    if "verified" in facts:
        marks = [facts["verified"]]
    else:
        marks = [facts["price_verified"]] if facts["price"] is not None else []
        marks += [facts["bars_verified"]] if facts.get("bars") else []
        marks += [cluster["verified"] for cluster in (facts.get("clusters") or {}).values() if cluster]
        marks += [band["verified"] for band in facts.get("bands", ())]
    if not any(marks):
        return "no"
    return "yes" if all(marks) else "partly"
