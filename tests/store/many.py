"""A store with many symbols, each with a map, a ratio row and an RSI, put there as the steps would."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from kingtui.models import Evidence, Kind, summary
from kingtui.reports.rates import ages_at
from kingtui.reports.record import record
from kingtui.store import images, schema, summaries, symbols
from kingtui.store.database import Database
from kingtui.store.images import Arrival
from kingtui.store.summaries import Computed

KINDS = (Kind.LIQUIDATION_MAP, Kind.SHORT_TERM_RATIO, Kind.RSI_HEATMAP)


def name_of(number: int) -> str:
    """``AAAA``, ``AAAB``, …: names in the order of their numbers."""
    return "".join(chr(65 + number // 26**place % 26) for place in (3, 2, 1, 0))


def map_facts(chance: random.Random, price: float, bars: int = 60) -> dict[str, Any]:
    """A map around a price, with a cluster at 3 and at 6 percent on either side."""
    step = price * 0.004
    levels = {"-2": 0.94, "-1": 0.97, "+1": 1.03, "+2": 1.06}
    return {
        "price": price, "price_verified": True, "leverage": "all_leverage", "exchanges": ["binance"],
        "bars": [
            [price + side * place * step, chance.uniform(0.1, 9) * (4 if place in (8, 15) else 1)]
            for side in (-1, 1)
            for place in range(1, bars // 2 + 1)
        ],
        "bars_verified": True, "price_step": step, "cumulated": {"long_end": None, "short_end": None},
        "clusters": {
            slot: {"price": price * share, "strength": 40.0, "verified": True} for slot, share in levels.items()
        },
    }  # fmt: skip


def evidence_of(symbol: str, number: int, at: datetime, chance: random.Random) -> list[Evidence]:
    """One picture of each kind, an hour apart."""
    long = round(chance.uniform(5, 95), 1)
    facts = (
        map_facts(chance, round(chance.uniform(0.001, 90_000), 4)),
        {"long": long, "short": round(100 - long, 1), "arrow": None, "verified": True, "leverage": "all"},
        {"rsi": round(chance.uniform(10, 90), 1), "verified": number % 7 != 0},
    )
    return [
        Evidence(symbol, kind, f"{number * 3 + place:064x}", at - timedelta(hours=place), "chart", said, place + 1)
        for place, (kind, said) in enumerate(zip(KINDS, facts, strict=True))
    ]


async def fill(database: Database, count: int, now: datetime, *, summarised: bool = True) -> list[str]:
    """``count`` symbols, the first with the newest evidence; their names in this order."""
    chance = random.Random(7)
    names = [name_of(number) for number in range(count)]
    async with database.write() as tx:
        for place, kind in enumerate(KINDS):
            arrival = Arrival(f"{kind.value}.jpg", f"{kind.value}.jpg", f"{place:064x}", 1, 1, "drop", f"{place}")
            await images.register(tx, arrival, now)
    for first in range(0, count, 500):
        async with database.write() as tx:
            for number, name in enumerate(names[first : first + 500], first):
                at = now - timedelta(minutes=number)
                known = evidence_of(name, number, at, chance)
                found, until = record(name, known, now), ages_at(known, now)
                assert found is not None
                await symbols.add_evidence(tx, *known)
                await symbols.changed(tx, name, now, until)
                await symbols.remember(tx, [(known[0], found)])
                if summarised:
                    await summaries.keep(tx, [Computed(name, now, summary(found), until)])
            await tx.execute(schema.symbols.update().values(due_since=None))  # as if its reports were written
    return names
