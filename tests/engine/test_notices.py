"""Notices: what is told, how often, and that an outage loses none; at the wire, through apprise."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import timedelta
from typing import Any

import pytest

from kingtui.events import EventBus, Notice
from kingtui.home import Home
from kingtui.models import Connection, Health, HealthWord
from kingtui.notices import notices_of
from kingtui.notices.told import WELL, Teller, Told, key_of
from kingtui.settings import Settings
from kingtui.steps.base import Toolbox
from kingtui.store.database import Database
from tests.engine.mirrored import START, QuickClock
from tests.servers.notices import Notices
from tests.world import until

REASON = "step 4 failed: a.jpg: took longer than 60 s"
QUARANTINE = "1 picture is in Quarantine: look at the reason, then retry or take it away"


@pytest.fixture
def server():
    with Notices() as server:
        yield server


class World:
    """Notices on a store of their own, in a time that passes when somebody sleeps."""

    def __init__(self, home: Home, database: Database, urls: str) -> None:
        self.clock = QuickClock()
        self.bus = EventBus()
        self.health = Health()
        self._home, self._database, self._urls = home, database, urls
        self.restart()

    def restart(self) -> None:
        nothing: Any = None
        settings = Settings(home=self._home.root, notify_urls=self._urls)
        tools = Toolbox(settings, self._home, self._database, nothing, self.bus, self.clock, random.Random(1))
        found = notices_of(tools, lambda: self.health)
        assert found is not None
        self.notices = found

    def reasons(self, *reasons: str) -> None:
        self.health = Health(HealthWord.ATTENTION if reasons else HealthWord.WELL, reasons)

    async def pass_time(self, seconds: float, step: float = 5.0) -> None:
        until = self.clock.elapsed + seconds
        while self.clock.elapsed < until:
            await self.notices.tell()
            await self.clock.sleep(step)


@contextlib.asynccontextmanager
async def world(root, urls):
    home = Home(root)
    home.create()
    database = Database(home.database)
    await database.open(START)
    try:
        yield World(home, database, urls)
    finally:
        await database.close()


async def test_an_address_that_is_none_is_told_before_anything_is_to_be_sent(tmp_path, server):
    async with world(tmp_path, f"nonsense://x,{server.url}") as here:
        loop = asyncio.create_task(here.notices.run())
        await until(lambda: here.notices.reasons())
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        (reason,) = here.notices.reasons()
        wrong = "address 1 (nonsense) of KINGTUI_NOTIFY_URLS is none that apprise knows, or lacks a part"
        assert reason == f"{wrong}. Look at KINGTUI_NOTIFY_URLS; kingtui notify test tries every address"
        assert (server.asked, here.notices.service().state) == (0, Connection.PROBLEM)


async def test_attention_is_told_once_and_well_again(tmp_path, server):
    async with world(tmp_path, server.url) as here:
        here.reasons(REASON)
        await here.pass_time(10)
        here.reasons(REASON, QUARANTINE)
        await here.pass_time(3600, step=60)
        (notice,) = server.taken
        assert notice["title"].endswith(": attention")
        assert notice["type"] == "warning"
        assert [line.split("UTC  ")[1] for line in notice["message"].splitlines()] == [REASON, QUARANTINE]
        here.reasons()
        await here.pass_time(120)
        assert server.taken[-1]["title"].endswith(": well again")
        assert WELL in server.taken[-1]["message"]
        await here.pass_time(600, step=60)
        assert len(server.taken) == 2


async def test_each_reason_at_most_once_an_hour_whatever_its_numbers(tmp_path, server):
    async with world(tmp_path, server.url) as here:
        for minute in range(180):
            here.reasons(*([f"{minute} pictures are in Quarantine: look"] if minute % 10 < 5 else []))
            await here.pass_time(60, step=20)
        told = "\n".join(notice["message"] for notice in server.taken)
        assert 3 <= told.count("in Quarantine") <= 4
        assert told.count(WELL) <= told.count("in Quarantine")


async def test_an_outage_loses_nothing_and_a_restart_neither(tmp_path, server):
    async with world(tmp_path, server.url) as here:
        server.status = 503
        here.reasons(REASON)
        await here.pass_time(7200, step=60)
        assert 3 < server.asked < 12, "with growing waits"
        assert here.notices.service().state is Connection.PROBLEM
        (problem,) = here.notices.reasons()
        assert problem.startswith("address 1 (json) did not take a notice")
        assert "correct-horse" not in problem
        assert "batterystaple" not in problem
        here.restart()
        here.reasons()
        await here.pass_time(300, step=30)
        server.status = 200
        await here.pass_time(7200, step=60)
        (notice,) = server.taken
        assert REASON in notice["message"]
        assert WELL in notice["message"]
        assert here.notices.reasons() == []
        await here.pass_time(7200, step=600)
        assert len(server.taken) == 1


async def test_one_address_that_fails_does_not_hold_up_or_repeat_another(tmp_path, server):
    with Notices() as broken:
        broken.status = 500
        async with world(tmp_path, f"{broken.url}, {server.url},foo://nonsense") as here:
            here.reasons(REASON)
            await here.pass_time(600, step=30)
            assert len(server.taken) == 1
            assert [reason.split(")")[0] for reason in here.notices.reasons()] == ["address 1 (json", "address 3 (foo"]
            broken.status = 200
            await here.pass_time(3600, step=60)
            assert (len(broken.taken), len(server.taken)) == (1, 1)


async def test_warnings_that_are_posted_are_told_and_words_are_not(tmp_path, server):
    async with world(tmp_path, server.url) as here:
        listening = asyncio.create_task(here.notices.listen())
        await asyncio.sleep(0)
        here.bus.post(Notice("the API is served at http://localhost:5555"))
        for _ in range(3):
            here.bus.post(Notice("OpenAI's quota is used up: no more today", "warning"))
        await asyncio.sleep(0)
        await here.pass_time(60)
        (notice,) = server.taken
        assert notice["message"].count("quota") == 1
        assert "served" not in notice["message"]
        listening.cancel()


async def test_text_from_outside_is_text(tmp_path, server):
    async with world(tmp_path, server.url) as here:
        here.reasons("step 2 failed: <b>&amp;\\n[x](y).jpg: no")
        await here.pass_time(60)
        assert "<b>&amp;\\n[x](y).jpg" in server.taken[0]["message"]


def test_it_is_well_only_after_a_minute_without_reasons():
    teller = Teller(Told(alarmed=True))
    assert teller.look([], START) == []
    assert teller.look([], START + timedelta(seconds=59)) == []
    assert teller.look([], START + timedelta(seconds=60)) == [WELL]
    assert teller.look([], START + timedelta(seconds=120)) == []


def test_what_a_reason_is_about_does_not_change_with_its_numbers():
    for one, other in (
        ("1 picture is in Quarantine: look", "12 pictures are in Quarantine: look"),
        ("the mirror in Airtable is behind: 1 symbol waits", "the mirror in Airtable is behind: 7 symbols wait: 502"),
        ("nothing came from inbox for 6 hours", "nothing came from inbox for 23 hours"),
    ):
        assert key_of(one) == key_of(other)
    for one, other in (
        ("step failed", "disk full"),
        ("step 2 failed: no", "step 5 failed: no"),
        ("address 1 (json) did not take a notice", "address 2 (json) did not take a notice"),
        ("@charts1 cannot be looked at: no", "@charts2 cannot be looked at: no"),
    ):
        assert key_of(one) != key_of(other)


async def test_a_second_step_that_fails_is_told_of_too(tmp_path, server):
    async with world(tmp_path, server.url) as here:
        here.reasons("step 2 failed: no")
        await here.pass_time(60)
        here.reasons("step 2 failed: no", "step 5 failed: neither", "step 6 timed out: late")
        await here.pass_time(60)
        assert [notice["message"].count("step") for notice in server.taken] == [1, 2]


async def test_a_clock_that_was_set_back_holds_no_notice_up(tmp_path, server):
    async with world(tmp_path, server.url) as here:
        here.clock.elapsed = 86_400.0
        server.status = 503
        here.reasons(REASON)
        await here.pass_time(60)
        here.reasons(REASON, QUARANTINE)
        await here.pass_time(5)
        server.status = 200
        here.clock.elapsed = 3_600.0
        await here.pass_time(60)
        assert "\n".join(notice["message"] for notice in server.taken).count("UTC") == 2
