"""A runtime at work with its API, that has read one ratio chart and one map, and a client that speaks real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest_asyncio

from kingtui.charts.painter import paint
from kingtui.services.demo import Market
from tests.world import at_rest, ratio_chart, ratio_picture, running, until

MAPPED = "BTC"


def map_picture():
    """A liquidation map of this hour."""
    return paint(Market(7).map(MAPPED, datetime.now(UTC).replace(minute=0, second=0, microsecond=0)))


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def world(tmp_path_factory):
    """``runtime``, ``http`` (its client), ``home``, ``rows`` (of the ratio chart)."""
    home: Path = tmp_path_factory.mktemp("api") / "home"
    async with running(home, api=True, port=0, rate_limit="100000/second") as runtime:
        address = (await runtime.control.status()).api_address
        async with httpx.AsyncClient(base_url=address, timeout=20) as http:
            await until(lambda: answers(http), "the API")
            (home / "downloads" / "ratio.jpg").write_bytes(ratio_picture(1, rows=8, short_term=True))
            (home / "downloads" / "map.jpg").write_bytes(map_picture())
            rows = ratio_chart(1, rows=8, short_term=True).rows
            for row in rows:
                await until(lambda row=row: reported(http, row.symbol), "its report")
            await until(lambda: reported(http, MAPPED), "the map's report")
            await at_rest(runtime)
            yield SimpleNamespace(runtime=runtime, http=http, home=home, rows=rows)


async def answers(http):
    try:
        return (await http.get("/health")).status_code == 200
    except httpx.TransportError:
        return False


async def reported(http, symbol):
    return (await http.get(f"/reports/{symbol}")).status_code == 200
