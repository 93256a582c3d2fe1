"""How many requests are answered, and what is told of it."""

import asyncio
import re

import pytest
from limits.aio.storage import Storage

from kingtui.guard.clients import UNKNOWN, client, client_of
from kingtui.guard.counting import MOST, BoundedMemory
from kingtui.guard.rates import Rates, shared_storage
from kingtui.home import own_secret
from kingtui.models import HealthWord, WrongUse
from kingtui.settings import Settings
from tests.guard.redis_server import RedisServer
from tests.guard.served import KEY, bearer, is_error, served, signed
from tests.world import until


async def test_a_client_has_so_many_requests_a_token_its_own_and_health_is_free(tmp_path):
    async with served(tmp_path, rate_limit="5/minute", jwt_key=KEY) as (runtime, http):
        left = []
        for _ in range(5):
            answer = await http.get("/status")
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"default";q=5;w=60'
            found = re.fullmatch(r'"default";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
            left.append(int(found[1]))
            assert 1 <= int(found[2]) <= 60
        assert left == [4, 3, 2, 1, 0]
        for path in ("/status", "/nothing"):
            refused = await http.get(path, headers={"Origin": "http://localhost:3000"})
            assert is_error(refused, 429, "too_many_requests")
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert refused.headers["access-control-allow-origin"] == "http://localhost:3000"
        for path in ("/health", "/", "/web/app.js"):  # the browser dashboard is some 40 files, each as cheap
            for _ in range(10):
                assert (await http.get(path)).status_code == 200
        by_token = await http.get("/status", headers=bearer(signed(jti="bot")))
        assert (by_token.status_code, by_token.headers["ratelimit"][:13]) == (200, '"default";r=4')
        again = await http.get("/status", headers=bearer(signed(jti="bot", sub="another writing of it")))
        assert again.headers["ratelimit"][:13] == '"default";r=3'
        for _ in range(10):
            own = await http.get("/status", headers=bearer(own_secret(runtime.home)))
            assert own.status_code == 200
            assert "ratelimit" not in own.headers
        for _ in range(4):
            assert (await http.get("/status", headers=bearer(signed(jti="bot")))).status_code in (200, 429)
        assert is_error(await http.get("/status", headers=bearer(signed(jti="bot"))), 429, "too_many_requests")


async def test_tokens_that_do_not_count_are_counted(tmp_path):
    async with served(tmp_path, proxy_hops=1, jwt_key=KEY) as (runtime, http):
        here, there = {"X-Forwarded-For": "10.0.0.1"}, {"X-Forwarded-For": "10.0.0.2"}
        statuses = [(await http.get("/status", headers=here | bearer(f"wrong {n}"))).status_code for n in range(15)]
        assert statuses == [401] * 10 + [429] * 5
        assert (await http.get("/status", headers=there | bearer("wrong"))).status_code == 401
        assert (await http.get("/status", headers=here | bearer(signed()))).status_code == 200
        told = runtime.home.log_file.read_text()
        assert told.count("a request from 10.0.0.1 was refused: the token is not one of ours") == 10


async def test_only_what_the_proxies_wrote_counts(tmp_path):
    async with served(tmp_path, proxy_hops=1, rate_limit="3/minute", jwt_key=KEY) as (_, http):
        for number in range(3):
            headers = {"X-Forwarded-For": f"1.2.3.{number}, 10.0.0.1"}
            assert (await http.get("/status", headers=headers)).status_code == 401
        headers = {"X-Forwarded-For": "9.9.9.9, 10.0.0.1"}
        assert (await http.get("/status", headers=headers)).status_code == 429
        assert (await http.get("/status", headers={"X-Forwarded-For": "10.0.0.1, 10.0.0.2"})).status_code == 401


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.1.2.3", "10.1.2.3"), ("::ffff:10.1.2.3", "10.1.2.3"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"), ("fe80::1%eth0", "fe80::"), ("[::1]", "::"),
        ("x", UNKNOWN), ("", UNKNOWN),
    ],
)  # fmt: skip
def test_ipv6_is_counted_by_network(address, counted):
    assert client_of(address) == counted


