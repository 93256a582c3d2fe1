"""The real thing in a temporary home: a runtime without a face, painted charts to drop, and waiting on a state."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kingtui.charts.painter import RatioChart, RatioRow, paint
from kingtui.commands.headless import task_spawner
from kingtui.runtime import Runtime
from kingtui.services import Offer
from kingtui.settings import Settings

SYMBOLS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LINK", "1000PEPE", "AVAX", "LTC", "BNB", "TRX", "SUI", "ENA")


def ratio_chart(seed: int, rows: int = 12, *, short_term: bool = False) -> RatioChart:
    """A ratio chart with numbers of its own."""
    chance = random.Random(seed)
    names = chance.sample(SYMBOLS, rows)
    leverage = "optical_opti" if short_term else "all_leverage"
    return RatioChart(rows=tuple(RatioRow(name, round(chance.uniform(3, 97), 1)) for name in names), leverage=leverage)


def ratio_picture(seed: int, **how: Any) -> bytes:
    """The picture of a ratio chart."""
    return paint(ratio_chart(seed, **how))


async def until(
    condition: Callable[[], Any] | Callable[[], Awaitable[Any]], what: str = "", seconds: float = 60.0
) -> Any:
    """Wait until ``condition()`` (plain or async) is true, and return what it gave; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain{f' for {what}' if what else ''}")
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(home: Path, *, clock: Any = None, sources: Any = None, **settings: Any) -> AsyncIterator[Runtime]:
    """A runtime at work in ``home``, without the API unless asked for."""
    chosen = Settings(
        home=home, **{"api": False, "workers": 2, "min_free_disk": 0, "rate_limit": "1000000/second"} | settings
    )
    runtime = Runtime(chosen, mode="headless", clock=clock, sources=sources)
    async with runtime, task_spawner() as spawn:
        await runtime.start(spawn)
        yield runtime
        await runtime.stop()


async def at_rest(runtime: Runtime, seconds: float = 120.0) -> None:
    """Wait until no step runs or waits and nothing is due."""

    async def rests() -> bool:
        status = await runtime.control.status()
        return not any(step.current_run or step.backlog.due for step in status.steps)

    await until(rests, "rest", seconds)


class SlowSource:
    """A source with one picture, which is delivered when ``release`` is set: step 1 is at work until then."""

    name = "slow"
    label = "a slow source"

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.fetching = asyncio.Event()

    async def offers(self, cursor: Any) -> Sequence[Offer]:
        return [] if cursor else [Offer("only", "only.jpg", cursor="done")]

    async def fetch(self, offer: Offer) -> bytes:
        self.fetching.set()
        await self.release.wait()
        return ratio_picture(1)

    async def hints(self) -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield


class FakeClock:
    """A clock that stands until it is moved; sleepers wake when it passes their time."""

    def __init__(self, start: datetime = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._elapsed + seconds, future))
        await future

    async def advance(self, seconds: float, step: float = 0.5) -> None:
        """Move on, in small steps, letting everything that wakes do its work before the next."""
        target = self._elapsed + seconds
        while self._elapsed < target:
            self._elapsed = min(self._elapsed + step, target)
            for wakes_at, future in [sleeper for sleeper in self._sleepers if sleeper[0] <= self._elapsed]:
                self._sleepers.remove((wakes_at, future))
                if not future.done():
                    future.set_result(None)
            for _ in range(20):
                await asyncio.sleep(0)
            await asyncio.sleep(0.002)
