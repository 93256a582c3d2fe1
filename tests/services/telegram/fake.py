"""A server at the edge: chats with messages, an account, and everything that goes wrong with them.

It keeps exactly the protocol of ``kingtui.services.telegram.edge``, so what is tested is ours: sweeps, cursors,
supervision and the sign-in. ``test_mtproto`` tests the other side of the edge, Telethon, against a real server.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from kingtui.models import KingError
from kingtui.services.telegram.edge import (
    Chat,
    CodeExpired,
    Happening,
    Heard,
    LoginNeeded,
    Media,
    NoSuchChat,
    NoSuchPhone,
    PasswordNeeded,
    Post,
    QrCode,
    ReferenceExpired,
    Refused,
    Unreachable,
)
from kingtui.services.telegram.session import Account
from tests.world import FakeClock

CHAT = -1001234567890
PRIVATE = 777
CHUNK = 65_536


def account(home: Path, *chats: str | int, senders: tuple[str | int, ...] = ()) -> Account:
    """An account whose session lies in ``home``."""
    return Account(home / "telegram" / "telegram.session", 1, "hash", chats or ("@charts",), senders)


def _keyless() -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:")) as made:
        made.execute("CREATE TABLE version (version INTEGER)")
        return made.serialize()


KEYLESS = _keyless()
"""A session file that says nothing of a server."""


@dataclass
class FakeServer:
    """What Telegram has. ``faults`` are raised by the next questions, one each; ``before`` sees every question."""

    clock: FakeClock
    names: dict[str | int, Chat] = field(
        default_factory=lambda: {"@charts": Chat(CHAT, channel=True), "@bot": Chat(PRIVATE)}
    )
    posts: dict[int, dict[int, Post]] = field(default_factory=dict)
    bytes: dict[int, bytes] = field(default_factory=dict)
    faults: list[Exception | None] = field(default_factory=list)
    before: Callable[[str], None] = lambda what: None
    who: str | None = "@somebody"
    code: str = "12345"
    secret: str | None = None
    scans: asyncio.Queue[bool] = field(default_factory=asyncio.Queue)
    connects: int = 0
    edges: list[FakeEdge] = field(default_factory=list)
    expired: set[int] = field(default_factory=set)
    """Media whose permission has run out until their message is asked for again."""
    cut: dict[int, int] = field(default_factory=dict)
    """Media → after how many bytes its next download ends early."""
    offsets: list[int] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    """The last message's, by chat: a number is never given twice."""
    serial: int = 1000
    asked: list[str] = field(default_factory=list)
    silent: bool = False
    """No news are told."""
    session: Path | None = None
    """The file that a connection writes its key into."""

    def post(
        self, data: bytes | None, *, chat: int = CHAT, at: datetime | None = None, document: bool = False,
        sender: int = 5, text: str = "",
    ) -> Post:  # fmt: skip
        """Somebody posts; without ``data`` words only."""
        there = self.posts.setdefault(chat, {})
        number = self.numbers[chat] = self.numbers.get(chat, 0) + 1
        made = Post(chat, number, at or self.clock.now(), None, sender, text, self._media(data, document))
        there[number] = made
        self._tell(Heard(Happening.NEW, chat, (number,)))
        return made

    def edit(self, post: Post, data: bytes) -> Post:
        """Another picture under the same message."""
        made = replace(post, edited_at=self.clock.now(), media=self._media(data, False))
        self.posts[post.chat][post.id] = made
        self._tell(Heard(Happening.EDITED, post.chat, (post.id,)))
        return made

    def delete(self, post: Post) -> None:
        """The message is gone. Of chats that are no channels the server does not say which."""
        del self.posts[post.chat][post.id]
        self._tell(Heard(Happening.DELETED, post.chat if post.chat == CHAT else None, (post.id,)))

    def _media(self, data: bytes | None, document: bool) -> Media | None:
        if data is None:
            return None
        self.serial += 1
        self.bytes[self.serial] = data
        return Media(self.serial, ".jpg", len(data), document)

    def _tell(self, heard: Heard) -> None:
        for edge in self.edges:
            if edge.tell is not None and not self.silent:
                edge.tell(heard)

    def hang_up(self) -> None:
        """Every connection breaks."""
        for edge in tuple(self.edges):
            edge.over.set()

    def make(self) -> FakeEdge:
        """A new edge."""
        return FakeEdge(self)


