"""Supervision: patience, plain words, and waiting for a person."""

from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from kingtui.models import Link
from kingtui.services import ServiceUnavailable
from kingtui.services.telegram.edge import LoginNeeded, Unreachable, WronglySetUp
from kingtui.services.telegram.session import SessionBusy, SessionFile
from tests.services.telegram.fake import KEYLESS, FakeServer, account
from tests.services.telegram.test_source import PICTURE, at_work
from tests.world import FakeClock, until


@pytest.fixture
def server() -> FakeServer:
    return FakeServer(FakeClock())


async def test_connections_that_break_at_once_are_tried_less_and_less(server, tmp_path):
    server.before = lambda what: server.hang_up() if what == "me" else None
    async with at_work(server, tmp_path) as step:
        await server.clock.advance(60, step=0.25)
        assert 5 <= server.connects <= 8, "1, 2, 4, 8, … seconds between them"
        await server.clock.advance(3600, step=5)
        assert server.connects <= 24, "at the longest 5 minutes"
        server.before = lambda what: None
        await server.clock.advance(400, step=5)
        await until(lambda: step.source.state.link is Link.CONNECTED)
        connects = server.connects
        await server.clock.advance(61)
        server.hang_up()
        await until(lambda: step.source.state.link is Link.WAITING)
        await server.clock.advance(1.3)
        await until(lambda: server.connects == connects + 1, "soon again, as the last one lasted")


async def test_a_person_is_told_once_and_the_rest_goes_on(server, tmp_path):
    server.who = None
    async with at_work(server, tmp_path) as step:
        await until(lambda: step.source.state.link is Link.LOGIN)
        await server.clock.advance(300, step=5)
        assert server.connects == 1, "no further tries"
        assert [severity for severity, _ in step.told] == ["warning"]
        assert "kingtui login" in step.told[0][1]
        assert "kingtui login" in step.source.state.reason(server.clock.now())
        with pytest.raises(ServiceUnavailable, match="nobody is signed in"):
            await step.source.offers(None)


async def test_a_sign_in_by_another_process_is_noticed(server, tmp_path):
    server.who = None
    async with at_work(server, tmp_path) as step:
        await until(lambda: step.source.state.link is Link.LOGIN)
        server.who = "@somebody"
        step.source.connection._session.path.write_bytes(KEYLESS + b" ")
        await server.clock.advance(4)
        await until(lambda: step.source.state.link is Link.CONNECTED)


async def test_a_revoked_session_asks_for_a_sign_in(server, tmp_path):
    server.post(PICTURE)
    async with at_work(server, tmp_path) as step:
        server.who = None
        with pytest.raises(LoginNeeded):
            await step.run()
        await until(lambda: step.source.state.link is Link.LOGIN)
        assert "ended from another device" in step.source.state.detail
        server.who = "@somebody"
        step.source.nudge()
        await until(lambda: step.source.state.link is Link.CONNECTED)
        assert len(await step.run()) == 1


async def test_what_a_person_must_mend_is_told_with_its_remedy(server, tmp_path):
    server.faults = [WronglySetUp("Telegram does not know this pair", "Copy both anew")]
    async with at_work(server, tmp_path) as step:
        await until(lambda: step.source.state.link is Link.WRONG)
        assert step.source.state.reason(server.clock.now()) == "Telegram does not know this pair. Copy both anew"
        assert step.told == [("error", "Telegram does not know this pair. Copy both anew")]


async def test_a_short_break_is_no_reason_for_attention(server, tmp_path):
    async with at_work(server, tmp_path) as step:
        server.faults = [Unreachable("Telegram cannot be reached: no route")] * 100
        server.hang_up()
        await until(lambda: step.source.state.link is Link.WAITING)
        assert step.source.state.reason(server.clock.now()) == ""
        await server.clock.advance(70)
        assert "no route" in step.source.state.reason(server.clock.now())


async def test_one_connection_at_a_time_uses_a_session(server, tmp_path):
    async with at_work(server, tmp_path):
        with pytest.raises(SessionBusy, match="in use by this kingtui"):
            SessionFile(account(tmp_path)).acquire()
    SessionFile(account(tmp_path)).acquire()


async def test_another_process_holds_the_session(server, tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.services.telegram.fake import account;"
        "from kingtui.services.telegram.session import SessionFile;"
        "SessionFile(account(Path(sys.argv[1]))).acquire(); print('held', flush=True); sys.stdin.read()"
    )
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None and other.stdin is not None  # noqa: PT018
    assert await other.stdout.readline() == b"held\n"
    async with at_work(server, tmp_path) as step:
        await until(lambda: step.source.state.link is Link.WAITING)
        assert "another process is connected" in step.source.state.detail
        other.stdin.close()
        await other.wait()
        await server.clock.advance(6)
        await until(lambda: step.source.state.link is Link.CONNECTED)


def test_the_session_is_for_its_user_alone(tmp_path: Path) -> None:
    session = SessionFile(account(tmp_path))
    session.path.parent.mkdir()
    session.path.touch(0o644)
    session.path.chmod(0o644)
    session.acquire()
    assert stat.S_IMODE(session.path.stat().st_mode) == 0o600
    session.release()
    session.acquire()
    session.release()
