"""Live prices against the five venues on loopback: whose price, how fresh, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kingtui.models import Connection
from kingtui.services.prices.breaker import Breaker
from kingtui.services.prices.feed import LivePrices
from kingtui.services.prices.pairs import COUNTED, perpetual, spot
from kingtui.services.prices.venues import venues_of
from kingtui.settings import Settings
from tests.servers import venues as said
from tests.servers.http import Answer, as_json
from tests.servers.venues import NAMES, Venues
from tests.world import FakeClock, until


@contextlib.asynccontextmanager
async def market(
    folder: Path, prices: dict[str, Any] | None = None
) -> AsyncIterator[tuple[Venues, LivePrices, FakeClock]]:
    clock = FakeClock()
    server = Venues(clock.now, prices)
    async with server.serving():
        feed = LivePrices(venues_of(Settings(home=folder, **server.settings)), clock)
        try:
            yield server, feed, clock
        finally:
            await feed.close()


@pytest.mark.parametrize("first", range(len(NAMES)))
async def test_the_venues_are_asked_in_turn(tmp_path: Path, first: int) -> None:
    async with market(tmp_path) as (server, feed, clock):
        server.faults = dict.fromkeys(NAMES[:first], said.BROKEN)
        value = await feed.price("BTC")
        assert value is not None
        assert (value.value, value.source, value.sha256, value.verified) == (100000.1, NAMES[first], None, True)
        assert abs(value.at - clock.now()) < timedelta(seconds=1)
        assert [asked.split()[0] for asked in server.asked] == list(NAMES[: first + 1])


async def test_a_price_is_fresh_for_a_minute_and_no_longer(tmp_path: Path) -> None:
    async with market(tmp_path) as (server, feed, clock):
        first = await feed.price("BTC")
        await clock.advance(59, step=59)
        assert await feed.price("BTC") == first
        assert len(server.asked) == 1
        await clock.advance(2, step=2)
        assert feed.known("BTC") is None
        server.prices["BTC"] = "100001"
        renewed = await feed.price("BTC")
        assert renewed is not None
        assert renewed.value == 100001
        server.faults = dict.fromkeys(NAMES, said.BROKEN)
        await clock.advance(61, step=61)
        assert await feed.price("BTC") is None, "an old price is none"


async def test_who_wants_the_same_at_one_time_asks_once(tmp_path: Path) -> None:
    async with market(tmp_path) as (server, feed, _):
        values = await asyncio.gather(*(feed.price("BTC") for _ in range(20)))
        assert len(server.asked) == 1
        assert len(set(values)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        said.BROKEN,
        said.FORBIDDEN,
        said.REGION,
        said.NOT_JSON,
        said.OTHER_JSON,
        said.CUT,
        said.HUGE,
        Answer(b"[" * 60_000),
    ]
    + [
        as_json({"price": price})
        for price in (
            "NaN",
            "Infinity",
            "-3700.5",
            "0",
            "1e30",
            "0.0000000000000001",
            "",
            "12,5",
            "a lot",
            None,
            True,
            [],
        )
    ],
)
async def test_what_is_no_sound_price_is_refused_and_the_next_venue_asked(tmp_path: Path, fault: Answer) -> None:
    async with market(tmp_path) as (server, feed, _):
        server.faults = {"binance": fault}
        value = await feed.price("BTC")
        assert value is not None
        assert (value.value, value.source) == (100000.1, "bybit")


async def test_a_stale_price_is_refused_by_the_venues_own_time(tmp_path: Path) -> None:
    async with market(tmp_path) as (server, feed, _):
        server.faults = {"binance": Answer(b'{"price": "99"}', headers={"age": "90"})}
        server.age = 61
        assert await feed.price("BTC") is None
        assert len(server.asked) == 5
        server.age = -61  # from the future: one of the two clocks is wrong
        assert await feed.price("ETH") is None


async def test_a_silent_venue_costs_no_more_than_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kingtui.services.prices.feed.TIMEOUT", 0.2)
    async with market(tmp_path) as (server, feed, _):
        server.faults = {"binance": said.SILENT}
        value = await feed.price("BTC")
        assert value is not None
        assert value.source == "bybit"
        server.faults = dict.fromkeys(NAMES, said.SILENT)
        assert await feed.price("ETH", 0.3) is None


async def test_a_refusing_venue_is_left_alone_for_an_hour(tmp_path: Path) -> None:
    async with market(tmp_path) as (server, feed, clock):
        server.faults = {"binance": said.REGION, "bybit": said.FORBIDDEN}
        for symbol in ("BTC", "ETH", "BTC"):
            value = await feed.price(symbol)
            assert value is not None
            assert value.source == "okx"
            await clock.advance(70, step=70)
        assert sum(asked.startswith(("binance", "bybit")) for asked in server.asked) == 2
        assert "region" in (await feed.service()).detail
        server.faults = {}
        await clock.advance(3600, step=3600)
        value = await feed.price("BTC")
        assert value is not None
        assert value.source == "binance"


async def test_a_failing_venue_is_probed_by_one_request_after_its_rest(tmp_path: Path) -> None:
    coins = {f"C{n}": "5" for n in range(30)}
    async with market(tmp_path, coins) as (server, feed, clock):
        server.faults = {"binance": said.BROKEN}
        for n in range(6):
            assert (await feed.price(f"C{n}")) is not None
        assert sum(asked.startswith("binance") for asked in server.asked) == 3, "three failures open the circuit"
        await clock.advance(61, step=61)
        await asyncio.gather(*(feed.price(f"C{n}") for n in range(10, 20)))
        assert sum(asked.startswith("binance") for asked in server.asked) == 4, "one probe"
        await clock.advance(61, step=61)
        await feed.price("C25")
        assert sum(asked.startswith("binance") for asked in server.asked) == 4, "a failed probe doubles the rest"
        server.faults = {}
        await clock.advance(61, step=61)
        value = await feed.price("C26")
        assert value is not None
        assert value.source == "binance"


async def test_when_all_venues_rest_nothing_is_asked_and_it_is_told(tmp_path: Path) -> None:
    async with market(tmp_path) as (server, feed, _):
        server.faults = dict.fromkeys(NAMES, said.FORBIDDEN)
        assert await feed.price("BTC") is None
        assert await feed.price("ETH") is None
        assert len(server.asked) == 5
        row = await feed.service()
        assert row.state is Connection.PROBLEM
        assert "coinbase" in row.detail


async def test_a_clock_that_was_set_back_does_not_prolong_a_rest(tmp_path: Path) -> None:
    async with market(tmp_path) as (server, feed, clock):
        server.faults = dict.fromkeys(("binance", "bybit", "okx", "kucoin", "coinbase"), said.REGION)
        assert await feed.price("BTC") is None
        server.faults = {}
        assert await feed.price("BTC") is None
        clock._start -= timedelta(days=2)
        assert await feed.price("BTC") is not None


async def test_a_wild_jump_needs_a_second_venue(tmp_path: Path) -> None:
    async with market(tmp_path) as (server, feed, clock):
        assert (await feed.price("BTC")) is not None
        await clock.advance(61, step=61)
        server.prices["binance BTC"] = "999999"
        value = await feed.price("BTC")
        assert value is not None
        assert (value.value, value.source) == (100000.1, "bybit"), "one venue alone is not believed"
        await clock.advance(61, step=61)
        server.prices = {"BTC": "999999"}
        value = await feed.price("BTC")
        assert value is not None
        assert value.value == 999999, "two venues are"


@pytest.mark.parametrize(
    ("symbol", "binance", "bybit", "factor"),
    [
        ("BTC", "BTC", "BTC", 1),
        ("1INCH", "1INCH", "1INCH", 1),
        ("1000PEPE", "PEPE", "1000PEPE", 1000),
        ("1000SHIB", "SHIB", "SHIB1000", 1000),
        ("1000SATS", "SATS", "10000SATS", 1000),
        ("1MBABYDOGE", "BABYDOGE", "1000000BABYDOGE", 1_000_000),
        ("1000NEWCOIN", "1000NEWCOIN", "1000NEWCOIN", 1),  # not in the table: digits are never stripped
    ],
)
async def test_each_venue_is_asked_for_the_coin_by_its_own_name(
    tmp_path: Path, symbol: str, binance: str, bybit: str, factor: int
) -> None:
    count = {"10000SATS": 10_000}.get(bybit, factor)
    prices = {binance: "0.00002", f"bybit {bybit}": f"{Decimal('0.00002') * count:f}"}
    async with market(tmp_path, prices) as (server, feed, clock):
        value = await feed.price(symbol)
        assert value is not None
        assert value.value == pytest.approx(0.00002 * factor, rel=1e-12)
        assert server.asked == [f"binance {binance}USDT"]
        server.faults = {"binance": said.BROKEN}
        await clock.advance(61, step=61)
        other = await feed.price(symbol)
        assert other is not None
        assert (other.source, other.value) == ("bybit", pytest.approx(value.value, rel=1e-12))


def test_the_table_counts_what_its_names_say() -> None:
    for symbol, (coin, count) in COUNTED.items():
        assert spot(symbol).coin == coin
        assert str(count) in symbol or symbol == "1MBABYDOGE"
        assert perpetual(symbol).factor > 0


async def test_a_symbol_that_no_venue_trades_is_not_asked_for_again_and_again(tmp_path: Path) -> None:
    async with market(tmp_path) as (server, feed, clock):
        for _ in range(5):
            assert await feed.price("NOSUCH") is None
            await clock.advance(30, step=30)
        assert len(server.asked) == 5
        row = await feed.service()
        assert (row.state, row.detail) == (Connection.CONNECTED, "none found yet"), "no venue is at fault"
        await clock.advance(600, step=600)
        await feed.price("NOSUCH")
        assert len(server.asked) == 10


async def test_what_is_wanted_is_kept_fresh_and_forgotten_when_it_is_not(tmp_path: Path) -> None:
    async with market(tmp_path) as (server, feed, clock):
        await feed.price("BTC")
        running = asyncio.create_task(feed.run())
        for _ in range(14):
            await clock.advance(10, step=10)
            await until(lambda: feed.known("BTC"), "a fresh price", 5)
        await clock.advance(300, step=10)
        count = len(server.asked)
        await clock.advance(300, step=10)
        assert len(server.asked) <= count + 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_the_breaker_is_closed_open_and_half_open() -> None:
    now = FakeClock().now()
    breaker = Breaker()
    for _ in range(2):
        breaker.failed(now, "x")
        assert breaker.passes(now)
    breaker.failed(now, "x")
    assert not breaker.passes(now + timedelta(seconds=59))
    assert breaker.passes(now + timedelta(seconds=60))
    assert not breaker.passes(now + timedelta(seconds=60)), "only one probe"
    breaker.given_up()
    assert breaker.passes(now + timedelta(seconds=60)), "a probe that was broken off tells nothing"
    breaker.failed(now + timedelta(seconds=60), "x")
    assert not breaker.passes(now + timedelta(seconds=179))
    assert breaker.passes(now + timedelta(seconds=180))
    breaker.worked()
    assert breaker.passes(now)
