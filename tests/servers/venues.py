"""The five venues on one loopback server, each with its own shape of answer, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.http import Answer, HttpServer, Request, as_html, as_json

NAMES = ("binance", "bybit", "okx", "kucoin", "coinbase")
REGION = as_json({"code": 0, "msg": "Service unavailable from a restricted location"}, 451)
FORBIDDEN = as_html(403)
BROKEN = as_html(502, "<html>Bad Gateway</html>")
NOT_JSON = Answer(b'{"price": "1')
OTHER_JSON = as_json(["no", {"price": None}])
SILENT = Answer(b"{}", after=60)
CUT = Answer(b'{"price": "100000"}', cut=8)
HUGE = Answer(b'{"price": "1", "more": "' + b"x" * 100_000 + b'"}')


class Venues(HttpServer):
    """``prices``: what each pair costs where it is listed; ``faults``: what a venue answers instead."""

    def __init__(self, now: Callable[[], datetime], prices: dict[str, Any] | None = None) -> None:
        super().__init__(self._reply)
        self.now = now
        self.prices: dict[str, Any] = {"BTC": "100000.10", "ETH": "3700.5"} if prices is None else prices
        self.faults: dict[str, Answer] = {}
        self.age = 0.0
        """Seconds by which the venues' own times lie back."""
        self.asked: list[str] = []

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that lead here."""
        return {"prices": "on"} | {f"{name}_url": f"{self.url}/{name}" for name in NAMES}

    def _reply(self, request: Request) -> Answer:
        split = urlsplit(request.path)
        venue, _, path = split.path.lstrip("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        pair = {
            "binance": query.get("symbol", ""), "bybit": query.get("symbol", ""), "okx": query.get("instId", ""),
            "kucoin": query.get("symbol", ""), "coinbase": path.removeprefix("products/").removesuffix("/ticker"),
        }[venue]  # fmt: skip
        self.asked.append(f"{venue} {pair}")
        if venue in self.faults:
            return self.faults[venue]
        coin = pair.removesuffix("USDT").removesuffix("USD").removesuffix("-")
        price = self.prices.get(f"{venue} {coin}", self.prices.get(coin))
        return getattr(self, f"_{venue}")(path, query, price, int((self.now().timestamp() - self.age) * 1000))

    def _binance(self, path: str, query: Any, price: Any, ms: int) -> Answer:
        assert path == "api/v3/ticker/price"
        if price is None:
            return as_json({"code": -1121, "msg": "Invalid symbol."}, 400)
        return as_json({"symbol": query["symbol"], "price": price})

    def _bybit(self, path: str, query: Any, price: Any, ms: int) -> Answer:
        assert (path, query["category"]) == ("v5/market/tickers", "linear")
        if price is None:
            return as_json({"retCode": 10001, "retMsg": "params error: symbol invalid", "result": {}, "time": ms})
        found = {"category": "linear", "list": [{"symbol": query["symbol"], "lastPrice": price}]}
        return as_json({"retCode": 0, "retMsg": "OK", "result": found, "time": ms})

    def _okx(self, path: str, query: Any, price: Any, ms: int) -> Answer:
        assert path == "api/v5/market/ticker"
        if price is None:
            return as_json({"code": "51001", "msg": "Instrument ID doesn't exist.", "data": []})
        return as_json({"code": "0", "msg": "", "data": [{"instId": query["instId"], "last": price, "ts": str(ms)}]})

    def _kucoin(self, path: str, query: Any, price: Any, ms: int) -> Answer:
        assert path == "api/v1/market/orderbook/level1"
        return as_json({"code": "200000", "data": None if price is None else {"time": ms, "price": price}})

    def _coinbase(self, path: str, query: Any, price: Any, ms: int) -> Answer:
        if price is None:
            return as_json({"message": "NotFound"}, 404)
        at = datetime.fromtimestamp(ms / 1000, self.now().tzinfo).isoformat().replace("+00:00", "Z")
        return as_json({"price": price, "time": at, "volume": "1"})
