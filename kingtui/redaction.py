"""What must never be shown, hidden from whatever is: logs, errors, notices, answers.

One book for the whole process, because an error may come to light anywhere: ``hide`` knows every secret setting and
what the home keeps secret, also as they stand in an address, in JSON, in HTML, in a ``repr`` of text or bytes, or
within base64 (such as the user and password of a basic authentication).
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator

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
        """From now on hide these too; of an address also its user, password, and long parts, of a PEM each line."""
        known = len(self._writings)
        for value in values:
            for part in (value, *_parts(value), *_lines(value)):
                if len(part) >= SHORTEST:
                    self._writings.update(_writings(part))
        if len(self._writings) > known:
            self._pattern = re.compile("|".join(sorted(self._writings, key=len, reverse=True)))

    def hide(self, text: str) -> str:
        """The text with dots for every value."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def _writings(value: str) -> Iterator[str]:
    """Patterns of a value: each character in any of its writings, and the whole within base64."""
    runs = re.findall(r"(\\*)([^\\]?)", value)
    yield "".join(_BACKSLASHES * bool(run) + (_character(char, after=bool(run)) if char else "") for run, char in runs)
    for core in _within_base64(value.encode(errors="surrogateescape")):
        yield re.escape(core)
        yield re.escape(core.replace("+", "-").replace("/", "_"))


_BACKSLASHES = r"(?:\\|%5[cC])++"
"""However many, as those that quote other characters may follow."""


def _character(char: str, *, after: bool) -> str:
    """A pattern of a character as it is, in an address, a ``repr`` of text or bytes, JSON and HTML.

    Which characters an address escapes is for each library to say, as is how often a text was quoted. ``after``
    backslashes none is awaited: those took all that there are. No quantifier goes back, so that no text takes long.
    """
    if char.isascii() and char.isalnum():
        return char
    data = char.encode(errors="surrogateescape")
    # Of two that begin alike the longer stands first
    quoted = "" if after else r"\\++"
    ways = [
        *(re.escape(text) for text in [html.escape(char)] if text != char),
        "".join(f"(?i:%{byte:02x})" for byte in data),
        rf"&#0*+(?:{ord(char)}|(?i:x0*+{ord(char):x}));",
        quoted + r"\\++".join(f"(?i:x{byte:02x})" for byte in data),
        quoted + r"\\++".join(f"(?i:u{unit:04x})" for unit in _units(char)),
        *(quoted + re.escape(text[1:-1].lstrip("\\")) for text in (repr(char), json.dumps(char))),
        rf"{quoted}(?i:x{ord(char):02x}|u{ord(char):04x}|U{ord(char):08x})",
        r"\\*+" + re.escape(char),
        *([r"\+"] if char == " " else ()),
    ]
    return f"(?:{'|'.join(dict.fromkeys(ways))})"


def _units(char: str) -> Iterator[int]:
    """Its code units in UTF-16, as JSON escapes it."""
    data = char.encode("utf-16-be", errors="surrogatepass")
    return (int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2))


def _within_base64(data: bytes) -> Iterator[str]:
    """The characters that stand for ``data`` in base64 whatever is before and after it, for each of three places."""
    for place in range(3):
        text = base64.b64encode(b"\0" * place + data).decode()
        core = text[-(-8 * place // 6) : 8 * (place + len(data)) // 6]
        if len(core) >= _SHORTEST_CORE:
            yield core


def _lines(value: str) -> Iterator[str]:
    """The lines of a value that has several, such as a key in PEM; not those that only say what it is."""
    lines = value.splitlines()
    return (line for line in lines if len(lines) > 1 and len(line) >= _LONG and not line.startswith("-----"))


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
