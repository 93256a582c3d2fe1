"""The feed: a price of the last minute for a symbol, from the first venue that has a sound one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from kingtui.clock import Clock
from kingtui.models import Connection, Service, Value
from kingtui.services.prices.breaker import Breaker
from kingtui.services.prices.venues import FRESH, BadPrice, NotListed, Quote, Venue, age_of

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("kingtui.services.prices")

ASKS = "kingtui doctor asks each venue for one"
TIMEOUT = 3.0
"""Seconds for one venue."""
SECONDS = 5.0
"""For all of them together, unless said otherwise."""
AT_ONCE = 4
REFUSED = frozenset({401, 403, 451})
UNLISTED_REST = timedelta(minutes=10)
"""How long a symbol that no venue trades is not asked for."""
MISSED_REST = timedelta(seconds=5)
"""How long one is not asked for that no venue could tell."""
WANTED = timedelta(minutes=5)
"""How long a symbol is kept fresh after someone wanted it."""
RENEW_SECONDS = 20.0
RENEW_AGE = timedelta(seconds=35)
MOST_WANTED = 200
LARGEST_ANSWER = 65_536
JUMP = Decimal(2)
"""A price that is so many times the one of the last minutes, or its part, needs a second venue to say so."""
JUMP_WITHIN = timedelta(minutes=10)
AGREE = Decimal("0.02")


class LivePrices:
    """Prices by symbol. Nothing is asked for but what someone wanted within the last minutes."""

    def __init__(self, venues: Sequence[Venue], clock: Clock) -> None:
        self._venues = venues
        self._clock = clock
        self._breakers = {venue.name: Breaker() for venue in venues}
        self._quotes: dict[str, tuple[str, Quote]] = {}
        self._rests: dict[str, datetime] = {}
        self._wanted: dict[str, datetime] = {}
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._client: httpx.AsyncClient | None = None
        self._connecting = asyncio.Lock()

    def known(self, symbol: str) -> Value | None:
        """The symbol's price where one of the last 60 s is at hand; asks nobody."""
        found = self._quotes.get(symbol)
        if found is None or abs(self._clock.now() - found[1].at) > FRESH:
            return None
        venue, quote = found
        return Value(float(quote.price), quote.at, venue, True)

    async def price(self, symbol: str, seconds: float = SECONDS) -> Value | None:
        """The symbol's price of the last 60 s, asked for where none is at hand; None where none came in time."""
        now = self._clock.now()
        self._want(symbol, now)
        if (value := self.known(symbol)) is not None:
            return value
        if self._rests_now(symbol, now):
            return None
        try:
            async with asyncio.timeout(seconds):
                await self._refresh(symbol, FRESH)
        except TimeoutError:
            log.info("no price of %s within %.1f s", symbol, seconds)
        return self.known(symbol)

    async def run(self) -> None:
        """Keep fresh what is wanted, until cancelled."""
        while True:
            now = self._clock.now()
            self._wanted = {symbol: until for symbol, until in self._wanted.items() if until > now}
            await asyncio.gather(*(self._renew(symbol, now) for symbol in tuple(self._wanted)))
            await self._clock.sleep(RENEW_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def service(self) -> Service:
        """How it stands with the venues."""
        now = self._clock.now()
        resting = [
            f"{name} rests until {breaker.until:%H:%M} UTC ({breaker.why})"
            for name, breaker in self._breakers.items()
            if breaker.until is not None and now < breaker.until
        ]
        last = max(self._quotes.values(), key=lambda found: found[1].at, default=None)
        told = f"last from {last[0]} at {last[1].at:%H:%M:%S} UTC" if last is not None else "none found yet"
        if len(resting) == len(self._venues):
            todo = "Nothing to do: each is tried again by itself; until then the newest chart's price counts"
            return Service("prices", "Live prices", Connection.PROBLEM, "; ".join(resting), todo)
        if last is None and not self._rests:
            return Service("prices", "Live prices", Connection.READY, "none asked for yet", ASKS)
        return Service("prices", "Live prices", Connection.CONNECTED, "; ".join([told, *resting]))

    async def look(self, symbol: str) -> tuple[dict[str, Quote], list[str]]:
        """What each venue says now, asked once whatever it said before: quotes by venue, and what was wrong."""
        asked = [asyncio.create_task(self._quote(venue, symbol)) for venue in self._venues]
        await asyncio.wait(asked)
        found: dict[str, Quote] = {}
        wrong: list[str] = []
        for venue, task in zip(self._venues, asked, strict=True):
            try:
                found[venue.name] = task.result()
            except (BadPrice, NotListed) as error:
                wrong.append(str(error))
        return found, wrong

    def _rests_now(self, symbol: str, now: datetime) -> bool:
        """Whether it is not asked for; a moment that is too far ahead is of a clock that was set back since."""
        return timedelta(0) < self._rests.get(symbol, now) - now <= UNLISTED_REST

    def _want(self, symbol: str, now: datetime) -> None:
        if symbol in self._wanted or len(self._wanted) < MOST_WANTED:
            self._wanted[symbol] = now + WANTED

    async def _renew(self, symbol: str, now: datetime) -> None:
        if not self._rests_now(symbol, now):
            await self._refresh(symbol, RENEW_AGE)

    async def _refresh(self, symbol: str, age: timedelta) -> None:
        """Ask for a price unless one younger than ``age`` is there; whoever wants the same waits for the same."""
        async with self._asking.setdefault(symbol, asyncio.Lock()), self._free:
            found = self._quotes.get(symbol)
            if found is None or abs(self._clock.now() - found[1].at) > age:
                await self._ask(symbol)

    async def _ask(self, symbol: str) -> None:
        doubtful: list[tuple[str, Quote]] = []
        unlisted = 0
        for venue in self._venues:
            breaker = self._breakers[venue.name]
            if not breaker.passes(self._clock.now()):
                continue
            try:
                quote = await self._quote(venue, symbol)
            except NotListed:
                breaker.worked()
                unlisted += 1
                continue
            except Unsound as error:
                breaker.failed(self._clock.now(), str(error), refused=error.refused)
                log.info("%s", error)
                continue
            except BaseException:
                breaker.given_up()
                raise
            breaker.worked()
            if self._believable(symbol, quote, doubtful):
                self._quotes[symbol] = (venue.name, quote)
                return
            doubtful.append((venue.name, quote))
            log.warning(
                "%s: %s from %s is far from the last price; another venue is asked", symbol, quote.price, venue.name
            )
        rest = UNLISTED_REST if unlisted == len(self._venues) else MISSED_REST
        self._rests[symbol] = self._clock.now() + rest

    def _believable(self, symbol: str, quote: Quote, doubtful: Sequence[tuple[str, Quote]]) -> bool:
        """Whether it is no wild jump, or another venue jumped to the same."""
        last = self._quotes.get(symbol)
        if (
            last is None
            or quote.at - last[1].at > JUMP_WITHIN
            or last[1].price / JUMP < quote.price < last[1].price * JUMP
        ):
            return True
        return any(abs(quote.price - other.price) <= AGREE * other.price for _, other in doubtful)

    async def _connected(self) -> httpx.AsyncClient:
        """The client; made in a thread, because to load the library and the certificates takes a while."""
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(_client)
            return self._client

    async def _quote(self, venue: Venue, symbol: str) -> Quote:
        """One venue's price. Raises Unsound, NotListed."""
        client = await self._connected()
        import httpx

        try:
            async with asyncio.timeout(TIMEOUT), client.stream("GET", venue.url(symbol)) as answer:
                status, age, body = answer.status_code, age_of(answer.headers), bytearray()
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > LARGEST_ANSWER:
                        raise Unsound(f"{venue.name} answered with more than {LARGEST_ANSWER:,} bytes")
        except (httpx.TimeoutException, TimeoutError) as error:
            raise Unsound(f"{venue.name} did not answer within {TIMEOUT:.0f} s") from error
        except httpx.ConnectError as error:
            raise Unsound(f"{venue.name} cannot be reached") from error
        except httpx.HTTPError as error:
            raise Unsound(f"{venue.name} broke off its answer: {type(error).__name__}") from error
        return _read(venue, symbol, status, bytes(body), self._clock.now(), age)


def _client() -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)


class Unsound(BadPrice):
    """A venue's answer is of no use; ``refused``: it will not serve us."""

    def __init__(self, text: str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


def _read(venue: Venue, symbol: str, status: int, body: bytes, now: datetime, age: timedelta) -> Quote:
    import json

    if status in REFUSED:
        raise Unsound(f"{venue.name} refuses, HTTP {status}: it may not serve this region", refused=True)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:  # the latter: brackets within brackets
        raise Unsound(f"{venue.name} answered with no JSON, HTTP {status}") from error
    if status in venue.unlisted:
        raise NotListed(f"{venue.name} does not trade {symbol}")
    if status != 200:
        raise Unsound(f"{venue.name} answered with an error, HTTP {status}")
    if age > FRESH:
        raise Unsound(f"{venue.name} answered from a cache, {age.total_seconds():.0f} s old")
    try:
        return venue.quote(symbol, answer, now - age)
    except BadPrice as error:
        raise Unsound(str(error)) from error
