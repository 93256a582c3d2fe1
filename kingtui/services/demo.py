"""The demo's market: prices that walk, leveraged positions behind them, and the charts one would be sent of it.

Everything is a function of the seed and the moment, so a demo that is started again goes on where the market then is.
Only numbers are made here, with the standard library; painting them is a job for the pool.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

from kingtui.charts.painter import (
    Candle,
    Chart,
    HeatLevel,
    HeatmapChart,
    MapBar,
    MapChart,
    RatioChart,
    RatioRow,
    RsiChart,
    RsiPoint,
)
from kingtui.charts.painter.charts import HEAT_ROWS, price_decimals

EXCHANGES = ("binance", "bitfinex", "okx", "bitmex", "bybit", "bitget")
LEVERAGES = (5, 10, 20, 25, 50, 100)
HISTORY_HOURS = 350
"""Of candles and of open positions."""
FRESH_HOURS = 12
"""Positions younger than this do not heat the map yet: a band of a few columns could not be seen."""
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin of the market: its usual price, and how far that moves in a day, as a share."""

    symbol: str
    price: float
    volatility: float = 0.04


COINS = (
    Coin("BTC", 118_000, 0.022),
    Coin("ETH", 3_760, 0.032),
    Coin("SOL", 182, 0.038),
    Coin("XRP", 3.12, 0.038),
    Coin("DOGE", 0.226, 0.042),
    Coin("1000PEPE", 0.01182, 0.05),
    Coin("BNB", 802, 0.022),
    Coin("ADA", 0.795, 0.038),
    Coin("AVAX", 24.6, 0.042),
    Coin("LINK", 17.9, 0.04),
    Coin("LTC", 109, 0.034),
    Coin("SUI", 3.81, 0.048),
    Coin("BONK", 0.0000313, 0.055),
    Coin("AAVE", 284),
    Coin("HBAR", 0.262),
    Coin("TRX", 0.327, 0.018),
    Coin("XLM", 0.421),
    Coin("UNI", 10.2),
    Coin("WIF", 1.05, 0.06),
    Coin("ENA", 0.612, 0.06),
    Coin("PENGU", 0.0385, 0.07),
    Coin("FARTCOIN", 1.21, 0.07),
    Coin("TRUMP", 9.9),
    Coin("TAO", 402),
    Coin("JUP", 0.561),
    Coin("RUNE", 1.44),
    Coin("WLD", 1.13),
    Coin("1000BONK", 0.0313, 0.055),
    Coin("1000SHIB", 0.0131),
    Coin("NEAR", 2.71),
    Coin("FIL", 2.55),
    Coin("CRV", 0.98),
    Coin("DOT", 3.93),
    Coin("ARB", 0.432),
    Coin("OP", 0.731),
    Coin("ONDO", 0.985),
    Coin("TIA", 1.81),
    Coin("HYPE", 43.6, 0.05),
    Coin("VIRTUAL", 1.47, 0.06),
    Coin("AI16Z", 0.148, 0.06),
)
MAPPED = tuple(coin.symbol for coin in COINS[:13])
"""The coins that get maps and heat maps."""


@dataclass(frozen=True, slots=True)
class Position:
    """An open position: the hour it was opened (0 is the oldest), where, its size and the price that liquidates it.

    ``closed``: the hour in which the price came there; None while it is open.
    """

    opened: int
    exchange: int
    size: int
    liquidation: float
    closed: int | None


def _chance(key: str) -> random.Random:
    return random.Random(key)  # noqa: S311 - a market, no secrets


@lru_cache(maxsize=16_384)
def _node(key: str, node: int) -> float:
    return _chance(f"{key}:{node}").gauss(0, 1)


def _drift(key: str, hours: float, periods: Sequence[float]) -> float:
    """A smooth walk through time, standard deviation about 1 in its longest period: octaves of interpolated noise, each
    as high as the root of its period, as a random walk's are."""
    total = 0.0
    for period in periods:
        node, part = divmod(hours / period, 1)
        blend = (1 - math.cos(math.pi * part)) / 2
        octave = f"{key}:{period}"
        noise = _node(octave, int(node)) * (1 - blend) + _node(octave, int(node) + 1) * blend
        total += noise * math.sqrt(period / periods[0])
    return total


@dataclass(frozen=True, slots=True)
class Book:
    """A coin's last hours and the positions that were opened in them."""

    candles: tuple[Candle, ...]
    positions: tuple[Position, ...]


