"""Numbers, moments and foreign text as Markdown shows them: sensible digits, and no markup that nobody meant."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime

NOT_AVAILABLE = "not available"


def price(value: float | None) -> str:
    """A printed price, six significant digits and at least one decimal: ``120,260.5``, ``3,764.6``, ``0.0000386``."""
    return _significant(value, digits=6, least=1)


def level(value: float | None) -> str:
    """A measured or computed price, five significant digits: ``117,853``, ``3,648.7``, ``0.000037416``."""
    return _significant(value, digits=5)


def amount(value: float | None) -> str:
    """An amount of liquidations in the chart's own unit: whole from 100 on, else three significant digits."""
    return _significant(value, digits=3)


def _significant(value: float | None, digits: int, least: int = 0) -> str:
    """``digits`` significant digits, all whole ones and ``least`` decimals, without zeros at the end."""
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    if value == 0:
        return "0"
    decimals = max(least, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return _signed(text.rstrip("0").rstrip(".") if decimals else text)


def percent(value: float | None, decimals: int = 1, *, signed: bool = False) -> str:
    """``87.6%``; with ``signed`` ``+3.1%`` or ``−3.1%``."""
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    return _signed(f"{value:+.{decimals}f}%" if signed else f"{value:.{decimals}f}%")


def decimal(value: float | None, decimals: int = 1) -> str:
    """A number with a fixed count of decimals."""
    return NOT_AVAILABLE if value is None or not math.isfinite(value) else _signed(f"{value:,.{decimals}f}")


def _signed(text: str) -> str:
    """With the minus sign, which no Markdown takes for a list."""
    return text.replace("-", "−")


def moment(at: datetime) -> str:
    """``2025-07-29 16:00 UTC``"""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def age(at: datetime, now: datetime) -> str:
    """How long ago: ``just now``, ``12 min``, ``3 h``, ``2 d 4 h``."""
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 24:
        return f"{hours} h"
    days, rest = divmod(hours, 24)
    return f"{days} d {rest} h" if rest and days < 7 else f"{days} d"


def verified(sure: bool) -> str:
    """The word of a table's column."""
    return "yes" if sure else "no"


def listed(words: list[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``"""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


_SUFFIX = r"(?:jpe?g|png|webp)$"
_MARKUP = re.compile(
    r"[\\`*{}\[\]<>#|~&$@]"  # begins markup, an entity, a mention or a cell wherever it stands
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"  # emphasis; inside a word it is only a mark
    rf"|\.(?=\S)(?!{_SUFFIX})(?!(?<=\d\.)\d)"  # bare links (www.a.b, a.com); not in numbers nor a picture's suffix
    r"|:(?=\S)(?!(?<=\d:)\d)|/(?=/)"  # https://…, :emoji:; not in times
    r"|^[-+](?=\s|$)|^[-=]+$",  # a list, a rule or an underlined heading
    re.IGNORECASE,
)
_ORDERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")


def one_line(text: object) -> str:
    """Text of others as it will be seen, in one line.

    Control characters (terminal escapes), lone surrogates and unassigned code points become U+FFFD; invisible ones
    that could reorder a line are dropped; white space runs become one space.
    """
    return " ".join("".join(_visible(character) for character in str(text)).split())


def md(text: object) -> str:
    """Text of others as inert Markdown: one line, no control characters, every mark that could act escaped."""
    escaped = _MARKUP.sub(lambda match: "".join("\\" + mark for mark in match[0]), one_line(text))
    return _ORDERED.sub(r"\1\\\2", escaped)


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return "\ufffd" if category in ("Cc", "Cs", "Cn", "Co") else character
