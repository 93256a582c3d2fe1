"""The conversation that signs in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kingtui.models import KingError, Link, SignInStage, WrongUse
from kingtui.services.telegram.edge import FloodWait, WronglySetUp
from kingtui.services.telegram.session import SessionBusy, SessionFile
from kingtui.services.telegram.sign_in import FORGOTTEN_SECONDS, SigningIn
from tests.services.telegram.fake import FakeServer, account
from tests.services.telegram.test_source import PICTURE, at_work
from tests.world import FakeClock, until


@pytest.fixture
def server() -> FakeServer:
    return FakeServer(FakeClock(), who=None)


@contextlib.asynccontextmanager
async def talk(server: FakeServer, home: Path) -> AsyncIterator[SigningIn]:
    conversation = SigningIn(account(home), server.make, server.clock)
    server.session = account(home).session
    yield conversation
    await conversation.cancel()


async def test_phone_code_done(server, tmp_path):
    async with talk(server, tmp_path) as conversation:
        assert (await conversation.state()).stage is SignInStage.SIGNED_OUT
        asked = await conversation.start("+49 (151) 123-45678")
        assert asked.stage is SignInStage.CODE
        assert "+4915112345678" in asked.told and "inside Telegram" in asked.told  # noqa: PT018
        wrong = await conversation.code("99999")
        assert (wrong.stage, "not the code" in wrong.problem) == (SignInStage.CODE, True)
        done = await conversation.code("1 23-45")
        assert (done.stage, done.told) == (SignInStage.SIGNED_IN, "Signed in as @somebody")
        SessionFile(account(tmp_path)).acquire()  # it is free again


async def test_a_password_too(server, tmp_path):
    server.secret = "geheim"
    async with talk(server, tmp_path) as conversation:
        await conversation.start("+4915112345678")
        assert (await conversation.code("12345")).stage is SignInStage.PASSWORD
        wrong = await conversation.password("falsch")
        assert (wrong.stage, "not the password" in wrong.problem) == (SignInStage.PASSWORD, True)
        assert (await conversation.password("geheim")).stage is SignInStage.SIGNED_IN


async def test_an_expired_code_begins_anew(server, tmp_path):
    async with talk(server, tmp_path) as conversation:
        await conversation.start("+4915112345678")
        old = await conversation.code("00000")
        assert (old.stage, "too old" in old.problem) == (SignInStage.SIGNED_OUT, True)
        with pytest.raises(WrongUse, match="begin anew"):
            await conversation.code("12345")


@pytest.mark.parametrize("phone", ["", "abc", "+49", "12", "+49151' OR 1", "1" * 40])
async def test_what_is_no_phone_number_is_not_sent(server, tmp_path, phone):
    async with talk(server, tmp_path) as conversation:
        with pytest.raises(WrongUse, match="is no phone number"):
            await conversation.start(phone)
    assert server.asked == []


async def test_a_number_that_telegram_refuses(server, tmp_path):
    async with talk(server, tmp_path) as conversation:
        with pytest.raises(WrongUse, match="no phone number Telegram knows"):
            await conversation.start("+000000")
        assert (await conversation.state()).stage is SignInStage.SIGNED_OUT


async def test_a_flood_wait_is_kept(server, tmp_path):
    async with talk(server, tmp_path) as conversation:
        server.faults = [None, FloodWait("Telegram asked to wait 2 h before the next request", 7200)]
        with pytest.raises(FloodWait):
            await conversation.start("+4915112345678")
        asked = len(server.asked)
        await server.clock.advance(3600, step=600)
        again = SigningIn(account(tmp_path), server.make, server.clock)
        with pytest.raises(FloodWait, match="not before 2026-03-04 07:06 UTC"):
            await again.start("+4915112345678")
        assert len(server.asked) == asked


async def test_a_wrong_pair_is_told_with_its_remedy(server, tmp_path):
    async with talk(server, tmp_path) as conversation:
        server.faults = [None, WronglySetUp("Telegram does not know this pair", "Copy both anew")]
        with pytest.raises(KingError, match=r"does not know this pair\. Copy both anew"):
            await conversation.start("+4915112345678")


async def test_a_qr_code_is_renewed_and_scanned(server, tmp_path):
    async with talk(server, tmp_path) as conversation:
        first = await conversation.qr()
        assert first.stage is SignInStage.QR
        server.scans.put_nowait(False)  # it ran out
        await until_async(conversation, lambda view: view.stage is SignInStage.QR and view.qr != first.qr)
        server.scans.put_nowait(True)
        await until_async(conversation, lambda view: view.stage is SignInStage.SIGNED_IN)


async def test_a_scanned_qr_code_may_want_the_password(server, tmp_path):
    server.secret = "geheim"
    async with talk(server, tmp_path) as conversation:
        await conversation.qr()
        server.scans.put_nowait(True)
        await until_async(conversation, lambda view: view.stage is SignInStage.PASSWORD)
        assert (await conversation.password("geheim")).stage is SignInStage.SIGNED_IN


async def until_async(conversation: SigningIn, holds) -> None:
    async def found() -> bool:
        return holds(await conversation.state())

    await until(found)


async def test_a_conversation_that_nobody_goes_on_with_lets_go(server, tmp_path):
    async with talk(server, tmp_path) as conversation:
        await conversation.start("+4915112345678")
        with pytest.raises(SessionBusy):
            SessionFile(account(tmp_path)).acquire()
        await server.clock.advance(FORGOTTEN_SECONDS + 1, step=60)
        await until_async(conversation, lambda view: "nobody went on" in view.problem)
        SessionFile(account(tmp_path)).acquire()


async def test_beside_a_running_source(server, tmp_path):
    server.post(PICTURE)
    async with at_work(server, tmp_path) as step:
        await until(lambda: step.source.state.link is Link.LOGIN)
        conversation = SigningIn(account(tmp_path), server.make, server.clock, step.source)
        assert (await conversation.state()).stage is SignInStage.SIGNED_OUT
        await conversation.start("+4915112345678")
        await server.clock.advance(30, step=1)
        assert step.source.state.link is Link.LOGIN, "the source stays out of the way"
        answer = asyncio.create_task(conversation.code("12345"))
        while not answer.done():
            await server.clock.advance(0.1, step=0.1)
        assert answer.result().stage is SignInStage.SIGNED_IN
        assert step.source.state.link is Link.CONNECTED
        assert len(await step.run()) == 1
        with pytest.raises(KingError, match="signed in as @somebody already"):
            await conversation.start("+4915112345678")
        assert (await conversation.log_out()).stage is SignInStage.SIGNED_OUT
        assert server.who is None
        await until(lambda: step.source.state.link is not Link.CONNECTED)
        await server.clock.advance(30, step=1)
        await until(lambda: step.source.state.link is Link.LOGIN)
