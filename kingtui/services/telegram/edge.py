"""The edge: the little of Telegram that kingtui needs, as a protocol, and what can go wrong there.

Every method answers or raises within a bounded time, one request at a time, and only reads.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from kingtui.models import KingError, WrongUse
from kingtui.services import ServiceUnavailable

RESUME_BYTES = 65_536
"""A download goes on at a multiple of this; Telegram wants multiples of 4096 that stay within one of its parts."""


class Unreachable(ServiceUnavailable):
    """The connection broke, or the server did not answer in time. ``todo``: what a person can do, if anything."""

    def __init__(self, text: str, todo: str = "") -> None:
        super().__init__(text)
        self.todo = todo


class FloodWait(ServiceUnavailable):
    """Telegram asked for no requests of this kind for ``retry_after`` seconds."""


class LoginNeeded(ServiceUnavailable):
    """Nobody is signed in, or not any more: only a person can help."""


class WronglySetUp(ServiceUnavailable):
    """A setting or a file is wrong: it will not get better by itself. Its text says what, and what a person can do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(f"{what}. {todo}", 300.0)
        self.what = what
        self.todo = todo


class ReferenceExpired(KingError):
    """The permission to download that came with a message has run out: get the message anew."""


class NoSuchChat(KingError):
    """A chat or sender cannot be found, or may not be looked at."""


class Refused(KingError):
    """An answer of a person was not accepted; the text says which and what to do."""


class NoSuchPhone(Refused, WrongUse):
    """A phone number that Telegram does not know."""


class CodeExpired(Refused):
    """The code is too old: another must be sent."""


class PasswordNeeded(KingError):
    """The code was right, and the account has a password too."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat that was found. ``id`` is marked: negative for groups and channels."""

    id: int
    channel: bool = False
    """Its messages are numbered by themselves; in all other chats the account's messages share their numbers."""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture in a message. ``size`` in bytes; None where it is not told."""

    id: int
    suffix: str
    size: int | None = None
    document: bool = False
    """It was sent as a file, whose download can go on in the middle."""


@dataclass(frozen=True, slots=True)
class Post:
    """A message. ``message`` is the library's own, for the download."""

    chat: int
    id: int
    at: datetime
    edited_at: datetime | None = None
    sender: int | None = None
    text: str = ""
    media: Media | None = None
    message: Any = None


class Happening(StrEnum):
    """What the server told by itself."""

    NEW = "new"
    EDITED = "edited"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Heard:
    """News of messages: a hint, never the truth. ``chat`` None: of some chat that is no channel."""

    what: Happening
    chat: int | None
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class QrCode:
    """A link to be shown as a QR code, and when it runs out."""

    link: str
    until: datetime


class Edge(Protocol):
    """One connection, used once: ``connect``, questions, ``disconnect``.

    Anything raises Unreachable, FloodWait, LoginNeeded or WronglySetUp.
    """

    async def connect(self) -> None:
        """Reach the server; nobody need be signed in."""
        ...

    async def disconnect(self) -> None:
        """Let go of the connection and the session. Never raises; harmless when repeated."""
        ...

    async def closed(self) -> None:
        """Return when the connection has ended, for whatever reason."""
        ...

    async def me(self) -> str | None:
        """Who is signed in, as one would call them; None: nobody."""
        ...

    def listen(self, tell: Callable[[Heard], None]) -> None:
        """Call ``tell`` in the loop with what the server tells by itself."""
        ...

    async def chat(self, name: str | int) -> Chat:
        """Find a chat or a sender. Raises NoSuchChat."""
        ...

    def posts(self, chat: Chat, *, after: int, since: datetime | None) -> AsyncGenerator[Post, None]:
        """The messages with ids above ``after``, oldest first; where that is 0, those since a moment.

        Raises NoSuchChat where the chat may not be looked at any more.
        """
        ...

    async def posts_by_id(self, chat: Chat, ids: Sequence[int]) -> dict[int, Post]:
        """Those of these messages that exist, by id."""
        ...

    async def photo(self, post: Post) -> bytes:
        """A photo's bytes. Raises ReferenceExpired."""
        ...

    def document(self, post: Post, offset: int) -> AsyncGenerator[bytes, None]:
        """A file's bytes from ``offset`` on, a multiple of RESUME_BYTES. Raises ReferenceExpired."""
        ...

    async def send_code(self, phone: str) -> str:
        """Have a code sent; where it arrives, in words. Raises Refused."""
        ...

    async def give_code(self, phone: str, code: str) -> None:
        """Sign in with it. Raises Refused, CodeExpired, PasswordNeeded."""
        ...

    async def give_password(self, password: str) -> None:
        """Sign in with the account's own password. Raises Refused."""
        ...

    async def qr(self) -> QrCode:
        """A new QR code."""
        ...

    async def scanned(self) -> bool:
        """Wait until the QR code was scanned; False where it ran out first. Raises PasswordNeeded."""
        ...

    async def log_out(self) -> None:
        """End the session at the server too."""
        ...
