"""The whole way, from the wire to a stored picture: Telethon, our source, step 1 and a real MTProto server.

The server is our own small one on loopback. ``KINGTUI_TEST_MTPROTO`` names another, which the first test is then run
against as well; its value has these fields with commas between:

    host:port , public key file , api_id , api_hash , phone , code , chat [ , password [ , dc id ] ]

such as ``127.0.0.1:8443,/tmp/key.pem,12345,0123abcd,+99966..,22222,@charts``. The chat must hold at least one picture
of the last 30 days; nothing is written there.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from telethon.crypto import rsa

from kingtui.models import KingError, Link, SignInStage, Stage, WrongUse
from kingtui.runtime import Runtime
from kingtui.services.telegram.client import TelethonEdge
from kingtui.services.telegram.edge import LoginNeeded, Unreachable, WronglySetUp
from kingtui.services.telegram.session import Account, Server, SessionFile, account_of
from tests.services.telegram.mtproto import Fault
from tests.services.telegram.server import CHANNEL, USER, Telegram
from tests.world import ratio_picture, running, until

PICTURES = [ratio_picture(number) for number in range(1, 7)]


@dataclass(frozen=True)
class Place:
    """A server and an account on it."""

    host: str
    port: int
    key: Path
    api: tuple[int, str]
    phone: str
    code: str
    chat: str
    password: str | None = None
    dc: int = 2

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "telegram_api_id": self.api[0], "telegram_api_hash": self.api[1], "telegram_chats": self.chat,
            "telegram_dc_id": self.dc, "telegram_dc_host": self.host, "telegram_dc_port": self.port,
            "telegram_dc_public_key_file": self.key, "telegram_first_hours": 24 * 30,
        }  # fmt: skip

    def account(self, home: Path) -> Account:
        server = Server(self.dc, self.host, self.port, self.key)
        return Account(home / "telegram" / "a.session", *self.api, (self.chat,), server=server)


def _elsewhere() -> Place | None:
    fields = [field.strip() for field in os.environ.get("KINGTUI_TEST_MTPROTO", "").split(",")]
    if len(fields) < 7:
        return None
    host, _, port = fields[0].rpartition(":")
    key, api_id, api_hash, phone, code, chat = fields[1:7]
    password = fields[7] if len(fields) > 7 and fields[7] else None
    dc = int(fields[8]) if len(fields) > 8 else 2
    return Place(host, int(port), Path(key), (int(api_id), api_hash), phone, code, chat, password, dc)


@pytest.fixture
async def server() -> AsyncIterator[Telegram]:
    async with Telegram() as made:
        yield made
        assert not made.wire.broken


@pytest.fixture
def place(server: Telegram, tmp_path: Path) -> Place:
    key = server.wire.write_key(tmp_path / "key.pem")
    return Place("127.0.0.1", server.wire.port, key, server.api, f"+{server.phone}", server.code, "@charts")


async def sign_in(runtime: Runtime, place: Place) -> None:
    """As a person does in the dashboard or with ``kingtui login``."""
    assert (await runtime.control.login()).stage is SignInStage.SIGNED_OUT
    assert (await runtime.control.login_start(place.phone)).stage is SignInStage.CODE
    view = await runtime.control.login_code(place.code)
    if place.password is not None:
        assert view.stage is SignInStage.PASSWORD
        view = await runtime.control.login_password(place.password)
    assert (view.stage, view.problem) == (SignInStage.SIGNED_IN, "")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def state(runtime: Runtime) -> Any:
    return next(source.state for source in runtime.sources if source.name == "telegram")


@contextlib.asynccontextmanager
async def signed_in(place: Place, home: Path, **settings: Any) -> AsyncIterator[Runtime]:
    async with running(home, **place.settings | settings) as runtime:
        await until(lambda: state(runtime).link is not Link.CONNECTING, "the first try")
        if state(runtime).link is Link.LOGIN:
            await sign_in(runtime, place)
        yield runtime


async def pictures(runtime: Runtime, count: int) -> list[Any]:
    async def there() -> list[Any]:
        found = await runtime.control.images()
        return found if len(found) >= count else []

    found = await until(there, f"{count} pictures", 40)
    assert len(found) == count
    return found


@pytest.mark.skipif(_elsewhere() is None, reason="KINGTUI_TEST_MTPROTO names no server")
async def test_against_another_server(tmp_path):
    place = _elsewhere()
    assert place is not None
    async with signed_in(place, tmp_path / "home") as runtime:
        await until(lambda: state(runtime).last_sweep is not None, "a sweep", 60)
        await until(lambda: at_rest(runtime), "rest", 120)
        first = {image.sha256 for image in await runtime.control.images(limit=1000)}
        count = len(await runtime.control.images(limit=1000))
        assert count, "the chat holds no picture of the last 30 days"
    async with running(tmp_path / "home", **place.settings) as runtime:
        await until(lambda: state(runtime).last_sweep is not None, "a sweep without a new sign-in", 60)
        await until(lambda: at_rest(runtime), "rest", 120)
        again = await runtime.control.images(limit=1000)
        assert first <= {image.sha256 for image in again}
        keys = [key async for key in receipts(runtime)]
        assert len(keys) == len(set(keys)), "nothing is doubled"


async def at_rest(runtime: Runtime) -> bool:
    step = (await runtime.control.status()).steps[0]
    return step.current_run is None and not step.backlog.due and step.last_run is not None


async def receipts(runtime: Runtime) -> AsyncIterator[str]:
    import sqlalchemy as sa

    from kingtui.store.schema import receipts as table

    async with runtime._database.read() as connection:
        for row in await connection.execute(sa.select(table.c.key).where(table.c.source == "telegram")):
            yield row.key


@pytest.mark.slow
async def test_sign_in_sweep_download_live_and_restart(server, place, tmp_path):
    home = tmp_path / "home"
    server.post(PICTURES[0], at=datetime.now(UTC) - timedelta(days=40))  # before the first sweep's days
    album = [server.post(PICTURES[number], group=77, text="album") for number in (1, 2)]
    server.post(None, text="only words")
    server.post(PICTURES[3], document=True)
    async with signed_in(place, home) as runtime:
        found = await pictures(runtime, 3)
        assert {image.sha256 for image in found} == {digest(PICTURES[number]) for number in (1, 2, 3)}
        view = await runtime.control.picture(min(image.id for image in found))
        assert view.receipts[0].caption == "album"
        assert view.receipts[0].message_at == album[0].date
        server.post(PICTURES[4])
        await pictures(runtime, 4)
        assert state(runtime).last_event is not None
        session = home / "telegram" / f"127.0.0.1_{place.port}.session"
        assert stat.S_IMODE(session.stat().st_mode) == 0o600
        assert stat.S_IMODE(session.parent.stat().st_mode) == 0o700
    server.post(PICTURES[5])
    asked = server.asked.count("SendCode")
    async with signed_in(place, home) as runtime:
        found = await pictures(runtime, 5)
        assert server.asked.count("SendCode") == asked, "no new sign-in"
        await until(lambda: all_extracted(runtime), "the whole way", 60)


async def all_extracted(runtime: Runtime) -> bool:
    return {image.stage for image in await runtime.control.images()} == {Stage.EXTRACTED}


@pytest.mark.slow
async def test_an_outage_its_posts_edits_and_deletions(server, place, tmp_path):
    kept, edited, deleted = (server.post(PICTURES[number]) for number in (0, 1, 2))
    async with signed_in(place, tmp_path / "home") as runtime:
        await pictures(runtime, 3)
        server.silent = True
        server.wire.hang_up()
        server.edit(edited, PICTURES[3])
        server.delete(deleted)
        server.post(PICTURES[4])
        found = await pictures(runtime, 5)
        assert state(runtime).link is Link.CONNECTED
        views = [await runtime.control.picture(image.id) for image in found]
        assert sum(view.receipts[0].withdrawn_at is not None for view in views) == 1
        server.silent = False
        server.delete(kept)

        async def told() -> bool:
            views = [await runtime.control.picture(image.id) for image in found]
            return sum(view.receipts[0].withdrawn_at is not None for view in views) == 2

        await until(told, "the deletion that was told of")


@pytest.mark.slow
async def test_a_broken_download_goes_on_and_an_expired_one_is_had_anew(server, place, tmp_path):
    large = PICTURES[0] + bytes(300_000)
    file, photo = server.post(large, document=True), server.post(PICTURES[1])
    server.breaks_after[file.media.document.id] = 131_072
    server.expired.add(photo.media.photo.id)
    async with signed_in(place, tmp_path / "home") as runtime:
        found = await pictures(runtime, 2)
        assert {image.sha256 for image in found} == {digest(large), digest(PICTURES[1])}
    assert server.offsets.count(0) <= 2, "once of each: what was had is not fetched again"


@pytest.mark.slow
async def test_a_flood_wait_is_shown_and_obeyed(server, place, tmp_path):
    server.post(PICTURES[0])
    async with signed_in(place, tmp_path / "home") as runtime:
        await pictures(runtime, 1)
        server.faults["GetHistory"] = [Fault(420, "FLOOD_WAIT_6")]
        server.post(PICTURES[1])
        await until(lambda: state(runtime).link is Link.FLOOD, "the wait")
        asked = server.asked.count("GetHistory")

        async def shown() -> bool:
            return "asked to wait" in (await runtime.control.status()).steps[0].waits

        await until(shown, "why step 1 waits")
        await pictures(runtime, 2)
        assert server.asked.count("GetHistory") > asked
        assert state(runtime).link is Link.CONNECTED


@pytest.mark.slow
async def test_a_revoked_session_goes_on_without_telegram_and_comes_back(server, place, tmp_path):
    async with signed_in(place, tmp_path / "home") as runtime:
        server.revoke()
        server.wire.hang_up()
        await until(lambda: state(runtime).link is Link.LOGIN, "the question for a sign-in")
        await runtime._health.look()
        reasons = (await runtime.control.status()).health.reasons
        assert any("kingtui login" in reason for reason in reasons)
        (runtime.home.downloads / "dropped.jpg").write_bytes(PICTURES[0])
        await pictures(runtime, 1)
        await sign_in(runtime, place)
        server.post(PICTURES[1])
        await pictures(runtime, 2)
        assert (await runtime.control.logout()).stage is SignInStage.SIGNED_OUT
        assert not server.signed_in
        await until(lambda: state(runtime).link is Link.LOGIN, "signed out")


async def test_a_password_and_a_qr_code(server, place, tmp_path):
    server.password = "geheim"
    async with running(tmp_path / "home", **place.settings) as runtime:
        await until(lambda: state(runtime).link is Link.LOGIN)
        shown = await runtime.control.login_qr()
        assert shown.qr.startswith("tg://login?token=")
        server.scan()

        async def wanted() -> bool:
            return (await runtime.control.login()).stage is SignInStage.PASSWORD

        await until(wanted, "the password")
        assert "not the password" in (await runtime.control.login_password("falsch")).problem
        assert (await runtime.control.login_password("geheim")).stage is SignInStage.SIGNED_IN
        assert state(runtime).link is Link.CONNECTED


@pytest.mark.slow
async def test_a_wrong_pair_a_wrong_key_and_no_server(server, place, tmp_path):
    async with running(tmp_path / "phone", **place.settings) as runtime:
        with pytest.raises(WrongUse, match="no phone number Telegram knows"):
            await runtime.control.login_start("+4915100000000")
    wrong_pair = dict(place.settings, telegram_api_hash="f" * 32)
    async with running(tmp_path / "pair", **wrong_pair) as runtime:
        with pytest.raises(KingError, match="does not know this pair of TELEGRAM_API_ID and TELEGRAM_API_HASH"):
            await runtime.control.login_start(place.phone)
    async with Telegram() as other:
        key = other.wire.write_key(tmp_path / "other.pem")
    rsa._server_keys.pop(server.wire.fingerprint)  # this process has learned the right one
    wrong_key = dict(place.settings, telegram_dc_public_key_file=key)
    async with running(tmp_path / "key", **wrong_key) as runtime:
        with pytest.raises(KingError, match="TELEGRAM_DC_PUBLIC_KEY_FILE"):
            await runtime.control.login_start(place.phone)
    (tmp_path / "none.pem").write_text("no key")
    no_key = dict(place.settings, telegram_dc_public_key_file=tmp_path / "none.pem")
    async with running(tmp_path / "none", **no_key) as runtime:
        with pytest.raises(KingError, match="BEGIN RSA PUBLIC KEY"):
            await runtime.control.login_start(place.phone)
    nobody = dict(place.settings, telegram_dc_port=1)
    async with running(tmp_path / "nobody", **nobody) as runtime:
        with pytest.raises(KingError, match="cannot be reached: no connection could be made"):
            await runtime.control.login_start(place.phone)


async def test_a_connection_that_is_closed_at_once_is_told_in_words_and_leaves_nothing_behind(server, place, tmp_path):
    async with signed_in(place, tmp_path / "home") as runtime:
        account = account_of(runtime.settings, runtime.home)
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context["message"]))
    server.wire.slams_the_door = True
    edge = TelethonEdge(account)
    with pytest.raises(Unreachable, match="^Telegram cannot be reached: the connection was closed$") as caught:
        await edge.connect()
    assert "firewall" in caught.value.todo
    del caught
    await edge.disconnect()
    del edge
    gc.collect()
    assert complaints == [], "no error of Telethon's is left for the loop to complain of"


async def test_a_session_of_another_server_is_refused(server, place, tmp_path):
    async with signed_in(place, tmp_path / "home") as runtime:
        session = runtime.home.telegram / f"127.0.0.1_{place.port}.session"
    session.rename(session.with_name("telegram.session"))
    plain = {name: value for name, value in place.settings.items() if "_dc_" not in name}
    async with running(tmp_path / "home", **plain) as runtime:
        await until(lambda: state(runtime).link is Link.WRONG)
        assert f"is of the server 127.0.0.1:{place.port}, not of Telegram" in state(runtime).detail


@pytest.mark.slow
async def test_where_connections_are_slammed_shut_few_are_made(server, place, tmp_path):
    async with signed_in(place, tmp_path / "home") as runtime:
        server.wire.slams_the_door = True
        server.wire.hang_up()
        before = server.wire.accepted
        await asyncio.sleep(6)
        assert 1 <= server.wire.accepted - before <= 5
        server.wire.slams_the_door = False
        await until(lambda: state(runtime).link is Link.CONNECTED, "the connection", 30)


async def test_a_silent_server_is_given_up_in_time(place, server, tmp_path, monkeypatch):
    monkeypatch.setattr("kingtui.services.telegram.client.ANSWER_SECONDS", 0.5)
    edge = await _edge(place, tmp_path)

    async def never(connected: Any, asked: Any) -> Any:
        await asyncio.sleep(60)

    server.wire.answer = never
    with pytest.raises(Unreachable, match="did not answer within"):
        await edge._ask(edge._telethon.get_me(), 0.5)
    await edge.disconnect()


async def test_what_waits_when_a_connection_breaks_is_told(place, server, tmp_path):
    edge = await _edge(place, tmp_path)
    hangs = asyncio.Event()

    async def hang(connected: Any, asked: Any) -> Any:
        hangs.set()
        await asyncio.sleep(60)

    server.wire.answer = hang
    asked = asyncio.create_task(edge.me())
    await hangs.wait()
    server.wire.hang_up()
    with pytest.raises(Unreachable):
        await asked
    await edge.disconnect()


async def test_a_key_that_the_server_has_forgotten(place, server, tmp_path):
    edge = await _edge(place, tmp_path)
    await edge.disconnect()
    server.wire.keys.clear()
    again = TelethonEdge(place.account(tmp_path))
    with pytest.raises(LoginNeeded, match="not known to the server"):
        await again.connect()
        await again.closed()
    await again.disconnect()


async def test_eager_tasks_are_not_used_where_telethon_lives(place, tmp_path):
    """On Python 3.12 Textual installs a factory whose tasks run at once; under it Telethon's loops end at once."""
    loop = asyncio.get_running_loop()

    def eager(loop: asyncio.AbstractEventLoop, work: Any, **how: Any) -> asyncio.Task[Any]:
        return asyncio.Task(work, loop=loop, **how)  # any factory stands for it: none may be left

    loop.set_task_factory(eager)
    try:
        edge = await _edge(place, tmp_path)
        assert loop.get_task_factory() is None
        assert await edge.me() is None
        await edge.disconnect()
    finally:
        loop.set_task_factory(None)


async def _edge(place: Place, home: Path) -> TelethonEdge:
    session = SessionFile(place.account(home))
    session.acquire()
    session.release()
    edge = TelethonEdge(place.account(home))
    await edge.connect()
    return edge


async def test_chats_by_name_link_and_id_in_a_fresh_session(place, server, tmp_path):
    edge = await _edge(place, tmp_path)
    await edge.send_code(place.phone)
    await edge.give_code(place.phone, place.code)
    marked = -1_000_000_000_000 - CHANNEL
    assert (await edge.chat(marked)).id == marked, "an id alone, found among the chats"
    assert (await edge.chat("@charts")).id == marked
    assert (await edge.chat(USER)).id == USER
    with pytest.raises(KingError, match="does not exist"):
        await edge.chat("@nobody_here")
    await edge.disconnect()


def test_wrongly_set_up_says_the_remedy() -> None:
    assert str(WronglySetUp("This is wrong", "Do that")) == "This is wrong. Do that"
