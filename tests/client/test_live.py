"""The live channel: cut, refused, restarted, flooded; what was missed is caught up with."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.server import ServerConnection

from kingtui.client import AsyncClient, KingError, LiveEvent, LiveEvents, Refused
from kingtui.client import live as live_module
from kingtui.client.doors import AddressDoor
from tests.client.wire import channel, hello, notice
from tests.world import until


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "DELAYS", (0.01, 0.02, 0.05))


async def taken(events: LiveEvents, count: int) -> list[LiveEvent]:
    found = []
    async for event in events:
        found.append(event)
        if len(found) == count:
            break
    return found


async def test_it_goes_on_where_it_was_cut() -> None:
    asked: list[dict[str, list[str]]] = []

    async def follow(connection: ServerConnection, path: str) -> None:
        asked.append(parse_qs(urlsplit(path).query))
        after = int(asked[-1].get("after", ["2"])[0])
        await connection.send(hello(after if len(asked) == 1 else 9, resumed=len(asked) > 1))
        await connection.send(notice(after + 1))
        connection.transport.abort()

    async with channel(follow) as (address, _), AsyncClient(address) as king, king.events() as events:
        found = [event for event in await taken(events, 6) if event.type == "notice"]
    assert [event.seq for event in found] == [3, 4, 5]
    assert [event.data["text"] for event in found] == ["3", "4", "5"]
    assert asked[:3] == [{}, {"after": ["3"], "epoch": ["e"]}, {"after": ["4"], "epoch": ["e"]}]


async def test_another_life_begins_anew_with_a_snapshot() -> None:
    lives = iter(("first", "second"))

    async def follow(connection: ServerConnection, path: str) -> None:
        await connection.send(hello(7, epoch=next(lives)))
        await connection.send('{"type": "snapshot", "seq": 7, "status": {"paused": false}, "symbols": []}')
        await connection.close(1012)

    async with channel(follow) as (address, _), AsyncClient(address) as king, king.events() as events:
        found = await taken(events, 4)
    assert [(event.type, event.epoch, event.seq) for event in found] == [
        ("hello", "first", 7), ("snapshot", "first", 7), ("hello", "second", 7), ("snapshot", "second", 7),
    ]  # fmt: skip
    assert found[1].data == {"status": {"paused": False}, "symbols": []}


async def test_who_was_seen_in_an_earlier_life_can_be_gone_on_from() -> None:
    async def follow(connection: ServerConnection, path: str) -> None:
        await connection.send(hello(5, resumed=True))
        await connection.send(notice(5, path))
        await connection.wait_closed()

    async with (
        channel(follow) as (address, _),
        AsyncClient(address, token="t") as king,
        king.events(after=4, epoch="e", logs=True) as events,
    ):
        found = await taken(events, 2)
    assert found[1].data["text"] == "/ws?after=4&epoch=e&logs=1"


@pytest.mark.parametrize(
    ("code", "kind", "sentence"), [(4401, Refused, "needs a token that it takes"), (4403, Refused, "needs a token")]
)
async def test_a_refusal_is_the_end(code: int, kind: type[KingError], sentence: str) -> None:
    async def follow(connection: ServerConnection, path: str) -> None:
        await connection.close(code)

    async with channel(follow) as (address, _), AsyncClient(address) as king, king.events() as events:
        with pytest.raises(kind, match=sentence):
            await taken(events, 1)


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        (["no json"], "something that is no frame"),
        (["[1]"], "something that is no frame"),
        (['{"type": "notice"}'], "a frame 'notice' that is none"),
        (['{"type": "hello", "seq": "x"}'], "a frame 'hello' that is none"),
        ([b"\xff\xfe"], "something that is no frame"),
    ],
)
async def test_rubbish_is_told_of_and_another_try_made(frames: list[Any], sentence: str) -> None:
    lost: list[str] = []
    tries = 0

    async def follow(connection: ServerConnection, path: str) -> None:
        nonlocal tries
        tries += 1
        for frame in frames if tries == 1 else [hello(1)]:
            await connection.send(frame)
        await connection.wait_closed()

    async with channel(follow) as (address, _):
        live = LiveEvents(AddressDoor(address), on_lost=lambda error, _: lost.append(str(error)))
        async with live as events:
            assert (await taken(events, 1))[0].type == "hello"
    assert len(lost) == 1
    assert sentence in lost[0]


async def test_it_waits_longer_each_time_and_less_when_told_to_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "DELAYS", (0.01, 0.02, 60.0))
    delays: list[float] = []
    heard: list[str] = []

    async def follow(connection: ServerConnection, path: str) -> None:
        await connection.send(hello(1))
        await connection.wait_closed()

    async with channel(follow) as (address, _):
        port = int(address.rpartition(":")[2])
    live = LiveEvents(
        AddressDoor(address), on_lost=lambda error, delay: (delays.append(delay), heard.append(str(error))),  # type: ignore[func-returns-value]
        chance=random.Random(1),
    )  # fmt: skip

    async def first() -> LiveEvent:
        async with live as events:
            return (await taken(events, 1))[0]

    task = asyncio.create_task(first())
    await until(lambda: len(delays) == 3, "three tries")
    assert delays[0] < 0.013
    assert 45 < delays[2] < 75
    assert "does not answer" in heard[0]
    async with channel(follow, port):
        live.hurry()
        assert (await asyncio.wait_for(task, 10)).type == "hello"
