"""The sentences of a professional report. Plain statements; every number is the record's or a documented formula's."""

from __future__ import annotations

from datetime import datetime

from kingtui.charts.reading import SLOTS, Kind
from kingtui.models import Evidence, Horizon, SymbolRecord, WinRate
from kingtui.reports.facts import has, newest
from kingtui.reports.format import age, amount, decimal, level, listed, md, moment, percent, price
from kingtui.reports.levels import Setup, nearest_cluster, open_clusters
from kingtui.reports.rates import HORIZONS, LIFE, RATIO_KINDS, WINDOWS, ages_at, counted_liquidations, map_has_bars
from kingtui.reports.words import ARROWS, rsi_band

LIVES: dict[Horizon, str] = {"24h": "24 hours", "7d": "7 days", "1m": "30 days"}
TITLES: dict[Horizon, str] = {"24h": "24-Hour", "7d": "7-Day", "1m": "1-Month"}
UNSURE = " (not verified)"


def mark(sure: bool) -> str:
    """What follows a number that no second measurement confirmed."""
    return "" if sure else UNSURE


def lean(rate: WinRate) -> str:
    """``longs`` or ``shorts``, whichever the rate favours, or ``neither side``."""
    if rate.long == rate.short:
        return "neither side"
    return "longs" if rate.long > rate.short else "shorts"


def summary(record: SymbolRecord, now: datetime) -> list[str]:
    """The state of the symbol in a few lines: price, rate, nearest clusters, RSI, data."""
    found = []
    if record.price:
        where = f"{md(record.price.source)}, {moment(record.price.at)}"
        found.append(f"Price: **{price(record.price.value)}** ({where}){mark(record.price.verified)}.")
    else:
        found.append("Price: not available.")
    found += [_rate_sentence(record, horizon, now) for horizon in HORIZONS]
    found.append(_nearest(record))
    if record.rsi:
        value = record.rsi
        found.append(
            f"RSI: {decimal(value.value)}, {rsi_band(value.value)} ({moment(value.at)}){mark(value.verified)}."
        )
    count = len(record.evidence)
    pictures = f"{count} picture{'s' if count > 1 else ''}"
    old = "; **more than a day old**" if record.stale else ""
    found.append(
        f"Data: {pictures}, the newest of {moment(record.last_updated)} ({_ago(record.last_updated, now)}){old}."
    )
    return found


def _rate_sentence(record: SymbolRecord, horizon: Horizon, now: datetime) -> str:
    """The rate, whom it favours, the score where it gives one, what it rests on and how old that is."""
    rate, name = record.win_rates[horizon], f"{TITLES[horizon]} win rate, liquidation-implied"
    if rate is None:
        return f"{name}: not available."
    score = f"; score {record.score}" if horizon == "24h" else ""
    basis = f"{md(rate.source)}, {_ago(rate.at, now)}"
    return f"{name}: **{rate.text}**, favours {lean(rate)}{score} ({basis}){mark(rate.verified)}."


def _ago(at: datetime, now: datetime) -> str:
    text = age(at, now)
    return text if text == "just now" else f"{text} ago"


def _nearest(record: SymbolRecord) -> str:
    nearest = nearest_cluster(record)
    if nearest is None or record.price is None:
        return "Nearest liquidation cluster: not available."
    slot, cluster = nearest
    away = (cluster.price - record.price.value) / record.price.value * 100
    side = "below" if away < 0 else "above"
    return (
        f"Nearest liquidation cluster: {slot} at {level(cluster.price)}, {percent(abs(away))} {side} the price"
        f"{mark(cluster.verified and record.price.verified)}."
    )


def rate_basis(record: SymbolRecord, horizon: Horizon) -> list[str]:
    """What a horizon's rate was computed from: the rows, or the sums of the map's bars; else why there is none."""
    if record.win_rates[horizon] is None:
        return [_no_rate(record, horizon)]
    rows = [
        row
        for kind in RATIO_KINDS[horizon]
        if (row := newest(record.evidence, kind, has("short"))) and _fresh(record, row, horizon)
    ]
    if rows:
        return [_row_sentence(row) for row in rows]
    picture = newest(record.evidence, Kind.LIQUIDATION_MAP, map_has_bars)
    assert picture is not None
    window = WINDOWS[horizon]
    long, short = counted_liquidations(picture.facts, window)
    where = "on the whole map" if window is None else f"within ± {window * 100:.0f} % of the map's price"
    return [
        f"Liquidations {where} ({price(picture.facts['price'])}): long {amount(float(long))} below, "
        f"short {amount(float(short))} above, in the map's own unit."
    ]


def _fresh(record: SymbolRecord, item: Evidence, horizon: Horizon) -> bool:
    return record.computed_at - item.at <= LIFE[horizon]


def _row_sentence(row: Evidence) -> str:
    facts = row.facts
    arrow = f", arrow {ARROWS[facts['arrow']]}" if facts.get("arrow") else ""
    leverage = f", {md(facts['leverage'])}" if facts.get("leverage") else ""
    shares = f"long liquidations {percent(facts['long'])}, short {percent(facts['short'])}"
    return f"{row.kind.label.capitalize()} row{leverage}: {shares}{arrow}{mark(facts['verified'])}."


