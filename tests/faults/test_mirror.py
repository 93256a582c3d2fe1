"""The mirror under kills and on a full disk: the table ends as the store, and nothing is sent for nothing."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime

import pytest

from kingtui.mirror.documents import documents
from kingtui.store import symbols
from kingtui.store.database import Database, StoreFailed
from tests.engine.mirrored import all_columns, mirrored
from tests.faults.process import Process, wait_for
from tests.faults.test_disk import fill, small_disk  # noqa: F401 (a fixture)
from tests.servers import airtable as faults
from tests.servers.airtable import BASE, TOKEN, Airtable
from tests.world import ratio_picture


async def stored(kingtui: Process) -> dict[str, dict[str, object]]:
    """What the store says of each symbol, as it should be mirrored."""
    database = Database(kingtui.home.database, read_only=True)
    now = datetime.now(UTC)
    await database.open(now)
    try:
        async with database.read() as connection:
            known = [row.symbol for row in await connection.execute(symbols.symbols.select())]
        found = await documents(database, kingtui.home, known, now)
        return {name: {column: said for column, said in row.items() if said is not None} for name, row in found.items()}
    finally:
        await database.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_kills_and_cut_lines_leave_the_table_as_the_store(tmp_path):
    chance = random.Random(11)
    with Airtable(per_second=100, penalty=2.0) as server:
        table = server.add("Symbols", all_columns())
        settings = {
            "airtable_api_key": TOKEN, "airtable_base_id": BASE, "airtable_endpoint_url": server.address,
            "airtable_interval": 0.2,
        }  # fmt: skip
        kingtui = Process(tmp_path / "home", **settings)
        kingtui.home.create()
        for life, fault in enumerate([faults.commit_then_drop, faults.stall, faults.reset]):
            kingtui.start()
            (kingtui.home.downloads / f"{life}.jpg").write_bytes(ratio_picture(life, rows=8))
            server.faults.append(fault)
            before = len(server.calls)
            wait_for(lambda before=before: len(server.calls) > before, "a call", 60)
            time.sleep(chance.uniform(0, 0.3))
            kingtui.kill()
            table.by("Symbol")
        server.faults.clear()
        with kingtui:
            wait_for(kingtui.at_rest, "rest", 90)
            wait_for(lambda: asyncio.run(stored(kingtui)) == table.by("Symbol"), "the table to be as the store", 60)
            assert table.rows
            time.sleep(1)
            calls = len(server.calls)
            reasons = kingtui.get("/health")["reasons"]
            assert not [reason for reason in reasons if "process ended" not in reason], "only the kills may be told of"
        with kingtui:
            time.sleep(3)
        assert len(server.calls) == calls, "a restart sends nothing again"


@pytest.mark.slow
async def test_on_a_full_disk_nothing_is_sent_that_could_not_be_remembered(small_disk):  # noqa: F811
    with Airtable(per_second=10_000) as server:
        table = server.add("Symbols", all_columns())
        async with mirrored(small_disk, server) as world:
            await world.change("ETH", "BTC")
            fill(small_disk)
            await world.clock.sleep(60)
            for _ in range(5):
                with pytest.raises(StoreFailed):
                    await world.mirror.deliver()
                await world.clock.sleep(60)
            assert server.calls == []
            (small_disk / "ballast").unlink()
            await world.pass_time(60)
            await world.is_mirrored(table)
            assert len(server.calls) == 1
