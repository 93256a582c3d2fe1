"""Lists of symbols: what they show is what the records say, however old a summary is; sorted, found and paged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from kingtui.control.answers import StoreAnswers
from kingtui.control.symbol_answers import SLICE, SLICES
from kingtui.home import Home
from kingtui.models import SYMBOL_SORTS, Evidence, Kind, SymbolPage, WrongUse, summary
from kingtui.reports.record import record
from kingtui.store import symbols
from kingtui.store.database import Database
from tests.store.many import fill
from tests.world import FakeClock

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class Desk:
    """A store, its clock, and the answers from it."""

    def __init__(self, database: Database, home: Home) -> None:
        self.database, self.clock = database, FakeClock(NOW)
        self.answers = StoreAnswers(home, database, self.clock)

    async def page(self, **how) -> SymbolPage:
        return await self.answers.symbol_page(**how)

    async def settled(self) -> SymbolPage:
        while (page := await self.page(limit=500)).settling:
            continue
        return page


@pytest.fixture
async def desk(tmp_path) -> AsyncIterator[Desk]:
    home = Home(tmp_path)
    database = Database(home.database)
    await database.open(NOW)
    yield Desk(database, home)
    await database.close()


def names(page: SymbolPage) -> list[str]:
    return [item.symbol for item in page.items]


@pytest.mark.parametrize("summarised", [True, False])
async def test_a_list_shows_what_the_records_say(desk, summarised):
    await fill(desk.database, 30, NOW, summarised=summarised)
    for hours in (0, 23, 24.2, 31):  # as rates age, and after they have
        desk.clock = FakeClock(NOW + timedelta(hours=hours))
        desk.answers = StoreAnswers(Home(desk.database.path.parent), desk.database, desk.clock)
        page = await desk.page(limit=500)
        assert list(page.items) == [summary(found) for found in await desk.answers.symbols()]
        assert page.total == page.known == 30
    assert not any(item.rates["24h"] for item in page.items[:5])  # neither row nor map counts for the day any more
    assert all(item.stale for item in page.items)


async def test_every_sorting_puts_what_is_not_available_last(desk):
    await fill(desk.database, 40, NOW)
    bare = Evidence("BARE", Kind.SHORT_TERM_RATIO, "f" * 64, NOW, "chart", {}, 1)
    async with desk.database.write() as tx:
        await symbols.add_evidence(tx, bare)
        await symbols.changed(tx, "BARE", NOW, None)
    await desk.settled()
    values = {
        "price": lambda item: item.price and item.price.value,
        "score": lambda item: item.score,
        "below": lambda item: item.below and abs(item.distance(item.below)),
        "above": lambda item: item.above and abs(item.distance(item.above)),
        "rsi": lambda item: item.rsi and item.rsi.value,
        "updated": lambda item: item.last_updated,
        "symbol": lambda item: item.symbol,
    }
    assert set(values) == set(SYMBOL_SORTS)
    for sort, value in values.items():
        for descending in (False, True):
            found = [value(item) for item in (await desk.page(sort=sort, descending=descending, limit=500)).items]
            there = [value for value in found if value is not None]
            assert len(there) >= 40
            assert there == sorted(there, reverse=descending)
            assert found[: len(there)] == there


async def test_pages_are_parts_of_one_list_and_finding_prefers_beginnings(desk):
    known = await fill(desk.database, 60, NOW)
    pages = [await desk.page(sort="updated", descending=True, limit=25, offset=offset) for offset in (0, 25, 50)]
    assert [name for page in pages for name in names(page)] == known
    assert {page.total for page in pages} == {60}
    found = await desk.page(find="aab")
    assert names(found) == [*(name for name in known if name.startswith("AAB")), "AAAB"]
    assert found.total == len([name for name in known if "AAB" in name])
    assert names(await desk.page(find="aaab/usdt")) == ["AAAB"]
    assert names(await desk.page(find="%_")) == []
    for wrong in ({"sort": "size"}, {"limit": 0}, {"limit": 501}, {"offset": -1}):
        with pytest.raises(WrongUse, match="allowed"):
            await desk.page(**wrong)


async def test_summaries_are_made_up_for_in_slices(desk):
    count = SLICE * SLICES + 5
    await fill(desk.database, count, NOW, summarised=False)
    first = await desk.page(limit=10)
    assert len(first.items) == 10  # right at once, whatever else there is to compute
    assert first.settling == 5
    assert (await desk.page(limit=10)).settling == 0


async def test_a_later_picture_is_seen_at_once(desk):
    await fill(desk.database, 3, NOW)
    later = NOW + timedelta(minutes=1)
    async with desk.database.write() as tx:
        rsi = Evidence("AAAB", Kind.RSI_HEATMAP, "e" * 64, later, "chart", {"rsi": 12.5, "verified": True}, 1)
        await symbols.add_evidence(tx, rsi)
        await symbols.changed(tx, "AAAB", later, None)
    desk.answers._clock = FakeClock(later)
    shown = {item.symbol: item for item in (await desk.page()).items}
    assert shown["AAAB"].rsi.value == 12.5
    assert shown["AAAB"].last_updated == later
    assert names(await desk.page(sort="rsi"))[0] == "AAAB"  # kept by the question before


async def test_a_symbols_history_stands_at_the_times_of_its_evidence(desk):
    facts = {"bands": [], "leverage": "all", "price_verified": True}
    pictures = [
        Evidence("ETH", Kind.LIQUIDATION_HEATMAP, f"{hours:064x}", NOW - timedelta(hours=hours), "chart",
                 facts | {"price": 1000.0 + hours}, 1)
        for hours in (3, 1, 2)  # the last comes late
    ]  # fmt: skip
    await fill(desk.database, 1, NOW)
    known: list[Evidence] = []
    async with desk.database.write() as tx:
        for picture in pictures:
            known.append(picture)
            await symbols.add_evidence(tx, picture)
            await symbols.remember(tx, [(picture, record("ETH", known, NOW))])
    history = await desk.answers.symbol_history("eth")
    assert [(point.at, point.value) for point in history.prices] == [
        (NOW - timedelta(hours=3), 1003.0), (NOW - timedelta(hours=1), 1001.0)
    ]  # fmt: skip
    assert history.scores == ()
    assert (await desk.answers.symbol_history("AAAA")).scores
    assert (await desk.answers.symbol_history("NONE")).prices == ()
    with pytest.raises(WrongUse, match="limit is 0"):
        await desk.answers.symbol_history("ETH", limit=0)


async def test_who_may_only_read_is_told_the_same(desk):
    await fill(desk.database, 12, NOW, summarised=False)
    reader = Database(desk.database.path, read_only=True)
    await reader.open(NOW)
    try:
        page = await StoreAnswers(Home(desk.database.path.parent), reader, FakeClock(NOW)).symbol_page()
    finally:
        await reader.close()
    assert page.settling == 12  # nothing was written
    assert page.items == (await desk.page()).items
    assert (await desk.page()).settling == 0
