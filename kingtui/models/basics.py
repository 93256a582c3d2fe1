"""Errors as sentences, moments as text, and what a symbol is."""

from __future__ import annotations

import re
from datetime import UTC, datetime


class KingError(Exception):
    """Something went wrong that a person can understand: the text is a sentence that names the thing."""


class WrongUse(KingError):
    """A wrong setting, flag or argument: exit code 2, HTTP 400."""


class Conflict(WrongUse):
    """What was asked for does not go with how things are now: exit code 2, HTTP 409."""


class NotFound(KingError):
    """What was asked for does not exist: HTTP 404."""


def iso(moment: datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC with ``+00:00``, to the microsecond where it has any."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def dollars(millionths: int) -> str:
    """Millionths of a US dollar as ``$0.0123``: to the cent from one dollar on, else to the hundredth of a cent."""
    return f"${millionths / 1_000_000:,.{2 if millionths >= 1_000_000 or not millionths else 4}f}"


_SEPARATORS = re.compile(r"[\s/_:.-]+")
_QUOTE = re.compile(r"(?<=.)(USDT|USD)$")
_SYMBOL = re.compile(r"[A-Z0-9]{1,20}")


def symbol_of(text: str) -> str:
    """The symbol that ``text`` means: ``btc``, ``BTC/USDT`` and ``BTCUSDT`` are BTC; 1000PEPE and 1INCH stay.

    Raises WrongUse where nothing of the pattern ``[A-Z0-9]{1,20}`` remains.
    """
    if len(text) <= 64 and text.isascii():  # a letter such as ß becomes others in capitals
        symbol = _QUOTE.sub("", _SEPARATORS.sub("", text.strip().upper()) if "/../" not in text else "")
        if _SYMBOL.fullmatch(symbol) and ".." not in text:
            return symbol
    raise WrongUse(f"{text[:40]!r} is not a symbol: 1 to 20 letters and digits are allowed, such as BTC or 1000PEPE")
