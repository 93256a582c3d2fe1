"""The title of a liquidation map: its facts, each confirmed or with the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from string import ascii_lowercase

import numpy as np

from kingtui.charts.font import Patch, advance
from kingtui.charts.glyphs import confirm, lookalikes, settle
from kingtui.charts.locate import PAGE, Canvas
from kingtui.charts.text import SYMBOL, read_texts
from kingtui.charts.titles import LEVERAGES, Pen, follow, leverage_of

EXCHANGES = ("binance", "bitfinex", "okx", "bitmex", "bybit", "bitget")
"""Those seen so far; others are taken as they are read and not verified."""

_FONT, _BASELINE, _CENTRE = 15, 32, 400.0
_INK = 90
_LEGEND_FONT, _LEGEND_X, _LEGEND_BASELINE, _LEGEND_PITCH = 12, 636.0, 66, 24
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_GAP = 5
"""Columns from the last of a word to the first of the next, at least; between two letters there are at most 4."""
_MARGIN = 24
"""Pixels by which a long title may come out of the page."""
_MOMENT = re.compile(r"(\w{3})\W*(\d{1,2})\s*(\w{3})\s*(\d{4})\s*(\d{2})\W?(\d{2})\W?(\d{2})")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a title says. ``reasons`` names the facts that are missing or that nothing confirms."""

    title: str
    symbol: str
    exchanges: tuple[str, ...]
    leverage: str | None
    timestamp: datetime | None
    reasons: dict[str, str]


def spell(canvas: Canvas) -> str | None:
    """The title, its symbol by the recogniser and what follows word by word by the font; None where one is not clear.

    Whether it is right is for ``read_facts`` to say.
    """
    ink = np.flatnonzero((canvas.off_page[_BASELINE - 13 : _BASELINE + 1] > _INK).any(0))
    ends = np.flatnonzero(np.diff(ink) >= _GAP)
    if len(ends) == 0 or ink[ends[0]] - ink[0] > 300:
        return None
    left, right = int(ink[0]), int(ink[ends[0]]) + 1
    crop = canvas.crop(left - 4, _BASELINE - 22, right + 3, _BASELINE + 6)
    symbol = read_texts([crop], allow=SYMBOL + ":")[0].text.rstrip(":")
    if not symbol.isalnum():
        return None
    pen = Pen(_strip(canvas), _FONT, left + _MARGIN - 1.0, _BASELINE)
    read = pen.take([f"{other}:" for other in lookalikes(symbol, SYMBOL)], reach=2, drop=2, lead=0)
    if read is None:
        return None
    told = [pen.take([f" {name}" for name in EXCHANGES])]
    while told[-1] in _EXCHANGE_WORDS:
        told.append(pen.take([*(f"_{name}" for name in EXCHANGES), *(f" - {day}," for day in _DAYS)]))
    digits = [str(digit) for digit in range(10)]
    rest = ([f" {digit}" for digit in range(4)], digits, [f" {month}" for month in _MONTHS], [" 20"], digits, digits,
            [f" {digit}" for digit in range(3)], digits, *([f":{digit}" for digit in range(6)], digits) * 2,
            [f" GMT {leverage}" for leverage in LEVERAGES])  # fmt: skip
    for words in rest:
        if told[-1] is None:
            return None
        told.append(pen.take(words))
    return None if told[-1] is None else read + "".join(word or "" for word in told)


def _strip(canvas: Canvas) -> Patch:
    """The luma of the title's rows, with ``_MARGIN`` columns of page to either side."""
    page = round(float(np.array(PAGE) @ (0.299, 0.587, 0.114)))
    return np.pad(canvas.luma[: _BASELINE + 16], ((0, 0), (_MARGIN, _MARGIN)), constant_values=page)


_EXCHANGE_WORDS = frozenset(mark + name for mark in " _" for name in EXCHANGES)


def read_facts(canvas: Canvas, match: re.Match[str], swatches: int) -> Facts:
    """The facts in a title of the map's pattern; ``swatches``: how many exchanges the legend shows."""
    symbol = match["symbol"].upper()
    words = [word.lower() for word in (match["exchanges"] or "").split("_") if word]
    exchanges = tuple((get_close_matches(word, EXCHANGES, n=1, cutoff=0.7) or [word])[0] for word in words)
    leverage = leverage_of(match["leverage"]) if match["leverage"] else None
    timestamp, weekday = _moment(match["moment"] or "")
    if timestamp is None:
        return Facts(
            match.string, symbol, exchanges, leverage, None,
            {"timestamp": f"{match['moment'] or match.string[-40:]!r} is no date"}
            | dict.fromkeys(("symbol", "exchanges", "leverage"), "the title's date cannot be read"),
        )  # fmt: skip
    printed = f"{timestamp:%a, %d} {_MONTHS[timestamp.month - 1]} {timestamp:%Y %H:%M:%S} GMT"
    start = f"{symbol}: {'_'.join(exchanges)} - {printed} "
    if leverage is None:
        leverage = max(LEVERAGES, key=lambda word: _laid(canvas, start + word)[2])
    title = start + leverage
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
    x, baseline, likeness = _laid(canvas, title)
    if likeness < 0.75:
        return dict.fromkeys(
            ("symbol", "exchanges", "timestamp", "leverage"), "the title does not look like what was read in it"
        )
    strip = _strip(canvas)
    parts = {
        "symbol": (f"{symbol}:", SYMBOL),  # the colon would else count as ink that is none of its own
        "exchanges": ("_".join(exchanges), ""),  # words of a known vocabulary, which the legend confirms
        "timestamp": (printed, "0123456789"),
        "leverage": (leverage, "" if leverage in LEVERAGES else ascii_lowercase),
    }
    reasons = {}
    start = 0
    for name, (part, alphabet) in parts.items():
        start = title.index(part, start)
        place = x + advance(title[:start], _FONT, bold=True)
        end = place + advance(part, _FONT, bold=True)
        canvas.note(name, "box", (place, baseline - 12, end, baseline + 4), part.rstrip(":"))
        anchor = None if name == "symbol" else 0
        witness = confirm(strip, part, _FONT, place + _MARGIN, baseline, alphabet, True, 0.75, anchor)
        if not witness.agrees(likeness=0.65):
            reasons[name] = (
                f"it may be {witness.rival.rstrip(':')} as well" if witness.rival != part else "it is blurred"
            )
        start += len(part)
    if x < 1:
        reasons["symbol"] = "the symbol is cut by the page's edge"
    return reasons


def _laid(canvas: Canvas, title: str) -> tuple[float, float, float]:
    """Where a title around the page's middle starts, its baseline, and its likeness to the pixels."""
    x = _CENTRE - advance(title, _FONT, bold=True) / 2
    x, baseline, likeness = follow(_strip(canvas), title, _FONT, x + _MARGIN, _BASELINE, reach=2)
    return x - _MARGIN, baseline, likeness


def _in_legend(canvas: Canvas, exchanges: tuple[str, ...]) -> bool:
    """Whether the legend lists the exchanges, by name from top to bottom: bars and curves run behind it, so that each
    name has to be more like the pixels than every other that may stand there."""
    total = 0.0
    for row, name in enumerate(sorted(exchanges)):
        likeness = {
            other: settle(canvas.luma, other, _LEGEND_FONT, _LEGEND_X, _LEGEND_BASELINE + row * _LEGEND_PITCH)[2]
            for other in {*EXCHANGES, name}
        }
        if likeness[name] < max(likeness.values()):
            return False
        total += likeness[name]
    return total / max(len(exchanges), 1) >= 0.55


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