class Market:
    """A market of coins. The same seed and moment give the same charts."""

    def __init__(self, seed: int = 1, coins: Sequence[Coin] = COINS) -> None:
        self.seed = seed
        self.coins = {coin.symbol: coin for coin in coins}
        self._open_book: tuple[tuple[str, datetime], Book] | None = None

    def price(self, symbol: str, at: datetime) -> float:
        """What the coin costs at a moment."""
        return self._price_at(self.coins[symbol], _hours(at))

    def rsi(self, symbol: str, at: datetime) -> float:
        """Its relative strength index, 0 to 100."""
        return _clamped(50 + 13 * _drift(f"{self.seed}:rsi:{symbol}", _hours(at), (72, 18, 6)), 0, 100, 1)

    def long_share(self, symbol: str, at: datetime, short_term: bool) -> float:
        """The share of long positions among those that could be liquidated, in percent."""
        periods = (36, 8, 2) if short_term else (200, 48, 12)
        return _clamped(52 + 20 * _drift(f"{self.seed}:share{short_term}:{symbol}", _hours(at), periods), 0, 100, 1)

    def candles(self, symbol: str, at: datetime, hours: int = HISTORY_HOURS) -> tuple[Candle, ...]:
        """The coin's hours up to and with the running one, oldest first."""
        coin, now = self.coins[symbol], _hours(at)
        last = math.floor(now)
        opens = [self._price_at(coin, hour) for hour in range(last - hours + 1, last + 1)]
        closes = [*opens[1:], self._price_at(coin, now)]
        chance = self._random("wick", symbol, last)
        candles = []
        for first, final in zip(opens, closes, strict=True):
            reach = first * coin.volatility / 24
            high, low = max(first, final) + reach * chance.random(), min(first, final) - reach * chance.random()
            candles.append(Candle(first, high, low, final))
        return tuple(candles)

    def book(self, symbol: str, at: datetime) -> Book:
        """The coin's candles, and the positions of that time: each beyond the price of its hour by its leverage."""
        if self._open_book is None or self._open_book[0] != (symbol, at):
            candles = self.candles(symbol, at)
            self._open_book = (symbol, at), Book(candles, tuple(self._positions(symbol, at, candles)))
        return self._open_book[1]

    def _positions(self, symbol: str, at: datetime, candles: Sequence[Candle]) -> Iterator[Position]:
        lows, highs = [candle.low for candle in candles], [candle.high for candle in candles]
        floors = [*accumulate(reversed(lows), min)][::-1]
        ceilings = [*accumulate(reversed(highs), max)][::-1]
        oldest = math.floor(_hours(at)) - len(candles)
        for opened, candle in enumerate(candles[:-1]):
            chance = self._random("open", symbol, oldest + opened)
            for _ in range(int(chance.expovariate(0.5)) + (6 if chance.random() < 0.03 else 1)):
                long = chance.random() < 0.55
                distance = 0.93 / chance.choice(LEVERAGES) * chance.uniform(0.8, 1.05)
                liquidation = candle.close * (1 - distance if long else 1 + distance)
                after, closed = opened + 1, None
                if floors[after] <= liquidation if long else ceilings[after] >= liquidation:
                    reached = (low <= liquidation for low in lows[after:])
                    if not long:
                        reached = (high >= liquidation for high in highs[after:])
                    closed = after + next(hour for hour, hit in enumerate(reached) if hit)
                size = min(60, int(chance.paretovariate(1.2)))
                yield Position(opened, chance.randrange(len(EXCHANGES)), size, liquidation, closed)

    def map(self, symbol: str, at: datetime, leverage: str = "all_leverage") -> MapChart:
        """The liquidation map of a coin: what is still open, by price and exchange."""
        book = self.book(symbol, at)
        chance = self._random("map", symbol, math.floor(_hours(at)))
        price, cells = book.candles[-1].close, 499
        decimals = price_decimals(price)
        below, above = chance.uniform(0.22, 0.42), chance.uniform(0.16, 0.45)
        step = (below + above) * price / cells
        middle = round(below * price / step)
        most = 6 if len(symbol) <= 3 else 5  # a longer title would not fit the page
        names = EXCHANGES[: min(most, chance.choice((4, 5, 6, 6)))]
        amounts: dict[int, list[int]] = {}
        for position in book.positions:
            cell = middle + round((position.liquidation - price) / step)
            if position.closed is None and 0 <= cell < cells and cell != middle and position.exchange < len(names):
                amounts.setdefault(cell, [0] * len(names))[position.exchange] += position.size
        return MapChart(
            symbol=symbol,
            exchanges=names,
            leverage=leverage,
            timestamp=at.astimezone(UTC).replace(minute=0, second=0, microsecond=0),
            price=round(price, decimals),
            price_min=price - middle * step,
            price_max=price + (cells - middle) * step,
            cells=cells,
            decimals=decimals,
            bars=tuple(MapBar(cell, tuple(map(float, amounts[cell]))) for cell in sorted(amounts)),
        )

    def heatmap(self, symbol: str, at: datetime, leverage: str = "all_leverage") -> HeatmapChart:
        """The heat map of a coin: where positions gathered, and how long they stood."""
        book = self.book(symbol, at)
        candles = book.candles
        top, bottom = 1.1 * max(c.high for c in candles), 0.9 * min(c.low for c in candles)
        stacks: dict[tuple[int, int | None], list[Position]] = {}
        for position in book.positions:
            row = math.floor((top - position.liquidation) / (top - bottom) * HEAT_ROWS)
            if 0 <= row < HEAT_ROWS and position.opened < len(candles) - FRESH_HOURS:
                stacks.setdefault((row, position.closed), []).append(position)
        sizes = {key: sum(position.size for position in stack) for key, stack in stacks.items()}
        most = max(sizes.values(), default=1)
        levels = []
        for (row, closed), stack in sorted(stacks.items(), key=lambda item: (item[0][0], item[0][1] or 0)):
            since, until = stack[0].opened, len(candles) if closed is None else closed
            rise = max(1, min(stack[-1].opened - since + 1, until - since))  # it stands when the last one has come
            strength = round(min(1.0, (sizes[row, closed] / most) ** 0.85), 3)
            levels.append(HeatLevel(row, strength, since, rise, closed))
        start = _EPOCH + timedelta(hours=math.floor(_hours(at)) - len(candles) + 1)
        return HeatmapChart(symbol=symbol, leverage=leverage, start=start, candles=candles, levels=tuple(levels))

    def ratio(self, at: datetime, short_term: bool, rows: int = 30) -> RatioChart:
        """The long/short shares of ``rows`` coins."""
        chosen = self._random("rows", str(short_term), round(_hours(at) * 60)).sample(sorted(self.coins), rows)
        shares = tuple(RatioRow(symbol, self.long_share(symbol, at, short_term)) for symbol in chosen)
        return RatioChart(rows=shares, leverage="optical_opti" if short_term else "all_leverage")

    def rsi_map(self, at: datetime) -> RsiChart:
        """The RSI of most coins."""
        chance = self._random("dots", "", round(_hours(at) * 60))
        chosen = chance.sample(sorted(self.coins), chance.randint(min(26, len(self.coins)), len(self.coins)))
        return RsiChart(points=tuple(RsiPoint(symbol, self.rsi(symbol, at)) for symbol in chosen))

    def charts(self, at: datetime) -> list[Chart]:
        """What would be sent at a moment: both ratio charts, maps and heat maps of some coins, an RSI heat map."""
        chance = self._random("sent", "", round(_hours(at) * 60))
        most = min(30, len(self.coins))
        charts: list[Chart] = [self.ratio(at, term, chance.randint(min(12, most), most)) for term in (True, False)]
        mapped = [symbol for symbol in MAPPED if symbol in self.coins]
        for symbol in chance.sample(mapped, min(len(mapped), chance.randint(2, 3))):
            charts += [self.map(symbol, at), self.heatmap(symbol, at)]
        charts.append(self.rsi_map(at))
        return charts

    def batch(self, count: int, start: datetime = _EPOCH + timedelta(days=400, minutes=25)) -> Iterator[Chart]:
        """``count`` charts of all kinds, no two alike: what is sent in one hour after the other, one at a time."""
        at, made = start, 0
        while made < count:
            for chart in self.charts(at)[: count - made]:
                yield chart
                made += 1
            at += timedelta(hours=1)

    def _price_at(self, coin: Coin, hours: float) -> float:
        # Two weeks are the longest swing, 14 days ≈ √14 of a day's; half of it each way looks like a market.
        walk = _drift(f"{self.seed}:price:{coin.symbol}", hours, (336, 120, 48, 20, 8, 3, 1))
        return coin.price * math.exp(coin.volatility * math.sqrt(14) / 2 * walk)

    def _random(self, subject: str, detail: str, moment: int) -> random.Random:
        return _chance(f"{self.seed}:{subject}:{detail}:{moment}")


def _hours(at: datetime) -> float:
    return (at - _EPOCH).total_seconds() / 3600


def _clamped(value: float, least: float, most: float, digits: int) -> float:
    return round(min(most, max(least, value)), digits)
