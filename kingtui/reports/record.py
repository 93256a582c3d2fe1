"""A symbol's record: a function of its evidence, a live price and the moment, whatever the order of processing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kingtui.charts.reading import SLOTS, Kind, Slot
from kingtui.models import ClusterLevel, Evidence, SymbolRecord, Value
from kingtui.reports import format as formats
from kingtui.reports.facts import has, newest
from kingtui.reports.rates import map_has_bars, win_rates

DISAGREEMENT = 0.02
"""How far a live price may be from the chart's, as a share of it, and still be verified by it."""
WITNESS_LIFE = timedelta(days=1)
ABSURD = 3.0
CHART_LIFE = timedelta(days=30)


def record(
    symbol: str, evidence: Iterable[Evidence], now: datetime, live_price: Value | None = None
) -> SymbolRecord | None:
    """All that is known of ``symbol`` at ``now``; None where no picture says anything about it.

    Each field comes from the newest picture that has it (ties: the lower hash). ``live_price`` is a price that the
    caller holds to be fresh; it comes before any chart's, see ``settled``. ``evidence`` may hold other symbols' too.
    """
    known = [item for item in evidence if item.symbol == symbol]
    if not known:
        return None
    price, note = settled(live_price, _chart_price(known), now)
    return SymbolRecord(
        symbol=symbol,
        computed_at=now,
        last_updated=max(item.at for item in known),
        price=price,
        price_note=note,
        clusters=_clusters(known, price),
        win_rates=win_rates(known, now),
        rsi=_rsi(known),
        bands=_bands(known),
        evidence=_pictures(known),
    )


def settled(live: Value | None, chart: Value | None, now: datetime) -> tuple[Value | None, str | None]:
    """The price that counts, and a note where the live one and the newest chart's do not agree.

    A chart's price of the last day is a witness: a live price more than 2 % from it counts, but is not verified. One
    that is three times the newest chart's of the last 30 days, or a third of it, is of another coin or a wrong one: it
    is refused, and the chart's price counts, not verified.
    """
    if live is None or chart is None or chart.value <= 0:
        return live or chart, None
    apart = (live.value - chart.value) / chart.value
    chart_says = f"the {chart.source} of {formats.moment(chart.at)} says {formats.price(chart.value)}"
    live_says = f"{live.source} says {formats.price(live.value)} at {formats.moment(live.at)}"
    if now - chart.at <= CHART_LIFE and not 1 / ABSURD < live.value / chart.value < ABSURD:
        return replace(chart, verified=False), f"{live_says}, which cannot be: {chart_says}"
    if now - chart.at <= WITNESS_LIFE and abs(apart) > DISAGREEMENT:
        away = formats.percent(100 * apart, signed=True)
        return replace(live, verified=False), f"{live_says}, {away} from the chart: {chart_says}"
    return live, None


def _chart_price(known: list[Evidence]) -> Value | None:
    """The newest chart's price; a map, which prints it, beats a heat map of the same clock hour (UTC)."""
    on_map = newest(known, Kind.LIQUIDATION_MAP, has("price"))
    on_heatmap = newest(known, Kind.LIQUIDATION_HEATMAP, has("price"))
    chosen = on_map or on_heatmap
    if on_map and on_heatmap and _hour(on_heatmap.at) > _hour(on_map.at):
        chosen = on_heatmap
    return None if chosen is None else _value(chosen, "price", "price_verified")


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _value(item: Evidence, name: str, verified: str) -> Value:
    return Value(item.facts[name], item.at, item.kind.label, item.facts[verified], item.sha256)


def _rsi(known: list[Evidence]) -> Value | None:
    item = newest(known, Kind.RSI_HEATMAP, has("rsi"))
    return None if item is None else _value(item, "rsi", "verified")


def _bands(known: list[Evidence]) -> tuple[dict[str, object], ...]:
    item = newest(known, Kind.LIQUIDATION_HEATMAP, lambda facts: bool(facts.get("bands")))
    return () if item is None else tuple(dict(band) for band in item.facts["bands"])


def _clusters(known: list[Evidence], price: Value | None) -> dict[Slot, ClusterLevel | None]:
    """The four clusters of the newest map that has them, marked where the price has crossed them since.

    The price crossed a cluster where the current price is beyond it, or where a verified price of a picture between
    the map and now was: the orders that waited there are gone, even if the price came back.
    """
    levels: dict[Slot, ClusterLevel | None] = dict.fromkeys(SLOTS)
    picture = newest(known, Kind.LIQUIDATION_MAP, has("clusters"))
    if picture is None:
        return levels
    prices = [
        item.facts["price"]
        for item in known
        if item.at > picture.at and item.facts.get("price") is not None and item.facts["price_verified"]
    ]
    prices += [price.value] if price else []
    for slot in SLOTS:
        if cluster := picture.facts["clusters"].get(slot):
            level: float = cluster["price"]
            passed = any(seen <= level if slot.startswith("-") else seen >= level for seen in prices)
            levels[slot] = ClusterLevel(level, cluster["strength"], picture.at, cluster["verified"], passed)
    return levels


def _pictures(known: list[Evidence]) -> tuple[Evidence, ...]:
    """The newest picture of each kind, and every other one that a field rests on; newest first."""
    chosen = [newest(known, kind) for kind in Kind]
    chosen += [newest(known, Kind.LIQUIDATION_MAP, says) for says in (has("price"), has("clusters"), map_has_bars)]
    chosen += [
        newest(known, Kind.LIQUIDATION_HEATMAP, says) for says in (has("price"), lambda facts: bool(facts.get("bands")))
    ]
    distinct = {(item.kind, item.sha256, item.at): item for item in chosen if item}
    return tuple(
        sorted(sorted(distinct.values(), key=lambda item: item.sha256), key=lambda item: item.at, reverse=True)
    )
