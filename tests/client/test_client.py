"""The client against a kingtui at work: every route, and every error as the sentence that it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from kingtui import __version__
from kingtui.client import AsyncClient, Client, KingError, NotFound, Refused, Unreachable, WrongUse
from kingtui.client.doors import checked_address
from kingtui.runtime import Runtime
from tests.world import at_rest, ratio_chart, ratio_picture, running, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def runtime(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runtime]:
    """A runtime that has read one ratio chart, and answers."""
    async with running(tmp_path_factory.mktemp("home"), api=True, port=0) as found:
        (found.home.downloads / "chart.jpg").write_bytes(ratio_picture(1, rows=8, short_term=True))
        symbol = ratio_chart(1, rows=8, short_term=True).rows[0].symbol
        await until(lambda: list(found.home.reports.rglob(f"report_{symbol}_*.md")), "a report")
        await at_rest(found)
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def king(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    async with AsyncClient.of_home(runtime.home.root) as found:
        await until(lambda: found.address or _tried(found), "the API")
        yield found


async def _tried(king: AsyncClient) -> bool:
    try:
        return bool(await king.health())
    except Unreachable:
        return False


async def test_the_whole_is_told_of(king: AsyncClient, runtime: Runtime) -> None:
    health = await king.health()
    assert (health["status"], health["version"]) == ("healthy", __version__)
    status = await king.status()
    assert status["steps"]["step_2"]["status"] == "completed"
    assert status["api"] == runtime.address == king.address
    assert "kingtui" in await king.metrics()
    assert await king.ready()


async def test_symbols(king: AsyncClient) -> None:
    row = ratio_chart(1, rows=8, short_term=True).rows[0]
    record = await king.data(row.symbol.lower())
    assert record["Symbol"] == row.symbol
    assert record["WinRate_24h_Source"] == "short-term ratio"
    assert record["Liqcluster+1"] is None
    assert (await king.data_of([row.symbol, "NOPE"])) == {row.symbol: record | {}, "NOPE": None}
    listed = await king.symbols(find=row.symbol, limit=1)
    assert listed["total"] >= 1
    assert len(listed["symbols"]) == 1
    assert await king.symbol_history(row.symbol, limit=5)
    assert (await king.levels(row.symbol))["price"] is None


async def test_reports(king: AsyncClient) -> None:
    symbol = ratio_chart(1, rows=8, short_term=True).rows[0].symbol
    report = await king.report(symbol)
    assert report["report"].startswith("# ")
    assert await king.report_text(symbol) == report["report"]
    assert "<h1" in await king.report_text(symbol, "text/html")
    listed = await king.reports(symbol=symbol, day=report["timestamp"][:10], limit=10)
    assert [found["file"] for found in listed["reports"]] == [report["file"]]


async def test_pictures(king: AsyncClient, runtime: Runtime) -> None:
    (image,) = (await king.images(stage="extracted", limit=10))["images"]
    assert (await king.image(image["id"]))["image"]["id"] == image["id"]
    assert await king.image_file(image["id"]) == ratio_picture(1, rows=8, short_term=True)
    assert {mark["about"] for mark in (await king.image_marks(image["id"]))["marks"]} >= {"rows.0", "rows.7"}
    path = await king.add_image("again.jpg", ratio_picture(1, rows=8, short_term=True))
    assert path == "downloads/again.jpg"
    await until(lambda: _duplicates(king), "the duplicate")
    with pytest.raises(WrongUse, match="only a quarantined picture can be retried"):
        await king.retry(image["id"])
    await king.reread(image["id"])
    await at_rest(runtime)


async def _duplicates(king: AsyncClient) -> Any:
    return (await king.images(stage="duplicate"))["images"]


async def test_runs(king: AsyncClient, runtime: Runtime) -> None:
    asked = await king.trigger(3)
    await until(lambda: _ended(king, asked["run_id"]), "its end")
    assert asked["run_id"] in [run["id"] for run in (await king.history(limit=5, step=3))["history"]]
    first = (await king.history(limit=100, step=2, status="success"))["history"][0]
    assert "chart.jpg" in await king.run_log(first["id"])
    assert await king.cancel(3) is False
    assert await king.pause() is True
    assert (await runtime.control.status()).paused
    assert await king.resume() is False
    assert (await king.restart())["message"] == "Orchestration restarted"


async def _ended(king: AsyncClient, run_id: int) -> bool:
    return not (await king.run(run_id))["running"]


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda king: king.data("NOPE"), NotFound, "Symbol not found"),
        (lambda king: king.data("../../etc/passwd"), NotFound, "Symbol not found"),
        (lambda king: king.report("NOPE"), NotFound, "No report found"),
        (lambda king: king.trigger(7), WrongUse, "Invalid step number"),
        (lambda king: king.run(10**9), NotFound, "Run 1000000000 not found"),
        (lambda king: king.image(10**9), NotFound, "Picture 1000000000 not found"),
        (lambda king: king.history(status="maybe"), WrongUse, "status"),
        (lambda king: king.symbols(sort="colour"), WrongUse, "sort"),
        (lambda king: king.add_image("a.txt", b"text"), WrongUse, "picture"),
    ],
)
async def test_what_is_wrong_is_said_as_at_home(
    king: AsyncClient, call: Any, kind: type[KingError], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        await call(king)


async def test_the_plain_client_asks_the_same(runtime: Runtime) -> None:
    def ask() -> None:
        with Client.of_home(runtime.home.root) as king:
            assert king.health()["version"] == __version__
            symbol = ratio_chart(1, rows=8, short_term=True).rows[0].symbol
            assert king.data(symbol)["Symbol"] == symbol
            assert king.image_file(king.images(stage="extracted")["images"][0]["id"])
            with pytest.raises(NotFound, match="Symbol not found"):
                king.data("NOPE")
        with Client(runtime.address or "") as anybody:
            assert anybody.status()["history_count"] > 0

    await asyncio.to_thread(ask)


async def test_a_wrong_token_is_refused_for_good(runtime: Runtime) -> None:
    async with AsyncClient(runtime.address or "", token="wrong") as king:
        with pytest.raises(Refused) as caught:
            await king.status()
        assert (caught.value.status, caught.value.code, caught.value.for_good) == (401, "unauthorized", True)
        with pytest.raises(Refused):
            async with king.events() as events:
                async for _ in events:
                    raise AssertionError("it was let in")


async def test_both_clients_ask_the_same_routes() -> None:
    def public(client: type) -> set[str]:
        return {name for name in vars(client) if not name.startswith("_")}

    assert public(AsyncClient) - public(Client) == {"address", "control", "events"}
    assert public(Client) <= public(AsyncClient)


async def test_nothing_runs(tmp_path: Path) -> None:
    async with AsyncClient.of_home(tmp_path, attempts=1) as king:
        with pytest.raises(Unreachable, match=f"nothing runs in {tmp_path}"):
            await king.status()


@pytest.mark.parametrize(
    "text",
    ["", "localhost:5555", "ftp://localhost", "http://", "http://me:secret@host", "http://host/path", "http://host:0",
     "http://host:99999", "http://host?a=b", "http://[::1", "file:///etc/passwd"],
)  # fmt: skip
async def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(WrongUse, match="is no address of a kingtui"):
        checked_address(text)


async def test_addresses_are_kept_as_they_are() -> None:
    assert checked_address(" http://LocalHost:5555/ ") == "http://localhost:5555"
    assert checked_address("https://[::1]:443") == "https://[::1]:443"