class FakeEdge:
    """One connection to a FakeServer."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.tell: Callable[[Heard], None] | None = None
        self.over = asyncio.Event()
        self.connected = False

    async def _question(self, what: str, *, alone: bool = False) -> None:
        await asyncio.sleep(0)
        self.server.asked.append(what)
        self.server.before(what)
        if self.server.faults and (fault := self.server.faults.pop(0)) is not None:
            raise fault
        if not self.connected or self.over.is_set():
            raise Unreachable("the connection to Telegram broke")

    async def connect(self) -> None:
        self.server.connects += 1
        self.connected = True
        self.server.edges.append(self)
        if self.server.session is not None and not self.server.session.stat().st_size:
            self.server.session.write_bytes(KEYLESS)
        await self._question("connect")

    async def disconnect(self) -> None:
        self.connected = False
        self.over.set()
        if self in self.server.edges:
            self.server.edges.remove(self)

    async def closed(self) -> None:
        await self.over.wait()

    async def me(self) -> str | None:
        await self._question("me")
        return self.server.who

    def listen(self, tell: Callable[[Heard], None]) -> None:
        self.tell = tell

    async def _signed_in(self, what: str) -> None:
        await self._question(what)
        if self.server.who is None:
            raise LoginNeeded("Telegram needs a new sign-in: its session was ended from another device")

    async def chat(self, name: str | int) -> Chat:
        await self._signed_in(f"chat {name}")
        if name not in self.server.names:
            raise NoSuchChat("it does not exist, or this account may not look at it")
        return self.server.names[name]

    async def posts(self, chat: Chat, *, after: int, since: datetime | None) -> AsyncGenerator[Post, None]:
        await self._signed_in("posts")
        for number, post in sorted(self.server.posts.get(chat.id, {}).items()):
            if number > after and (after or since is None or post.at >= since - timedelta(seconds=1)):
                await self._signed_in("post")
                yield post

    async def posts_by_id(self, chat: Chat, ids: Sequence[int]) -> dict[int, Post]:
        await self._signed_in("by id")
        found = {number: self.server.posts.get(chat.id, {}).get(number) for number in ids}
        for post in found.values():
            if post is not None and post.media is not None:
                self.server.expired.discard(post.media.id)
        return {number: post for number, post in found.items() if post is not None}

    async def _bytes(self, post: Post) -> tuple[int, bytes]:
        await self._signed_in("download")
        assert post.media is not None
        if post.media.id in self.server.expired:
            raise ReferenceExpired("the permission to download has run out")
        data = self.server.bytes[post.media.id]
        end = self.server.cut.pop(post.media.id, None)
        return post.media.id, data if end is None else data[:end]

    async def photo(self, post: Post) -> bytes:
        return (await self._bytes(post))[1]

    async def document(self, post: Post, offset: int) -> AsyncGenerator[bytes, None]:
        assert offset % CHUNK == 0
        self.server.offsets.append(offset)
        _, data = await self._bytes(post)
        assert post.media is not None
        for start in range(offset, len(data), CHUNK):
            yield data[start : start + CHUNK]
        if len(data) != post.media.size:
            raise Unreachable("the connection to Telegram broke")

    async def send_code(self, phone: str) -> str:
        await self._question("send code")
        if phone == "+000000":
            raise NoSuchPhone("that is no phone number Telegram knows: write it with its country, as +49…")
        return "inside Telegram"

    async def give_code(self, phone: str, code: str) -> None:
        await self._question("give code")
        if code == "00000":
            raise CodeExpired("that code is too old: another one is needed")
        if code != self.server.code:
            raise Refused("that is not the code: look again at the message from Telegram")
        if self.server.secret is not None:
            raise PasswordNeeded("the account has a password too")
        self.server.who = "@somebody"

    async def give_password(self, password: str) -> None:
        await self._question("give password")
        if password != self.server.secret:
            raise Refused("that is not the password of this account")
        self.server.who = "@somebody"

    async def qr(self) -> QrCode:
        await self._question("qr")
        return QrCode(
            f"tg://login?token=token{len(self.server.asked)}", self.server.clock.now() + timedelta(seconds=30)
        )

    async def scanned(self) -> bool:
        if not await self.server.scans.get():
            return False
        if self.server.secret is not None:
            raise PasswordNeeded("the account has a password too")
        self.server.who = "@somebody"
        return True

    async def log_out(self) -> None:
        await self._signed_in("log out")
        self.server.who = None
        self.over.set()


def chance() -> random.Random:
    """The same every time."""
    return random.Random(1)


class Told(list[tuple[str, str]]):
    """What a person was told, with its severity."""

    def __call__(self, text: str, severity: str) -> None:
        self.append((severity, text))


__all__ = ["CHAT", "KEYLESS", "PRIVATE", "FakeEdge", "FakeServer", "KingError", "Told", "account", "chance"]