def _no_rate(record: SymbolRecord, horizon: Horizon) -> str:
    """Why there is no rate: no picture that could give one, only old ones, or a map without bars in the window."""
    pictures = [item for kind in RATIO_KINDS[horizon] if (item := newest(record.evidence, kind, has("short")))]
    picture = newest(record.evidence, Kind.LIQUIDATION_MAP, map_has_bars)
    kinds = listed([kind.label for kind in RATIO_KINDS[horizon]], "or")
    if picture and _fresh(record, picture, horizon):
        return f"No {kinds} row, and the map shows no liquidations in the window."
    if pictures or picture:
        return f"The newest picture that could give it is older than {LIVES[horizon]}."
    return f"No {kinds} row and no liquidation map of this symbol has been read."


def risks(record: SymbolRecord, setups: list[Setup], now: datetime) -> list[str]:
    """What speaks against relying on this report, the state of the data first."""
    found = [f"The prices do not agree: {md(record.price_note)}."] if record.price_note else []
    if unsure := _unsure(record):
        found.append(f"Not verified: {listed(unsure)}. Check the picture before use.")
    if record.stale:
        found.append(
            f"Old data: the newest picture is of {moment(record.last_updated)}, {_ago(record.last_updated, now)}."
        )
    if missing := _missing(record):
        found.append(f"No picture of these kinds has been read for {record.symbol}: {listed(missing)}.")
    if passed := [f"{slot} at {level(c.price)}" for slot in SLOTS if (c := record.clusters[slot]) and c.passed]:
        found.append(f"The price has passed {listed(passed)} since the map was drawn: no target any more.")
    found += _sweeps(record)
    found += _disagreement(record)
    if record.rsi and rsi_band(record.rsi.value) in ("overbought", "oversold"):
        found.append(f"RSI is {rsi_band(record.rsi.value)} at {decimal(record.rsi.value)}{mark(record.rsi.verified)}.")
    for plan in setups:
        ratio = plan.targets[0].ratio if plan.targets else None
        if ratio is not None and ratio < 1:
            found.append(f"To its first target the {plan.side} set-up risks more than it gains ({decimal(ratio, 2)}).")
    found.append(
        "Liquidation levels are the provider's estimates; positions can be closed or moved before the price gets there."
    )
    return found


def _unsure(record: SymbolRecord) -> list[str]:
    found = ["price"] if record.price and not record.price.verified else []
    found += [f"cluster {slot}" for slot in SLOTS if (cluster := record.clusters[slot]) and not cluster.verified]
    found += [f"{TITLES[h]} win rate" for h in HORIZONS if (rate := record.win_rates[h]) and not rate.verified]
    found += ["RSI"] if record.rsi and not record.rsi.verified else []
    found += ["some heat bands"] if any(not band["verified"] for band in record.bands) else []
    return found


def _missing(record: SymbolRecord) -> list[str]:
    present = {item.kind for item in record.evidence}
    return [kind.label for kind in Kind if kind is not Kind.UNKNOWN and kind not in present]


def _sweeps(record: SymbolRecord) -> list[str]:
    """What a move to the nearest open cluster of each side would set off."""
    if record.price is None:
        return []
    current, sure, found = record.price.value, record.price.verified, []
    for slot, cluster in [*open_clusters(record, "below")[:1], *open_clusters(record, "above")[:1]]:
        away = percent(abs(cluster.price - current) / current * 100)
        below = slot.startswith("-")
        effect = f"{'longs' if below else 'shorts'}, which can push the price further {'down' if below else 'up'}"
        unsure = mark(sure and cluster.verified)
        found.append(f"A move of {away} to {level(cluster.price)} (cluster {slot}) would liquidate {effect}{unsure}.")
    return found


def _disagreement(record: SymbolRecord) -> list[str]:
    """Which horizons favour which side, where they do not all favour the same."""
    by_lean: dict[str, list[str]] = {}
    for horizon in HORIZONS:
        if rate := record.win_rates[horizon]:
            by_lean.setdefault(lean(rate), []).append(TITLES[horizon])
    if len(by_lean) < 2:
        return []
    views = [f"{listed(names)} {'favours' if len(names) == 1 else 'favour'} {side}" for side, names in by_lean.items()]
    return [f"The horizons disagree: {'; '.join(views)}."]


def takeaways(record: SymbolRecord, setups: list[Setup], now: datetime) -> list[str]:
    """What to remember: the lean, the levels to watch, where the set-ups fail, when the rates age."""
    found = []
    if rates := [f"{TITLES[h]} {rate.text}{mark(rate.verified)}" for h in HORIZONS if (rate := record.win_rates[h])]:
        found.append(f"Liquidation-implied win rates: {', '.join(rates)}.")
    ends = [
        f"{level(cluster.price)} {side}{mark(cluster.verified)}"
        for side in ("below", "above")
        for _, cluster in open_clusters(record, side)[:1]
    ]
    if ends:
        found.append(f"Levels to watch: {listed(ends)}.")
    for plan in setups:
        beyond = "below" if plan.side == "long" else "above"
        found.append(f"The {plan.side} set-up fails {beyond} {level(plan.stop)}{mark(plan.verified)}.")
    if due := ages_at(record.evidence, now):
        found.append(f"Without newer pictures a win rate changes or lapses by age after {moment(due)}.")
    return found or ["The pictures read so far give neither rates nor levels for this symbol."]