@pytest.mark.parametrize(
    ("forwarded", "hops", "counted"),
    [
        (b"1.1.1.1", 0, "9.9.9.9"), (None, 1, "9.9.9.9"), (b"1.1.1.1", 1, "1.1.1.1"), (b"evil, 1.1.1.1", 1, "1.1.1.1"),
        (b"1.1.1.1, 2.2.2.2", 2, "1.1.1.1"), (b"evil,1.1.1.1,2.2.2.2", 2, "1.1.1.1"), (b"1.1.1.1", 3, "1.1.1.1"),
        (b"evil", 1, "9.9.9.9"), (b"1.1.1.1:4711", 1, "1.1.1.1"), (b"[2001:db8::1]:4711", 1, "2001:db8::"),
        (b"", 1, "9.9.9.9"), (b"\xff\xfe", 1, "9.9.9.9"),
    ],
)  # fmt: skip
def test_whose_request_it_is(forwarded, hops, counted):
    assert client({"client": ("9.9.9.9", 1)}, forwarded, hops) == counted


async def test_the_memory_of_clients_is_bounded():
    memory = BoundedMemory()
    for number in range(MOST + 500):
        assert await memory.incr(f"client {number}", 60) == 1
    assert len(memory._windows) == MOST
    assert await memory.get("client 0") == 0
    assert await memory.incr(f"client {MOST}", 60) == 2


async def test_a_window_ends():
    memory = BoundedMemory()
    assert [await memory.incr("a", 0.05), await memory.incr("a", 0.05)] == [1, 2]
    await asyncio.sleep(0.06)
    assert await memory.get("a") == 0
    assert await memory.incr("a", 60) == 1


class Unsteady(BoundedMemory):
    """A store that is down while it is told to be."""

    STORAGE_SCHEME = None
    down = False

    async def incr(self, key, expiry, amount=1):
        if self.down:
            raise ConnectionError("Connection refused")
        return await super().incr(key, expiry, amount)


async def test_a_store_that_is_down_lets_everything_through_and_is_told_of_once(tmp_path, caplog):
    store, changes = Unsteady(), []
    rates = Rates("2/minute", store, lambda: changes.append(rates.problem))
    assert [(await rates.request("a"))[0] for _ in range(3)] == [True, True, False]
    store.down = True
    assert [await rates.request("a") for _ in range(50)] == [(True, [])] * 50
    assert len([record for record in caplog.records if "not counted" in record.message]) == 1
    assert "KINGTUI_RATE_LIMIT_STORAGE: Connection refused" in rates.problem
    store.down, rates._down_until = False, 0.0
    assert not (await rates.request("a"))[0]
    assert rates.problem is None
    assert [change is None for change in changes] == [False, True]


async def test_health_says_that_requests_are_not_counted(tmp_path):
    async with served(tmp_path) as (runtime, http):
        store = Unsteady()
        store.down = True
        runtime.api.guard.rates = Rates("2/minute", store, runtime._health.nudge)
        assert (await http.get("/status")).status_code == 200

        async def told():
            health = (await runtime.control.status()).health
            return health.word is HealthWord.ATTENTION and any("not counted" in reason for reason in health.reasons)

        await until(told, "health")


def test_a_store_whose_client_is_missing_is_told_of(tmp_path):
    for address, package in (("redis://localhost:1", "redis"), ("valkey://localhost:1", "valkey")):
        try:
            __import__(package)
        except ImportError:
            with pytest.raises(WrongUse, match=f"needs the package {package}"):
                shared_storage(Settings(home=tmp_path, rate_limit_storage=address))
        else:
            assert isinstance(shared_storage(Settings(home=tmp_path, rate_limit_storage=address)), Storage)


async def test_several_count_together_in_redis_and_go_on_without_it(tmp_path):
    redis = RedisServer()
    async with redis.serving():
        port = int(redis.url.rpartition(":")[2].partition("/")[0])
        settings = {"rate_limit": "4/minute", "rate_limit_storage": redis.url}
        async with (
            served(tmp_path / "one", **settings) as (one, http_one),
            served(tmp_path / "two", **settings) as (_, http_two),
        ):
            statuses = []
            for http in (http_one, http_two) * 3:
                statuses.append((await http.get("/status")).status_code)
            assert statuses == [200] * 4 + [429] * 2
            assert list(redis.counts) == [key for key in redis.counts if "127.0.0.1" in key]
            redis.answers.clear()
            assert (await http_one.get("/status")).status_code == 200
            assert "does not answer" in one.api.guard.rates.problem
    assert (await _again(one.api.guard.rates, redis, port)) == [(None, True), (None, False)]


async def _again(rates, redis, port):
    """What is found where the store is there anew."""
    redis.answers.set()
    found = []
    async with redis.serving(port):
        for who in ("somebody", "127.0.0.1"):
            rates._down_until = 0.0
            allowed, _ = await rates.request(who)
            found.append((rates.problem, allowed))
    return found
