"""The text of a list of Telegram chats or senders: ``@name``, a ``t.me`` link or an id, separated by commas."""

from __future__ import annotations

import re

_NAME = re.compile(r"@?([A-Za-z]\w{2,31})", re.ASCII)
_LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/(?:s/)?(.+?)/?", re.ASCII | re.IGNORECASE)
_INVITE = re.compile(r"(?:\+|joinchat/)([\w-]{8,64})", re.ASCII)
_PRIVATE = re.compile(r"c/(\d{1,19})(?:/\d+)*", re.ASCII)
_PUBLIC = re.compile(r"([A-Za-z]\w{2,31})(?:/\d+)*", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,19}", re.ASCII)
_CHANNEL = 1_000_000_000_000
"""What Telegram's clients add to a channel's own number to tell it from a user's."""


def chats_of(text: str) -> tuple[str | int, ...]:
    """What the text names, each once: ids as numbers, names as ``@name``, invitations as ``https://t.me/+…``.

    Raises ValueError with a sentence about the first that is none of them.
    """
    found = [_chat(part) for part in (part.strip() for part in text.split(",")) if part]
    if not found:
        raise ValueError("it names no chat: @name, a t.me link or an id is allowed, several with commas between")
    return tuple(dict.fromkeys(found))


def _chat(text: str) -> str | int:
    if _NUMBER.fullmatch(text):
        return int(text)
    link = _LINK.fullmatch(text)
    if link is None:
        if name := _NAME.fullmatch(text):
            return f"@{name[1]}"
    elif invite := _INVITE.fullmatch(link[1]):
        return f"https://t.me/+{invite[1]}"
    elif private := _PRIVATE.fullmatch(link[1]):
        return -_CHANNEL - int(private[1])
    elif public := _PUBLIC.fullmatch(link[1]):
        return f"@{public[1]}"
    raise ValueError(f"{text[:60]!r} is no chat: @name, a t.me link or an id is allowed, several with commas between")
