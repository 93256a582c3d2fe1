"""What must never be shown, hidden from whatever is: logs, errors, notices, answers.

One book for the whole process, because an error may come to light anywhere: ``hide`` knows every secret setting and
what the home keeps secret, also as they stand in an address, in JSON, in HTML, in a ``repr`` or within base64 (such as
the user and password of a basic authentication).
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "••••"
SHORTEST = 4
"""Shorter values are not hidden: they are parts of ordinary words."""
_SHORTEST_CORE = 6
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_PARTS = re.compile(r"[/@:?&=,#\s]+")
_LONG = 8
"""A part of a secret address from this length on is held to be secret itself, unless it is the name of a host."""
_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}|localhost|\d{1,3}(?:\.\d{1,3}){3}")


class Secrets:
    """Values to hide, in every writing that they are likely to be met in."""

    def __init__(self) -> None:
        self._writings: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, values: Iterable[str]) -> None:
        """From now on hide these too; of an address also its user, password, and long parts."""
        known = len(self._writings)
        for value in values:
            for part in (value, *_parts(value)):
                if len(part) >= SHORTEST:
                    self._writings.update(_writings(part))
        if len(self._writings) > known:
            longest_first = sorted(self._writings, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def hide(self, text: str) -> str:
        """The text with dots for every value."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def _writings(value: str) -> Iterator[str]:
    yield value
    yield from (quote(value), quote(value, safe=""), quote_plus(value))
    yield from (repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    yield html.escape(value)
    for core in _within_base64(value.encode()):
        yield core
        yield core.replace("+", "-").replace("/", "_")


def _within_base64(data: bytes) -> Iterator[str]:
    """The characters that stand for ``data`` in base64 whatever is before and after it, for each of three places."""
    for place in range(3):
        text = base64.b64encode(b"\0" * place + data).decode()
        core = text[-(-8 * place // 6) : 8 * (place + len(data)) // 6]
        if len(core) >= _SHORTEST_CORE:
            yield core


def _parts(value: str) -> Iterator[str]:
    """What is secret by itself in a value that consists of addresses, such as ``tgram://token/chat``."""
    for address in _ADDRESS.findall(value):
        yield address
        rest = address.split("://", 1)[1]
        userinfo = rest.split("/", 1)[0].rpartition("@")[0]
        yield userinfo
        yield from filter(None, userinfo.split(":")[1:])
        yield from (part for part in _PARTS.split(rest) if len(part) >= _LONG and not _HOST.fullmatch(part))


hidden = Secrets()
"""The process's book."""


def hide(text: str) -> str:
    """The text with dots for everything that is secret in this process."""
    return hidden.hide(text)
