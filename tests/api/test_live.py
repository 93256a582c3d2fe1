"""``WS /ws`` over a real socket: the snapshot, events in order, going on where one was, and clients too slow."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from kingtui.api import live
from kingtui.control.wire import EVENTS, load
from kingtui.events import Notice, PauseChanged, PictureArrived, RunFinished, SymbolUpdated
from tests.world import at_rest, until

pytestmark = pytest.mark.asyncio(loop_scope="package")


def follow(world, query="", **how):
    base = str(world.http.base_url).replace("http", "ws", 1).rstrip("/")
    return connect(f"{base}/ws{query}", max_size=None, **how)


async def taken(socket, seconds=10.0):
    return json.loads(await asyncio.wait_for(socket.recv(), seconds))


async def until_type(socket, name):
    while (frame := await taken(socket))["type"] != name:
        pass
    return frame


async def test_hello_a_snapshot_and_then_events(world):
    await at_rest(world.runtime)
    async with follow(world, subprotocols=["kingtui.v0", "kingtui.v1"]) as socket:
        assert socket.subprotocol == "kingtui.v1"
        hello, snapshot = await taken(socket), await taken(socket)
        assert hello == {"type": "hello", "epoch": hello["epoch"], "seq": snapshot["seq"], "resumed": False}
        status = (await world.http.get("/status")).json()
        assert snapshot["status"]["steps"].keys() == status["steps"].keys()
        history = (await world.http.get("/history")).json()["history"]
        assert snapshot["history"] == [run for run in history if run["id"] <= snapshot["history"][-1]["id"]][-20:]
        assert snapshot["images"] == (await world.http.get("/images?limit=10")).json()["images"]
        newest = (await world.http.get("/symbols?sort=updated&descending=true&limit=20")).json()["symbols"]
        assert snapshot["symbols"] == newest
        run_id = (await world.http.post("/trigger/3")).json()["run_id"]
        kinds, seq = [], snapshot["seq"]
        while "run_finished" not in kinds:
            frame = await taken(socket)
            assert frame["seq"] > seq
            seq = frame["seq"]
            assert load(EVENTS[frame["type"]], frame["data"])
            kinds.append(frame["type"])
        assert [kind for kind in kinds if kind.startswith("run_")] == ["run_requested", "run_started", "run_finished"]
        assert frame["data"]["run"]["id"] == run_id
        step = (await world.http.get("/status")).json()["steps"]["step_3"]
        assert (step["status"], step["last_run"]["id"]) == ("completed", run_id)


async def test_an_event_that_cannot_be_told_ends_nothing(world):
    async with follow(world) as socket:
        await until_type(socket, "snapshot")
        world.runtime.bus.post(PictureArrived(object(), "no number"))
        world.runtime.bus.post(Notice("what follows"))
        assert (await until_type(socket, "missed"))["data"] == {"count": 1}
        assert (await until_type(socket, "notice"))["data"]["text"] == "what follows"


async def test_who_comes_back_goes_on(world):
    async with follow(world) as socket:
        hello = await taken(socket)
        await taken(socket)
    for text in ("one", "two", "three"):
        world.runtime.bus.post(Notice(text))
    async with follow(world, f"?after={hello['seq']}&epoch={hello['epoch']}") as socket:
        assert await taken(socket) == hello | {"resumed": True}
        texts = [(await until_type(socket, "notice"))["data"]["text"] for _ in range(3)]
        assert texts == ["one", "two", "three"]


@pytest.mark.parametrize(
    "query", ["?after=0&epoch=another", "?after=999999&epoch={epoch}", "?epoch={epoch}", "?after=1"]
)
async def test_who_cannot_go_on_gets_a_snapshot(world, query):
    async with follow(world) as socket:
        epoch = (await taken(socket))["epoch"]
    async with follow(world, query.format(epoch=epoch)) as socket:
        assert (await taken(socket))["resumed"] is False
        assert (await taken(socket))["type"] == "snapshot"


@pytest.mark.parametrize("after", ["x", "-1", "9" * 40, "%00", "٣"])
async def test_a_number_that_is_none_is_told(world, after):
    async with follow(world, f"?after={after}") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await taken(socket)
        assert closed.value.rcvd.code == 4400
        assert "the number of an event is allowed" in closed.value.rcvd.reason


async def test_log_lines_come_only_to_who_wants_them(world):
    async with follow(world, "?logs=1") as wants, follow(world) as other:
        for socket in (wants, other):
            await taken(socket)
            await taken(socket)
        await world.http.post("/pause")
        await world.http.post("/resume")
        kinds = []
        while kinds.count("pause_changed") < 2:
            kinds.append((await taken(wants))["type"])
        assert "logged" in kinds
        assert [(await taken(other))["type"] for _ in range(2)] == ["pause_changed", "pause_changed"]


async def test_a_burst_reaches_everyone_in_order(world):
    """Thousands of events at once: each follower gets every one that no newer one replaced, and none is dropped."""
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(follow(world)) for _ in range(10)]
        for socket in sockets:
            await taken(socket)
            await taken(socket)
        for number in range(900):
            world.runtime.bus.post(SymbolUpdated(f"S{number % 50}"))
            if number % 3 == 0:
                world.runtime.bus.post(PauseChanged(number % 2 == 0))
        for number in range(500):
            world.runtime.bus.post(Notice(f"{number}"))
        for socket in sockets:
            texts = [(await until_type(socket, "notice"))["data"]["text"] for _ in range(500)]
            assert texts == [f"{number}" for number in range(500)]


async def test_a_client_that_takes_nothing_is_dropped_and_harms_nobody(world, monkeypatch):
    """A raw socket that never reads: its events are not piled up, it is cut off, and others go on meanwhile."""
    monkeypatch.setattr(live, "SEND_SECONDS", 1.0)
    monkeypatch.setattr(live, "CLOSE_SECONDS", 0.5)
    host, port = world.http.base_url.host, world.http.base_url.port
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect((host, port))
    raw.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    raw.setblocking(False)
    async with follow(world) as other:
        await taken(other)
        await taken(other)
        before = await dropped(world)
        start = time.monotonic()
        while await dropped(world) == before:
            for number in range(50):
                world.runtime.bus.post(Notice(f"{number} " + "x" * 2000))
            for _ in range(50):
                await until_type(other, "notice")
            assert time.monotonic() - start < 30
    ours = raw.getsockname()
    await until(lambda: not served(ours), "the end of the connection", 20)
    raw.close()


def served(client):
    """Whether this process still holds its end of a client's connection."""
    return any(found.raddr == client for found in psutil.Process().net_connections("tcp") if found.fd != -1)


