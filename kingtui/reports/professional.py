"""The professional report of a symbol: SPEC's sections, numbers only from its record."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from kingtui.charts.reading import Kind
from kingtui.models import Horizon, SymbolRecord
from kingtui.reports.facts import certainty, has, newest
from kingtui.reports.format import NOT_AVAILABLE, age, amount, decimal, level, listed, moment, percent, verified
from kingtui.reports.grounding import Words
from kingtui.reports.levels import CLUSTER_WIDTH, RETRACEMENT, SIDES, Level, Setup, Side, critical_levels, cycle, setup
from kingtui.reports.rates import HORIZONS
from kingtui.reports.sentences import TITLES, lean, mark, rate_basis, risks, summary, takeaways
from kingtui.reports.templating import render
from kingtui.reports.words import TIME_SOURCES


def professional(
    record: SymbolRecord, *, now: datetime, figure: str | None, demo: bool, words: Words | None = None
) -> str:
    """The Markdown report of ``record`` at ``now``. ``figure``: file name of the picture beside it, if there is one.

    ``words``: what a model says of the symbol, grounded in the record's verified values.

    A ``demo`` report says at the top that its numbers are painted. What cannot be computed reads "not available".
    """
    setups = [plan for side in SIDES if (plan := setup(record, side))]
    return render(
        "professional.md.j2",
        record=record,
        now=now,
        demo=demo,
        words=words,
        figure=None if figure is None else quote(figure),
        summary=summary(record, now),
        sources=_sources(record),
        rates=[_rate(record, horizon, now) for horizon in HORIZONS],
        cycle=_cycle(record),
        levels=[_level(level) for level in critical_levels(record)],
        plans=[_plan(record, side, setups) for side in SIDES],
        risks=risks(record, setups, now),
        takeaways=takeaways(record, setups, now),
        evidence=_evidence(record),
    )


def _sources(record: SymbolRecord) -> str:
    return listed(list(dict.fromkeys(item.kind.label for item in record.evidence)))


def _rate(record: SymbolRecord, horizon: Horizon, now: datetime) -> dict[str, Any]:
    """One horizon for its own section and its row in the summary table."""
    rate = record.win_rates[horizon]
    cells = (
        (rate.text, rate.source, moment(rate.at), age(rate.at, now), verified(rate.verified))
        if rate
        else (NOT_AVAILABLE, "–", "–", "–", "–")
    )
    return {
        "title": TITLES[horizon],
        "rate": rate,
        "lean": lean(rate) if rate else "",
        "mark": mark(rate.verified) if rate else "",
        "age": age(rate.at, now) if rate else "",
        "basis": rate_basis(record, horizon),
        "cells": (TITLES[horizon], *cells),
    }


def _cycle(record: SymbolRecord) -> dict[str, Any] | None:
    waves = cycle(record)
    if waves is None:
        return None
    down = {target.basis: level(target.price) for target in waves.down}
    rows = [
        (target.basis.removeprefix("extension "), level(target.price), down.get(target.basis, NOT_AVAILABLE))
        for target in waves.up
    ]
    return {"slot": waves.slot, "distance": level(waves.distance), "rows": rows, "mark": mark(waves.verified)}


def _level(item: Level) -> tuple[str, ...]:
    """A row of the critical levels. A heat band's strength is a share of the strongest, a cluster's an amount."""
    what = item.what + (" (passed)" if item.passed else "")
    strength = "–"
    if item.strength is not None:
        strength = decimal(item.strength, 2) if item.what == "heat band" else amount(item.strength)
    return (level(item.price), what, percent(item.distance, signed=True), strength, verified(item.verified))


def _plan(record: SymbolRecord, side: Side, setups: list[Setup]) -> dict[str, Any]:
    plan = next((plan for plan in setups if plan.side == side), None)
    if plan is None:
        return {"side": side, "why": _no_plan(record, side), "rows": []}
    sure = verified(plan.verified)
    zone = f"{level(plan.entry_low)} to {level(plan.entry_high)}"
    rows = [
        ("Entry zone", zone, f"price to {percent(100 * RETRACEMENT)} of the way to cluster {plan.anchor}", "–", sure),
        ("Stop", level(plan.stop), f"{percent(100 * CLUSTER_WIDTH, 0)} beyond cluster {plan.anchor}", "–", sure),
    ]
    for number in range(3):
        if number < len(plan.targets):
            target = plan.targets[number]
            cells = (level(target.price), target.basis, decimal(target.ratio, 2), verified(target.verified))
        else:
            cells = (NOT_AVAILABLE, "–", "–", "–")
        rows.append((f"Target {number + 1}", *cells))
    return {"side": side, "why": "", "rows": rows, "entry": level(plan.entry)}


def _no_plan(record: SymbolRecord, side: Side) -> str:
    if record.price is None:
        return "no picture gives a price"
    if newest(record.evidence, Kind.LIQUIDATION_MAP, has("clusters")) is None:
        return "no liquidation map of this symbol has been read"
    return f"no open cluster {'below' if side == 'long' else 'above'} the price to place a stop behind"


def _evidence(record: SymbolRecord) -> list[tuple[str, ...]]:
    return [
        (
            item.name or NOT_AVAILABLE,
            item.kind.label,
            moment(item.at),
            TIME_SOURCES[item.at_source],
            item.sha256[:12],
            certainty(item),
        )
        for item in record.evidence
    ]
