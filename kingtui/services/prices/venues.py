"""The five venues: what is asked of each and where its answer holds the price."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from kingtui.models import KingError
from kingtui.services.prices.pairs import Pair, perpetual, spot
from kingtui.settings import Settings

FRESH = timedelta(seconds=60)
"""A price older than this is none."""
HIGHEST, LOWEST = Decimal("1e9"), Decimal("1e-12")
"""No coin costs more or less, in US dollars."""


class BadPrice(KingError):
    """A venue answered with what cannot be a price of now."""


class NotListed(KingError):
    """A venue does not trade the symbol."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A venue's price of one unit of the symbol; ``at``: the venue's own time, else when it answered."""

    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Venue:
    """``found`` takes price and time (milliseconds, ISO 8601 or None) out of an answer; LookupError: not there."""

    name: str
    base_url: str
    path: Callable[[str], str]
    pair: Callable[[str], Pair]
    found: Callable[[Any], tuple[Any, Any]]
    unlisted: frozenset[int] = frozenset({400, 404})
    """HTTP statuses that mean that it does not know the symbol."""

    def url(self, symbol: str) -> str:
        """Where the price of a symbol is asked for."""
        return self.base_url + self.path(self.pair(symbol).coin)

    def quote(self, symbol: str, answer: Any, now: datetime) -> Quote:
        """The price in an answer. Raises BadPrice, NotListed."""
        try:
            raw, moment = self.found(answer)
        except NotListed:
            raise NotListed(f"{self.name} does not trade {symbol}") from None
        except (LookupError, TypeError, AttributeError) as error:
            raise BadPrice(f"{self.name} answered without a price of {symbol}") from error
        at = now if moment is None else _moment(moment, self.name)
        if abs(now - at) > FRESH:
            raise BadPrice(f"{self.name} answered with a price of {symbol} of {at:%Y-%m-%d %H:%M:%S} UTC")
        return Quote(_price(raw, self.name, symbol) * self.pair(symbol).factor, at)


def _price(raw: Any, venue: str, symbol: str) -> Decimal:
    try:
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            raise InvalidOperation
        price = Decimal(str(raw))
    except InvalidOperation as error:
        raise BadPrice(f"{venue} answered with a price of {symbol} that is no number: {str(raw)[:40]!r}") from error
    if not price.is_finite() or not LOWEST <= price <= HIGHEST:
        raise BadPrice(f"{venue} answered with an absurd price of {symbol}: {str(raw)[:40]!r}")
    return price


def _moment(raw: Any, venue: str) -> datetime:
    try:
        if isinstance(raw, str) and not raw.isdigit():
            at = datetime.fromisoformat(raw)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        return datetime.fromtimestamp(int(raw) / 1000, UTC)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise BadPrice(f"{venue} answered with a time that is none: {str(raw)[:40]!r}") from error


def _binance(answer: Any) -> tuple[Any, Any]:
    return answer["price"], None


def _bybit(answer: Any) -> tuple[Any, Any]:
    if answer["retCode"] == 10001 or (answer["retCode"] == 0 and not answer["result"]["list"]):
        raise NotListed
    return answer["result"]["list"][0]["lastPrice"], answer.get("time")


def _okx(answer: Any) -> tuple[Any, Any]:
    if answer["code"] == "51001":
        raise NotListed
    return answer["data"][0]["last"], answer["data"][0].get("ts")


def _kucoin(answer: Any) -> tuple[Any, Any]:
    data = answer["data"]
    if data is None and answer["code"] == "200000":
        raise NotListed
    return data["price"], data.get("time")


def _coinbase(answer: Any) -> tuple[Any, Any]:
    return answer["price"], answer.get("time")


def venues_of(settings: Settings) -> tuple[Venue, ...]:
    """The venues in the order in which they are asked."""
    return (
        Venue("binance", settings.binance_url, lambda coin: f"/api/v3/ticker/price?symbol={coin}USDT", spot, _binance),
        Venue(
            "bybit", settings.bybit_url, lambda coin: f"/v5/market/tickers?category=linear&symbol={coin}USDT",
            perpetual, _bybit,
        ),
        Venue("okx", settings.okx_url, lambda coin: f"/api/v5/market/ticker?instId={coin}-USDT", spot, _okx),
        Venue(
            "kucoin", settings.kucoin_url, lambda coin: f"/api/v1/market/orderbook/level1?symbol={coin}-USDT", spot,
            _kucoin,
        ),
        Venue("coinbase", settings.coinbase_url, lambda coin: f"/products/{coin}-USD/ticker", spot, _coinbase),
    )  # fmt: skip


def age_of(headers: Mapping[str, str]) -> timedelta:
    """How long an answer lay in a cache on its way."""
    try:
        return timedelta(seconds=max(float(headers.get("age", "0")), 0.0))
    except (ValueError, OverflowError):
        return timedelta(0)