async def dropped(world):
    text = (await world.http.get("/metrics")).text
    return float(next(line for line in text.splitlines() if line.startswith("kingtui_websocket_dropped")).split()[1])


async def test_followers_leave_nothing_behind(world):
    for _ in range(5):
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(20):
                await stack.enter_async_context(follow(world))
    await until(lambda: followers(world, 0), "the end of every follower")
    await at_rest(world.runtime)


async def followers(world, count):
    return f"kingtui_websocket_clients {float(count)}" in (await world.http.get("/metrics")).text


async def test_an_event_is_quick(world):
    """From the bus to a client over the socket, in the median; a guard against a way through the store."""
    async with follow(world) as socket:
        await taken(socket)
        await taken(socket)
        waits = []
        for number in range(30):
            start = time.perf_counter()
            world.runtime.bus.post(Notice(f"{number}"))
            await until_type(socket, "notice")
            waits.append(time.perf_counter() - start)
    assert sorted(waits)[len(waits) // 2] < 0.1


async def test_a_run_is_at_rest_for_who_hears_of_its_end(world):
    async with world.runtime.control.events() as events:
        await world.http.post("/trigger/2")
        async for event in events:
            if isinstance(event, RunFinished) and event.run.step == 2:
                break
        step = (await world.runtime.control.status()).steps[1]
    assert step.status.value == "completed"
    await at_rest(world.runtime)
