"""The title of a liquidation map: its facts, each confirmed or with the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

from kingtui.charts.glyphs import advance, confirm, settle
from kingtui.charts.locate import Canvas
from kingtui.charts.text import SYMBOL
from kingtui.charts.titles import LEVERAGES, leverage_of

EXCHANGES = ("binance", "bitfinex", "okx", "bitmex", "bybit", "bitget")
"""Those seen so far; others are taken as they are read and not verified."""

_FONT, _BASELINE, _CENTRE = 15, 32, 400.0
_LEGEND_FONT, _LEGEND_X, _LEGEND_BASELINE, _LEGEND_PITCH = 12, 636.0, 66, 24
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOMENT = re.compile(r"(\w{3})\W*(\d{1,2})\s*(\w{3})\s*(\d{4})\s*(\d{2})\W?(\d{2})\W?(\d{2})")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a title says. ``reasons`` names the facts that are missing or that nothing confirms."""

    title: str
    symbol: str
    exchanges: tuple[str, ...]
    leverage: str
    timestamp: datetime | None
    reasons: dict[str, str]


def read_facts(canvas: Canvas, match: re.Match[str], swatches: int) -> Facts:
    """The facts in a title of the map's pattern; ``swatches``: how many exchanges the legend shows."""
    symbol = match["symbol"].upper()
    words = [word.lower() for word in match["exchanges"].split("_")]
    exchanges = tuple((get_close_matches(word, EXCHANGES, n=1, cutoff=0.7) or [word])[0] for word in words)
    leverage = leverage_of(match["leverage"])
    timestamp, weekday = _moment(match["moment"])
    if timestamp is None:
        return Facts(
            match.string, symbol, exchanges, leverage, None,
            {"timestamp": f"{match['moment']!r} is no date", "title": "it cannot be confirmed without its date"}
            | dict.fromkeys(("symbol", "exchanges", "leverage"), "the title's date cannot be read"),
        )  # fmt: skip
    printed = f"{timestamp:%a, %d} {_MONTHS[timestamp.month - 1]} {timestamp:%Y %H:%M:%S} GMT"
    title = f"{symbol}: {'_'.join(exchanges)} - {printed} {leverage}"
    reasons = _doubts(canvas, title, symbol, printed, leverage, exchanges)
    if swatches != len(exchanges):
        reasons["exchanges"] = f"the legend shows {swatches} exchanges, the title {len(exchanges)}"
    elif not _in_legend(canvas, exchanges):
        reasons["exchanges"] = "the legend does not name the same exchanges"
    elif unknown := set(exchanges) - set(EXCHANGES):
        reasons["exchanges"] = f"{', '.join(sorted(unknown))} has not been seen before"
    if weekday != f"{timestamp:%a}":
        reasons["timestamp"] = f"{timestamp:%d %b %Y} is no {weekday}"
    return Facts(title, symbol, exchanges, leverage, timestamp, reasons)


def _doubts(
    canvas: Canvas, title: str, symbol: str, printed: str, leverage: str, exchanges: tuple[str, ...]
) -> dict[str, str]:
    """What the font does not confirm: the title as a whole, then each fact's characters one by one."""
    x = _CENTRE - advance(title, _FONT, bold=True) / 2
    x, baseline, likeness = settle(canvas.luma, title, _FONT, x, _BASELINE, bold=True, reach=2)
    if likeness < 0.75:
        return dict.fromkeys(
            ("symbol", "exchanges", "timestamp", "leverage"), "the title does not look like what was read in it"
        )
    parts = {
        "symbol": (symbol, SYMBOL),
        "exchanges": ("_".join(exchanges), ""),  # words of a known vocabulary, which the legend confirms
        "timestamp": (printed, "0123456789"),
        "leverage": (leverage, "" if leverage in LEVERAGES else _LOWER),
    }
    reasons = {}
    start = 0
    for name, (part, alphabet) in parts.items():
        start = title.index(part, start)
        place = x + advance(title[:start], _FONT, bold=True)
        end = place + advance(part, _FONT, bold=True)
        canvas.note(name, "box", (place, baseline - 12, end, baseline + 4), part)
        witness = confirm(canvas.luma, part, _FONT, place, baseline, alphabet, bold=True, reach=0.5)
        if not witness.agrees(likeness=0.65):
            reasons[name] = f"it may be {witness.rival} as well" if witness.rival != part else "it is blurred"
        start += len(part)
    return reasons


def _in_legend(canvas: Canvas, exchanges: tuple[str, ...]) -> bool:
    """Whether the legend lists the exchanges, by name from top to bottom."""
    found = [
        settle(canvas.luma, name, _LEGEND_FONT, _LEGEND_X, _LEGEND_BASELINE + row * _LEGEND_PITCH)[2]
        for row, name in enumerate(sorted(exchanges))
    ]
    return sum(found) / len(found) >= 0.75 and min(found) >= 0.5  # a curve or a bar may run through one of them


_LOWER = "abcdefghijklmnopqrstuvwxyz"


def _moment(text: str) -> tuple[datetime | None, str]:
    """The moment in GMT and the weekday as printed; None where it is no date."""
    found = _MOMENT.search(text)
    if found is None:
        return None, ""
    weekday, day, word, *numbers = found.groups()
    months = get_close_matches(word.capitalize(), _MONTHS, n=1, cutoff=0.6)
    if not months:
        return None, weekday
    year, hour, minute, second = (int(number) for number in numbers)
    try:
        return datetime(year, _MONTHS.index(months[0]) + 1, int(day), hour, minute, second, tzinfo=UTC), weekday
    except ValueError:
        return None, weekday
