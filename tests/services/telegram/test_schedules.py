"""Whatever happens in whatever order: at the end every picture that is still there is stored, each once."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kingtui.models import KingError, Link
from kingtui.services.telegram.edge import FloodWait, LoginNeeded, Unreachable
from tests.services.telegram.fake import CHAT, PRIVATE, FakeServer
from tests.services.telegram.test_source import Step1, at_work
from tests.world import FakeClock, until

PLACES = st.sampled_from([CHAT, PRIVATE])
EVENTS = st.one_of(
    st.tuples(st.sampled_from(["post", "file", "words"]), PLACES),
    st.tuples(st.sampled_from(["edit", "delete"]), st.integers(0, 30)),
    st.tuples(st.just("fault"), st.sampled_from(["flood", "broken", "refused", "error 500", "revoked"])),
    st.tuples(st.sampled_from(["cut", "expire"]), st.integers(0, 30)),
    st.tuples(st.sampled_from(["hang up", "silence", "run", "run", "crash", "wait"]), st.just(0)),
)


def _fault(what: str) -> Exception:
    return {
        "flood": FloodWait("Telegram asked to wait 40 s before the next request", 40),
        "broken": Unreachable("the connection to Telegram broke"),
        "refused": KingError("Telegram refused: CHAT_SOMETHING"),
        "error 500": Unreachable("Telegram has trouble of its own: INTERNAL"),
        "revoked": LoginNeeded("Telegram needs a new sign-in: its session was ended from another device"),
    }[what]


class World:
    """The server, step 1, and all that was ever seen to be there when step 1 looked."""

    def __init__(self, server: FakeServer, step: Step1) -> None:
        self.server, self.step = server, step

    def posts(self) -> list:
        return [post for there in self.server.posts.values() for post in there.values() if post.media is not None]

    async def do(self, what: str, how: object) -> None:
        server, posts = self.server, self.posts()
        match what:
            case "post" | "file" | "words":
                data = None if what == "words" else f"picture {server.serial}".encode() * 9_000
                server.post(data, chat=how, document=what == "file")  # type: ignore[arg-type]
            case "edit" if posts:
                server.edit(posts[how % len(posts)], f"picture {server.serial}".encode() * 9_000)  # type: ignore[operator]
            case "delete" if posts:
                server.delete(posts[how % len(posts)])  # type: ignore[operator]
            case "cut" if posts:
                media = posts[how % len(posts)].media  # type: ignore[operator]
                server.cut[media.id] = len(server.bytes[media.id]) // 2
            case "expire" if posts:
                server.expired.add(posts[how % len(posts)].media.id)  # type: ignore[operator]
            case "fault":
                server.faults = [None] * (server.serial % 4) + [_fault(str(how))]
            case "hang up":
                server.hang_up()
            case "silence":
                server.silent = not server.silent
            case "run":
                await self.run()
            case "crash":  # between what is offered and what is stored
                try:
                    await self.step.source.offers(self.step.cursor)
                    self.step.cursor = self.step.source.remember([])
                except KingError:
                    pass
            case "wait":
                await server.clock.advance(45, step=5)

    async def run(self) -> None:
        try:
            await self.step.run()
        except KingError:
            await asyncio.sleep(0)

    async def settle(self) -> None:
        """The faults are over. Somebody signs in again, connections last, and time passes."""
        self.server.faults, self.server.silent = [], False
        self.server.cut.clear()
        self.server.hang_up()  # so that it looks again at what nobody told it of
        for _ in range(60):
            self.step.source.nudge()
            await self.server.clock.advance(120, step=20)
            await self.run()
            want = {f"{post.chat}:{post.id}:{post.media.id}" for post in self.posts()}
            if want <= self.step.stored.keys() and self.step.source.state.link is Link.CONNECTED:
                return


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENTS, max_size=30))
def test_nothing_is_lost_and_nothing_is_doubled(events):
    asyncio.run(_check(events))


async def _check(events) -> None:
    server = FakeServer(FakeClock())
    with tempfile.TemporaryDirectory() as folder:
        async with at_work(server, Path(folder), "@charts", "@bot") as step:
            await until(lambda: step.source.state.link is Link.CONNECTED)
            world = World(server, step)
            for what, how in events:
                await world.do(what, how)
            await world.settle()
            for post in world.posts():
                key = f"{post.chat}:{post.id}:{post.media.id}"
                assert key in step.stored, f"{key} is lost: {step.cursor}"
            for key, data in step.stored.items():
                assert data == server.bytes[int(key.split(":")[2])], f"{key} is not what was sent"
            assert len(set(step.stored.values())) == len(step.stored), "nothing is doubled"
            assert all(not found["open"] for found in step.cursor.values())
            gone = {key for key in step.stored if int(key.split(":")[1]) not in server.posts[int(key.split(":")[0])]}
            assert {":".join(key.split(":")[:2]) + ":" for key in gone} <= step.withdrawn, "deletions are known"
