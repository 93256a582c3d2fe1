"""How far the chats were looked through, as it is kept with the pictures: only past what is safely stored.

A chat's ``after`` may pass a picture that is not stored yet, for its message is then among ``open``: those are asked
for by id until they are stored or gone. ``recent`` are the last messages with pictures, to find out after an outage
which of them were given another picture, or deleted, meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

RECENT = 100
"""As many as one request can ask for."""


@dataclass(slots=True)
class ChatProgress:
    """One chat: everything up to message ``after`` was seen."""

    after: int = 0
    since: datetime | None = None
    """From when on messages count, as long as none was seen."""
    open: set[int] = field(default_factory=set)
    recent: dict[int, int] = field(default_factory=dict)
    """Message → picture, the newest last."""

    def saw(self, message: int, media: int | None) -> None:
        """A message was seen; with a picture it stays open until that is stored."""
        self.after = max(self.after, message)
        if media is not None:
            self.open.add(message)
            self.recent.pop(message, None)
            self.recent[message] = media
            while len(self.recent) > RECENT:
                del self.recent[min(self.recent)]

    def stored(self, message: int) -> None:
        """Its picture is safe, or need not be had."""
        self.open.discard(message)

    def gone(self, message: int) -> None:
        """The message is there no more, or no longer has a picture."""
        self.open.discard(message)
        self.recent.pop(message, None)


@dataclass(slots=True)
class Progress:
    """All chats, by their marked ids. ``dump`` and ``load`` are each other's reverse."""

    chats: dict[int, ChatProgress] = field(default_factory=dict)

    def of(self, chat: int) -> ChatProgress:
        """The progress in a chat; a new one where it was never looked through."""
        return self.chats.setdefault(chat, ChatProgress())

    def dump(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            str(chat): {
                "after": found.after,
                "since": found.since.isoformat() if found.since else None,
                "open": sorted(found.open),
                "recent": [list(pair) for pair in found.recent.items()],
            }
            for chat, found in sorted(self.chats.items())
        }

    @classmethod
    def load(cls, data: Any) -> Progress:
        """What ``dump`` gave; None is a beginning."""
        return cls({int(chat): _load(found) for chat, found in (data or {}).items()})


def _load(data: dict[str, Any]) -> ChatProgress:
    since = datetime.fromisoformat(data["since"]) if data["since"] else None
    return ChatProgress(int(data["after"]), since, set(data["open"]), {int(m): int(p) for m, p in data["recent"]})


def key_of(chat: int, message: int, media: int) -> str:
    """The identity of a picture: an edit can put another one under the same message."""
    return f"{chat}:{message}:{media}"


def prefixes(chat_ids: Iterable[int], messages: Iterable[int]) -> list[str]:
    """How the keys of these messages' pictures begin."""
    found = tuple(messages)
    return [f"{chat}:{message}:" for chat in chat_ids for message in found]
