"""The evidence that is fetched of a symbol is enough: its record is the one that all evidence gives."""

import asyncio
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kingtui.models import Evidence, Kind
from kingtui.reports.rates import ages_at
from kingtui.reports.record import record
from kingtui.store import images, symbols
from kingtui.store.database import Database
from kingtui.store.images import Arrival
from tests.reports.builders import NOW

PRICES = st.one_of(st.none(), st.integers(90, 110).map(float))


def map_facts(price, clusters, verified):
    slots = {slot: {"price": level, "strength": 1.0, "verified": True} for slot, level in clusters.items()}
    bars = [[price * share, 5.0] for share in (0.9, 0.98, 1.02, 1.1)] if price else []
    return {
        "price": price, "price_verified": verified, "bars": bars, "bars_verified": verified, "leverage": "all",
        "clusters": {slot: slots.get(slot) for slot in ("-2", "-1", "+1", "+2")} if clusters else None,
        "exchanges": [], "cumulated": {"long_end": None, "short_end": None}, "price_step": 1.0,
    }  # fmt: skip


MAPS = st.builds(
    map_facts, PRICES, st.sampled_from([{}, {"-1": 95.0, "+1": 105.0}, {"-2": 91.0, "+2": 109.0}]), st.booleans()
)
HEATMAPS = st.builds(
    lambda price, verified: {"price": price, "price_verified": verified, "bands": [], "leverage": "all"},
    PRICES,
    st.booleans(),
)
RATIOS = st.builds(
    lambda long: {"long": long, "short": 100 - long, "arrow": None, "verified": True, "leverage": "all"},
    st.integers(0, 100).map(float),
)
RSI = st.builds(lambda rsi: {"rsi": rsi, "verified": True}, st.integers(1, 99).map(float))
FACTS = {
    Kind.LIQUIDATION_MAP: MAPS,
    Kind.LIQUIDATION_HEATMAP: HEATMAPS,
    Kind.SHORT_TERM_RATIO: RATIOS,
    Kind.LONG_TERM_RATIO: RATIOS,
    Kind.RSI_HEATMAP: RSI,
}
PIECES = st.sampled_from([*FACTS, Kind.LIQUIDATION_MAP, Kind.LIQUIDATION_HEATMAP]).flatmap(
    lambda kind: st.tuples(st.just(kind), FACTS[kind], st.integers(0, 60))
)


@given(pieces=st.lists(PIECES, min_size=1, max_size=30))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_fetched_evidence_gives_the_record_of_all(tmp_path_factory, pieces):
    known = [
        Evidence("ETH", kind, f"{number:064x}", NOW - timedelta(hours=hours), "chart", facts, number + 1, name="x")
        for number, (kind, facts, hours) in enumerate(pieces)
    ]
    lacking = [kind for kind, facts, _ in pieces if None in (facts.get("price", 0), facts.get("clusters", 0))]
    assume(all(lacking.count(kind) < symbols.RECENT for kind in FACTS))  # so many of the newest are looked through
    fetched = asyncio.run(stored(tmp_path_factory.mktemp("store"), known))
    assert record("ETH", fetched, NOW) == record("ETH", known, NOW)
    assert ages_at(fetched, NOW) == ages_at(known, NOW)


async def stored(folder: Path, known):
    database = Database(folder / "kingtui.db")
    await database.open(NOW)
    try:
        async with database.write() as tx:
            for item in known:
                arrival = Arrival(f"{item.image_id}", "x", item.sha256, 1, 1, "drop", item.sha256)
                assert await images.register(tx, arrival, NOW) == item.image_id
            await symbols.add_evidence(tx, *known)
        async with database.read() as connection:
            return (await symbols.newest_evidence(connection))["ETH"]
    finally:
        await database.close()
