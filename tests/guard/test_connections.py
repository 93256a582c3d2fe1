"""Clients that keep a connection and say little, or too much, over the wire."""

import asyncio
import contextlib
import json
import socket
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kingtui import connections, server
from kingtui.home import own_secret
from kingtui.models import Stage
from tests.guard.served import KEY, bearer, raw, served, signed
from tests.world import at_rest, ratio_picture, running, until


async def opened(http):
    return await asyncio.open_connection("127.0.0.1", http.base_url.port)


async def ended(reader, seconds):
    """How long it took until the other side closed."""
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(seconds):
        try:
            while await reader.read(65_536):
                pass
        except ConnectionError:
            pass
    return asyncio.get_running_loop().time() - began


@pytest.fixture
def hurried(monkeypatch):
    """Seconds instead of tens of seconds."""
    monkeypatch.setattr(connections.Connection, "head_seconds", 0.6)
    monkeypatch.setattr(connections.Connection, "body_seconds", 0.6)


async def trickle(writer, data, pause=0.1):
    for byte in data:
        try:
            writer.write(bytes([byte]))
            await writer.drain()
        except ConnectionError:
            return
        await asyncio.sleep(pause)


async def test_who_says_a_request_too_slowly_is_left(tmp_path, hurried):
    async with served(tmp_path) as (_, http):
        silent, _w0 = await opened(http)
        slow, w1 = await opened(http)
        lines, w2 = await opened(http)
        body, w3 = await opened(http)
        again, w4 = await opened(http)
        w3.write(b"POST /trigger/9 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
        w4.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await again.readuntil(b"}")
        tasks = [
            asyncio.create_task(trickle(w1, b"GET /status HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100)),
            asyncio.create_task(trickle(w2, b"\r\n" * 100)),
            asyncio.create_task(trickle(w3, b"a" * 100)),
            asyncio.create_task(trickle(w4, b"GET /status HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100)),
        ]
        took = await asyncio.gather(*(ended(reader, 5) for reader in (silent, slow, lines, body, again)))
        assert all(0.3 < seconds < 2 for seconds in took), took
        for task in tasks:
            task.cancel()
        assert (await http.get("/status")).status_code == 200


async def test_who_waits_between_requests_is_not_left(tmp_path, hurried):
    async with served(tmp_path) as (_, http):
        reader, writer = await opened(http)
        for _ in range(2):
            writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await asyncio.wait_for(reader.readuntil(b"}"), 5)
            await asyncio.sleep(0.9)
        assert not reader.at_eof()
        writer.close()


async def test_a_body_that_is_large_but_comes_is_waited_for(tmp_path, hurried, monkeypatch):
    monkeypatch.setattr(connections, "BODY_BYTES", 1000)
    async with served(tmp_path) as (runtime, http):

        async def parts():
            text = json.dumps({"name": "x" * 20, "scopes": ["read"], "seconds": 60, "more": "a" * 20_000}).encode()
            for start in range(0, len(text), 1500):
                await asyncio.sleep(0.1)
                yield text[start : start + 1500]

        answer = await http.post("/tokens", content=parts(), headers=bearer(own_secret(runtime.home)))
        assert answer.status_code == 201


def asks(http, *, much):
    """A socket that asks for a picture ``much`` times at once."""
    asking = socket.socket()
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asking.connect(("127.0.0.1", http.base_url.port))
    asking.settimeout(0.5)
    with contextlib.suppress(OSError):  # it takes no more questions
        asking.sendall(b"GET /web/icon-512.png HTTP/1.1\r\nHost: localhost\r\n\r\n" * much)
    return asking


def taken(asking, pause, most):
    """How many bytes come until the other side ends it, ``most`` bytes came, or nothing comes any more."""
    count = 0
    with contextlib.suppress(OSError):
        while count < most and (part := asking.recv(65_536)):
            count += len(part)
            time.sleep(pause)
    return count


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system cannot cut it")
async def test_who_takes_nothing_of_what_it_asks_for_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "TAKING_SECONDS", 0.8)
    async with served(tmp_path) as (_, http):
        whole = 200 * int((await http.head("/web/icon-512.png")).headers["Content-Length"])
        silent, slow = asks(http, much=200), asks(http, much=200)
        with silent, slow:
            assert await asyncio.to_thread(taken, slow, 0.002, whole) >= whole
            assert await asyncio.to_thread(taken, silent, 0.0, whole) < whole
        assert (await http.get("/health")).status_code == 200


WANTED = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
KEYED = WANTED + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize(("head", "status"), [
    (b"GET /ws HTTP/1.1\r\nHost: localhost\r\n" + WANTED, 400),
    (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n" + KEYED, 400),
    (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + KEYED, 400),
    (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 9000 + b"\r\n" + KEYED, 431),
    (b"GET /ws HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 200 + KEYED, 431),
    (b"GET /ws?" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n" + KEYED, 414),
    (b"POST /ws HTTP/1.1\r\nHost: localhost\r\n" + KEYED, 405),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + KEYED, 404),
    (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n" + KEYED, 403),
], ids=["no key", "body", "chunks", "header", "headers", "address", "POST", "elsewhere", "foreign"])  # fmt: skip
async def test_a_socket_that_cannot_be_opened_is_refused_in_words_and_let_go(tmp_path, caplog, head, status):
    async with served(tmp_path) as (_, http):
        found, body = await raw(str(http.base_url).rstrip("/"), head + b"\r\n", seconds=5)
        assert found == status, body
        assert set(json.loads(body)) == {"error", "code"}
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_request_that_breaks_off_is_no_fault_of_ours(tmp_path, caplog):
    async with served(tmp_path) as (_, http):
        for head in (b"POST /images HTTP/1.1\r\nContent-Type: image/png", b"POST /control/status HTTP/1.1\r\nX: y"):
            _, writer = await opened(http)
            writer.write(head + b"\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nabc")
            await writer.drain()
            await asyncio.sleep(0.2)
            writer.close()
        metrics = await until_counted(http)
        assert 'kingtui_http_request_duration_seconds_count{method="POST",route="/images",status="500"}' not in metrics
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def until_counted(http):
    """The metrics, when both of the requests that broke off have ended."""
    while True:
        found = (await http.get("/metrics", headers={"Accept": "text/plain"})).text
        if all(f'route="{route}"' in found for route in ("/images", "/control/{name}")):
            return found
        await asyncio.sleep(0.1)


async def test_idle_connections_do_no_harm_and_one_too_many_is_told_so(tmp_path):
    async with served(tmp_path, max_connections=220) as (_, http):
        idle = [await opened(http) for _ in range(200)]
        for _ in range(20):
            assert (await http.get("/status")).status_code == 200
        more = [await opened(http) for _ in range(40)]
        await asyncio.sleep(0.2)
        status, body = await raw(str(http.base_url), b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (status, json.loads(body)["code"]) == (503, "unavailable")
        for _, writer in idle + more:
            writer.close()

        async def free():
            status, _ = await raw(
                str(http.base_url), b"GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            return status == 200

        await until(free, "room for another connection")


async def test_a_request_while_stopping_is_refused_and_reading_goes_on(tmp_path):
    async with served(tmp_path) as (runtime, http):
        runtime.api.guard.closing = True
        refused = await http.post("/trigger/3")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["retry-after"]
        assert (await http.get("/status")).status_code == 200


@pytest.mark.slow
async def test_what_is_asked_while_runs_are_ended_gets_503_and_the_pictures_stay_due(tmp_path):
    async with served(tmp_path) as (runtime, http):
        for seed in range(6):
            (tmp_path / "downloads" / f"{seed}.jpg").write_bytes(ratio_picture(seed))

        async def at_work():
            return (await runtime.control.status()).steps[1].current_run is not None

        await until(at_work, "step 2 at work")
        asked = [asyncio.create_task(http.post("/trigger/4")) for _ in range(5)]
        stopping = asyncio.create_task(runtime.stop())
        later = await http.post("/trigger/4")
        assert (later.status_code, later.json()["code"]) == (503, "unavailable")
        assert {(await answer).status_code for answer in asked} <= {200, 503}
        await asyncio.wait_for(stopping, 10)
    async with running(tmp_path) as runtime:
        await at_rest(runtime)
        counts = await runtime.control.image_counts()
        assert counts[Stage.EXTRACTED] == 6


async def test_the_stop_of_a_busy_service_takes_seconds(tmp_path):
    async with served(tmp_path) as (runtime, http):
        held = [await opened(http) for _ in range(50)]
        held[0][1].write(b"POST /tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
        await http.get("/status")
        began = asyncio.get_running_loop().time()
        await runtime.stop()
        assert asyncio.get_running_loop().time() - began < 10


async def test_a_socket_asks_for_a_token_and_refuses_foreign_pages(tmp_path):
    async with served(tmp_path, require_token=True, jwt_key=KEY) as (_, http):
        url = f"ws://127.0.0.1:{http.base_url.port}/ws"
        for more in ({}, {"subprotocols": ["kingtui.v1"]}, {"subprotocols": ["kingtui.v1", "bearer.wrong"]},
                     {"additional_headers": bearer("wrong")}):  # fmt: skip
            async with connect(url, **more) as socket:
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
                assert closed.value.rcvd.code == 4401
        here = {"host": "127.0.0.1", "port": http.base_url.port}
        for address, headers in ((url, {"Origin": "https://evil.example"}), (url, {"Origin": "null"}),
                                 ("ws://evil.example/ws", {})):  # fmt: skip
            with pytest.raises(InvalidStatus) as refused:
                async with connect(address, additional_headers=headers | bearer(signed()), **here):
                    pass
            assert refused.value.response.status_code == 403
            assert json.loads(refused.value.response.body)["code"] == "forbidden"


async def test_a_socket_ends_with_its_token(tmp_path):
    async with served(tmp_path, require_token=True, jwt_key=KEY) as (runtime, http):
        url = f"ws://127.0.0.1:{http.base_url.port}/ws"
        own = bearer(own_secret(runtime.home))
        async with (
            connect(url, subprotocols=["kingtui.v1", f"bearer.{signed(jti='one')}"]) as revoked,
            connect(url, subprotocols=["kingtui.v1", f"bearer.{signed(jti='other')}"]) as other,
        ):
            assert revoked.subprotocol == "kingtui.v1"
            for socket in (revoked, other):
                assert json.loads(await socket.recv())["type"] == "hello"
                assert json.loads(await socket.recv())["type"] == "snapshot"
            assert (await http.delete("/tokens/one", headers=own)).status_code == 200
            await http.post("/pause", headers=own)
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await asyncio.wait_for(revoked.recv(), 10)
            assert closed.value.rcvd.code == 4401
            while json.loads(await asyncio.wait_for(other.recv(), 10))["type"] != "pause_changed":
                pass
            await http.post("/resume", headers=own)
            while json.loads(await asyncio.wait_for(other.recv(), 10))["type"] != "pause_changed":
                pass
