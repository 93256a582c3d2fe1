"""The source: nothing lost, nothing doubled, whatever the server does."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from kingtui.models import KingError, Link
from kingtui.services import Offer, ServiceUnavailable
from kingtui.services.telegram.edge import FloodWait, Unreachable
from kingtui.services.telegram.source import Telegram
from kingtui.steps import download
from kingtui.store import cursors, images
from tests.services.telegram.fake import CHAT, KEYLESS, PRIVATE, FakeServer, Told, account, chance
from tests.world import FakeClock, ratio_picture, running, until

PICTURE = ratio_picture(1)


class Step1:
    """What step 1 does with a source, in memory: what is stored, and the cursor that is stored with it."""

    def __init__(self, source: Telegram) -> None:
        self.source = source
        self.cursor: object = None
        self.stored: dict[str, bytes] = {}
        self.withdrawn: set[str] = set()
        self.times: dict[str, object] = {}

    async def run(self) -> list[Offer]:
        offers = await self.source.offers(self.cursor)
        known = [offer.key for offer in offers if offer.key in self.stored]
        self.cursor = self.source.remember(known)
        self.withdrawn.update(self.source.withdrawn())
        self.source.marked(self.source.withdrawn())
        new = [offer for offer in offers if offer.key not in self.stored]
        for offer in new:
            with contextlib.suppress(KingError):
                data = await self.source.fetch(offer)
                assert offer.key not in self.stored
                self.stored[offer.key], self.times[offer.key] = data, offer.message_at
                self.cursor = self.source.remember([offer.key])
        return new


@contextlib.asynccontextmanager
async def at_work(server: FakeServer, home: Path, *chats: str | int, **how: object) -> AsyncIterator[Step1]:
    told = Told()
    senders = how.pop("senders", ())
    source = Telegram(
        account(home, *chats, senders=senders), server.make, server.clock, told, chance=chance(), **how  # type: ignore[arg-type]
    )  # fmt: skip
    session = source.connection._session.path
    session.parent.mkdir(parents=True, exist_ok=True)
    session.write_bytes(KEYLESS)
    server.session = session
    task = asyncio.create_task(source.run())
    step = Step1(source)
    step.told = told  # type: ignore[attr-defined]
    try:
        await until(lambda: source.state.link is not Link.CONNECTING, "the connection")
        yield step
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer(FakeClock())


async def test_every_picture_once_and_words_pass(server, tmp_path):
    old = server.post(PICTURE, at=server.clock.now() - timedelta(hours=25))
    album = [server.post(PICTURE), server.post(PICTURE)]
    server.post(None, text="only words")
    file = server.post(PICTURE, document=True, text="a caption")
    async with at_work(server, tmp_path) as step:
        offers = await step.run()
        assert [offer.name.split("_")[2] for offer in offers] == [str(post.id) for post in (*album, file)]
        assert offers[-1].caption == "a caption"
        assert old.media.id not in {int(key.split(":")[2]) for key in step.stored}
        assert await step.run() == []
        server.post(PICTURE)
        assert len(await step.run()) == 1


async def test_the_cursor_never_passes_what_failed(server, tmp_path):
    first, second = server.post(PICTURE), server.post(PICTURE)
    server.cut[first.media.id] = 0  # nothing at all comes
    async with at_work(server, tmp_path) as step:
        await step.run()
        assert len(step.stored) == 1
        assert step.cursor[str(CHAT)]["after"] == second.id
        assert step.cursor[str(CHAT)]["open"] == [first.id]
        assert await step.run() == [], "not again at once"
        await server.clock.advance(31)
        await step.run()
        assert len(step.stored) == 2
        assert step.cursor[str(CHAT)]["open"] == []


async def test_a_kill_between_offer_and_store_loses_nothing(server, tmp_path):
    for _ in range(3):
        server.post(PICTURE)
    async with at_work(server, tmp_path) as step:
        offers = await step.source.offers(step.cursor)
        step.cursor = step.source.remember([])  # kept, then killed before the first picture was
        assert len(offers) == 3
    async with at_work(server, tmp_path) as again:
        again.cursor = step.cursor
        assert len(await again.run()) == 3


async def test_an_edit_that_brings_another_picture_is_a_new_one(server, tmp_path):
    async with at_work(server, tmp_path) as step:
        post = server.post(PICTURE)
        await step.run()
        await server.clock.advance(600, step=60)
        edited = server.edit(post, ratio_picture(2))
        offers = await step.run()
        assert [offer.key for offer in offers] == [f"{CHAT}:{post.id}:{edited.media.id}"]
        assert step.times[offers[0].key] == edited.edited_at
        assert sorted(step.stored.values()) == sorted([PICTURE, ratio_picture(2)])


async def test_edits_and_deletions_of_an_outage_are_found_after_it(server, tmp_path):
    async with at_work(server, tmp_path, "@charts", "@bot") as step:
        edited, deleted, kept = (server.post(PICTURE, chat=PRIVATE) for _ in range(3))
        await step.run()
        server.silent = True
        other = server.edit(edited, ratio_picture(2))
        server.delete(deleted)
        assert await step.run() == [], "nobody told"
        server.hang_up()
        await until(lambda: step.source.state.link is Link.WAITING)
        await server.clock.advance(5)
        await until(lambda: step.source.state.link is Link.CONNECTED)
        offers = await step.run()
        assert [offer.key for offer in offers] == [f"{PRIVATE}:{edited.id}:{other.media.id}"]
        assert step.withdrawn == {f"{PRIVATE}:{deleted.id}:"}
        assert f"{PRIVATE}:{kept.id}:{kept.media.id}" in step.stored


async def test_a_deletion_is_told_of_and_the_picture_kept(server, tmp_path):
    async with at_work(server, tmp_path, "@charts", "@bot") as step:
        channel, private = server.post(PICTURE), server.post(PICTURE, chat=PRIVATE)
        await step.run()
        server.delete(channel)
        server.delete(private)
        await step.run()
        assert step.withdrawn == {f"{CHAT}:{channel.id}:", f"{PRIVATE}:{private.id}:"}
        assert len(step.stored) == 2


async def test_deleted_before_it_was_fetched(server, tmp_path):
    async with at_work(server, tmp_path) as step:
        post = server.post(PICTURE)
        server.cut[post.media.id] = 7
        await step.run()
        server.delete(post)
        await server.clock.advance(31)
        await step.run()
        assert not step.stored
        assert step.cursor[str(CHAT)]["open"] == []


async def test_an_expired_permission_is_had_anew_for_photos_and_files(server, tmp_path):
    async with at_work(server, tmp_path) as step:
        for document in (False, True):
            server.expired.add(server.post(PICTURE, document=document).media.id)
        await step.run()
        assert len(step.stored) == 2


async def test_a_file_goes_on_where_it_broke_even_after_a_restart(server, tmp_path):
    large = PICTURE + bytes(200_000)  # decodes, with something behind it
    async with at_work(server, tmp_path) as step:
        post = server.post(large, document=True)
        server.cut[post.media.id] = 150_000
        with pytest.raises(ServiceUnavailable):
            offers = await step.source.offers(None)
            await step.source.fetch(offers[0])
    async with at_work(server, tmp_path) as again:
        await again.run()
        assert list(again.stored.values()) == [large]
    assert server.offsets == [0, 131_072]
    assert list((tmp_path / "telegram" / "parts").iterdir()) == []


async def test_what_never_decodes_is_handed_on_as_it_is(server, tmp_path):
    async with at_work(server, tmp_path) as step:
        server.post(b"no picture at all")
        await step.run()
        assert list(step.stored.values()) == [b"no picture at all"]
        assert server.asked.count("download") == 2, "it was fetched a second time to be sure"


async def test_only_the_configured_chats_and_senders(server, tmp_path):
    server.names["@kingfisher"] = server.names[42] = type(server.names["@bot"])(42)
    async with at_work(server, tmp_path, "@charts", senders=("@kingfisher",)) as step:
        server.post(PICTURE, chat=PRIVATE)
        server.post(PICTURE, sender=5)
        mine = server.post(PICTURE, sender=42)
        await step.run()
        assert list(step.stored) == [f"{CHAT}:{mine.id}:{mine.media.id}"]
        before = step.source.state.last_event
        await server.clock.advance(10)
        server.post(PICTURE, chat=PRIVATE)
        assert step.source.state.last_event == before, "news of other chats are none"


async def test_a_chat_that_cannot_be_found_holds_back_only_itself(server, tmp_path):
    async with at_work(server, tmp_path, "@charts", "@nowhere") as step:
        server.post(PICTURE)
        await step.run()
        assert len(step.stored) == 1
        assert "@nowhere cannot be looked at" in step.source.state.reason(server.clock.now())
        assert step.source.state.todo == "Correct TELEGRAM_CHATS, or join there in Telegram"
        assert step.source.state.reason(server.clock.now()).endswith(f". {step.source.state.todo}")
        await step.run()
        assert server.asked.count("chat @nowhere") == 1, "Telegram counts such questions"
        server.names["@nowhere"] = server.names["@bot"]
        await server.clock.advance(601, step=60)
        await step.run()
        assert step.source.state.reason(server.clock.now()) == ""


async def test_a_flood_wait_is_kept_over_a_restart(server, tmp_path):
    server.post(PICTURE)
    async with at_work(server, tmp_path) as step:
        server.faults = [None, None, FloodWait("Telegram asked to wait 100 s before the next request", 100)]
        with pytest.raises(FloodWait):
            await step.run()
        assert step.source.state.link is Link.FLOOD
        assert step.source.state.next_try == server.clock.now() + timedelta(seconds=100)
        asked = len(server.asked)
        with pytest.raises(FloodWait, match="until 05:07:47 UTC"):
            await step.run()
        assert len(server.asked) == asked, "no question meanwhile"
    await server.clock.advance(50)
    async with at_work(server, tmp_path) as again:
        assert again.source.state.link is Link.FLOOD
        assert len(server.asked) == asked, "not even a connection"
        await server.clock.advance(51)
        await until(lambda: again.source.state.link is Link.CONNECTED)
        assert len(await again.run()) == 1


async def test_a_flood_wait_that_is_over_is_a_hint(server, tmp_path):
    async with at_work(server, tmp_path) as step:
        hints = step.source.hints()
        await anext(hints)  # of the connection
        server.faults = [FloodWait("Telegram asked to wait 30 s before the next request", 30)]
        with pytest.raises(FloodWait):
            await step.run()
        hint = asyncio.create_task(anext(hints))
        await server.clock.advance(29)
        assert not hint.done()
        await server.clock.advance(7)
        await asyncio.wait_for(hint, 5)
        assert step.source.state.link is Link.CONNECTED


async def test_a_break_in_a_sweep_connects_anew(server, tmp_path):
    server.post(PICTURE)
    async with at_work(server, tmp_path) as step:
        server.faults = [None, Unreachable("Telegram did not answer within 30 s")]
        with pytest.raises(Unreachable):
            await step.run()
        await until(lambda: step.source.state.link is Link.WAITING)
        with pytest.raises(ServiceUnavailable, match="did not answer"):
            await step.run()
        await server.clock.advance(3)
        await until(lambda: step.source.state.link is Link.CONNECTED)
        assert len(await step.run()) == 1


async def test_very_many_come_in_several_sweeps(server, tmp_path):
    for _ in range(450):
        server.post(PICTURE)
    async with at_work(server, tmp_path) as step:
        step.source._hinted.clear()
        sizes = []
        while offers := await step.source.offers(step.cursor):
            sizes.append(len(offers))
            more = step.source._hinted.is_set()
            step.source._hinted.clear()
            step.cursor = step.source.remember([offer.key for offer in offers])
            assert more is (len(offers) == 200)
        assert sizes == [200, 200, 50]


async def test_an_edit_is_looked_at_again_after_a_sweep_that_broke(server, tmp_path):
    """The server tells of an edit once; the connection stays while it wants no requests."""
    async with at_work(server, tmp_path) as step:
        post = server.post(PICTURE)
        await step.run()
        edited = server.edit(post, ratio_picture(2))
        server.faults = [None, FloodWait("Telegram asked to wait 30 s before the next request", 30)]
        with pytest.raises(FloodWait):
            await step.run()
        assert server.asked[-2:] == ["by id", "posts"]
        await server.clock.advance(31)
        offers = await step.run()
        assert [offer.key for offer in offers] == [f"{CHAT}:{post.id}:{edited.media.id}"]


@pytest.mark.parametrize("after_an_outage", [False, True])
async def test_what_a_sweep_found_and_the_store_did_not_take_is_found_again(server, tmp_path, after_an_outage):
    async with at_work(server, tmp_path) as step:
        post = server.post(PICTURE)
        await step.run()
        server.silent = after_an_outage
        edited = server.edit(post, ratio_picture(2))
        if after_an_outage:
            server.hang_up()
            await until(lambda: step.source.state.link is Link.WAITING)
            await server.clock.advance(5)
            await until(lambda: step.source.state.link is Link.CONNECTED)
        assert len(await step.source.offers(step.cursor)) == 1  # and the disk is full
        offers = await step.run()
        assert [offer.key for offer in offers] == [f"{CHAT}:{post.id}:{edited.media.id}"]
        assert await step.run() == []


async def test_very_many_edits_are_all_looked_at(server, tmp_path):
    async with at_work(server, tmp_path) as step:
        posts = [server.post(PICTURE) for _ in range(250)]
        while len(step.stored) < 250:
            await step.run()
        for post in posts:
            server.edit(post, ratio_picture(2))
        while offers := await step.run():
            assert len(offers) <= 200
        assert len(step.stored) == 500


async def test_a_sender_that_cannot_be_found_loses_none_of_his_pictures(server, tmp_path):
    async with at_work(server, tmp_path, "@charts", senders=("@kingfisher", 43)) as step:
        his, known, other = (server.post(PICTURE, sender=number) for number in (42, 43, 5))
        await step.run()
        assert list(step.stored) == [f"{CHAT}:{known.id}:{known.media.id}"]
        assert "@kingfisher cannot be looked at" in step.source.state.reason(server.clock.now())
        assert step.source.state.todo == "Correct KINGTUI_TELEGRAM_SENDERS, or join there in Telegram"
        cursor = step.cursor
    server.names["@kingfisher"] = type(server.names["@bot"])(42)
    async with at_work(server, tmp_path, "@charts", senders=("@kingfisher", 43)) as step:
        step.cursor = cursor
        await step.run()
        assert list(step.stored) == [f"{CHAT}:{his.id}:{his.media.id}"]
        assert step.cursor[str(CHAT)]["open"] == [], "the other's need not be had"
        server.edit(other, ratio_picture(2))
        assert await step.run() == []


async def test_the_id_of_a_sender_needs_no_looking_for(server, tmp_path):
    """A fresh session cannot resolve a bare number, and who posts in a group is in no list of chats."""
    async with at_work(server, tmp_path, "@charts", senders=(42,)) as step:
        server.post(PICTURE, sender=42)
        server.post(PICTURE, sender=5)
        await step.run()
        assert len(step.stored) == 1
        assert step.source.state.reason(server.clock.now()) == ""
        assert "chat 42" not in server.asked


async def test_what_the_store_refused_stays_open_whatever_is_stored_after_it(server, tmp_path, monkeypatch):
    register, refused = images.register, []

    async def refuse_the_first(tx, arrival, now):
        found = await register(tx, arrival, now)
        if not refused:
            refused.append(arrival.key)
        return found

    async def advance(tx, source, value, now):
        if len(refused) == 1:
            refused.append("once")
            raise sa.exc.IntegrityError("INSERT", {}, sqlite3.IntegrityError("no"))
        await cursors.advance(tx, source, value, now)

    monkeypatch.setattr(download.images, "register", refuse_the_first)
    monkeypatch.setattr(download, "cursors", SimpleNamespace(cursor=cursors.cursor, advance=advance))
    posts = [server.post(PICTURE), server.post(ratio_picture(2)), server.post(ratio_picture(3))]
    async with at_work(server, tmp_path / "other") as step:
        source = step.source
        async with running(tmp_path / "home", sources=[source]) as runtime:
            await until(lambda: all_of(runtime, 2), "the other two")
            async with runtime._database.read() as connection:
                kept = await cursors.cursor(connection, "telegram")
            assert kept[str(CHAT)]["open"] == [posts[0].id]
            await server.clock.advance(60)
            await runtime.control.trigger(1)
            await until(lambda: all_of(runtime, 3), "the first, once more")


async def all_of(runtime, count):
    return len(await runtime.control.images()) == count
