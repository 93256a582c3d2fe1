"""The demo's source: every minute the charts that would be sent of a market that moves, painted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from kingtui.charts.painter import Chart, chart_to_json
from kingtui.clock import Clock
from kingtui.models import KingError
from kingtui.services import Offer
from kingtui.services.demo import Market

Paint = Callable[[bytes], Awaitable[bytes]]
"""From a chart's JSON to its picture."""


class Painted:
    """Offers what the market of this moment looks like, ``interval`` seconds after the delivery before."""

    name = "demo"
    label = "painted demo charts"

    def __init__(self, interval: float, pictures: int, clock: Clock, paint: Paint) -> None:
        self._interval = timedelta(seconds=interval)
        self._pictures = pictures
        self._clock = clock
        self._paint = paint
        self._market = Market()
        self._charts: dict[str, Chart] = {}

    async def offers(self, cursor: Any) -> Sequence[Offer]:
        now = self._clock.now().replace(microsecond=0)
        if cursor is not None and now - datetime.fromisoformat(cursor) < self._interval:
            return []
        charts = await asyncio.to_thread(self._market.charts, now)
        chosen = [*charts[:-1][: self._pictures - 1], charts[-1]]  # the last is the RSI heat map
        self._charts = {f"{now.isoformat()} {number}": chart for number, chart in enumerate(chosen, 1)}
        return [
            Offer(key, f"kingfisher_{now:%Y%m%d_%H%M%S}_{number}.jpg", message_at=now, cursor=now.isoformat())
            for number, key in enumerate(self._charts, 1)
        ]

    async def fetch(self, offer: Offer) -> bytes:
        chart = self._charts.pop(offer.key, None)
        if chart is None:
            raise KingError(f"{offer.name} was of a moment that has passed")
        return await self._paint(json.dumps(chart_to_json(chart)).encode())

    async def hints(self) -> AsyncIterator[None]:
        while True:
            await self._clock.sleep(self._interval.total_seconds())
            yield
