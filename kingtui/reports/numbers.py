"""The numbers in a sentence, digits and words, each with its unit and the precision that it is printed with."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

HORIZONS = {"24": "24-Hour", "7": "7-Day", "1": "1-Month", "30": "1-Month"}
_MULTIPLES = {
    "k": 3, "thousand": 3, "M": 6, "million": 6, "bn": 9, "B": 9, "billion": 9, "trillion": 12,
}  # fmt: skip
_SLOT = r"[+\-−][12](?![0-9]|[.,][0-9]|\s?%|\w)"
_SLOTS = re.compile(
    rf"(?<!\w)(?:liq)?(?:clusters?|slots?)[ \u00a0]?{_SLOT}(?:(?:, | and | or |, and |/){_SLOT})*", re.IGNORECASE
)
_HORIZON = re.compile(
    r"(?<![\w.,+\-−$€£])(?:(24)(?:h|[- ](?i:hours?))|(7)(?:d|[- ](?i:days?))|(1)(?:m|[- ](?i:months?))"
    r"|(30)[- ](?i:days?))(?!\w)"
)
_SHORT = re.compile(r"(?<![\w.,+\-−$€£])(?:24h|7d)(?!\w)")
_OF_A_MONTH = re.compile(r"1m[ -](?:win|rate|horizon|window|view|reading|outlook|lean|bias)")
"""What is a month for sure; ``1m`` alone may be a million."""
_DATE = re.compile(r"(?<![\w.,-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-])")
_TIME = re.compile(r"(?<![\w.,:])[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?![\w:])")
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<sign>[+\-−])?[$€£]?(?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)"
    r"(?P<power>[eE][+-]?[0-9]{1,2})?"
    r"(?:[ \u00a0\u202f]?(?P<unit>%|percent\b|per cent\b|percentage points?\b|thousand\b|million\b|billion\b|trillion\b"
    r"|bn\b|[kMBx×](?!\w)))?(?!\w|[.,][0-9])"
)
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SMALL = {word: number for number, word in enumerate((
    "zero", *_ONES, "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)) if word != "one"}  # fmt: skip
_COUNT = "percent|per cent|hundred|thousand|million|billion|third|quarter|half|times|dollar|point"
_COUNTED = (
    "symbol|coin|asset|token|market|cluster|slot|band|bar|level|map|chart|row|exchange|venue|minute|hour|day|week|month"
    "|year|long|short|position|trader|trade"
)
_WORD = re.compile(
    rf"(?<!\w)(?:(?P<one>one(?=[ -](?:{_COUNT})))"
    rf"|(?P<single>(?:(?<=only )|(?<=just )|(?<=exactly )|(?<=least )|(?<=most ))one|one(?= (?:{_COUNTED})(?!\w))"
    rf"|(?<!every )(?<!each )single(?= (?:{_COUNTED})(?!\w)))"
    rf"|(?P<small>{'|'.join(_SMALL)})"
    r"|halfway|midway|couples?|pairs? of|nil|naught|nought"
    r"|(?<!the )(?:thirds?|fourths?|fifths?|tenths?)|hal(?:f|ves|ved|ving)|quarters?|doubl(?:e|es|ed|ing)"
    r"|tripl(?:e|es|ed|ing)|quadrupl\w+|twice|thrice|\w+fold|dozens?"
    r"|(?:hundred|hundredth|thousand|million|billion|trillion)s?"
    rf"|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]?(?:{'|'.join(_ONES)}))?"
    rf"|point[ -](?:zero|{'|'.join(_ONES)}))(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """``value`` in units of one; ``step``: one in its last printed place; ``sign``: +1, −1, or 0 where none stands."""

    text: str
    value: Decimal
    step: Decimal
    percent: bool = False
    sign: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What a sentence holds. ``labels``: slots (``+1``) and horizons (``24-Hour``) that it names.

    ``strange``: what has digits or means a number but cannot be read as one.
    """

    numbers: tuple[Number, ...]
    moments: tuple[str, ...]
    """Dates and times of day, as they are written."""
    labels: tuple[str, ...]
    strange: tuple[str, ...]


def numbers_in(sentence: str, names: Collection[str] = ()) -> Found:
    """Every number of ``sentence``, as it will be seen. ``names``: words with digits that are no numbers (1INCH).

    Nothing that has a digit, of any script, is overlooked: what is not understood is ``strange``.
    """
    rest = sentence
    for name in sorted(names, key=len, reverse=True):
        rest = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "·", rest)
    labels: list[str] = []
    for match in _SLOTS.finditer(rest):
        labels += [f"{'+' if sign == '+' else '-'}{digit}" for sign, digit in re.findall(r"([+\-−])([12])", match[0])]
    rest = _SLOTS.sub("·", rest)
    horizons = [match for match in _HORIZON.finditer(rest) if _is_horizon(rest, match)]
    labels += [HORIZONS[next(filter(None, match.groups()))] for match in horizons]
    for match in reversed(horizons):
        rest = f"{rest[: match.start()]}·{rest[match.end() :]}"
    moments = _DATE.findall(rest)
    rest = _DATE.sub("·", rest)
    moments += _TIME.findall(rest)
    rest = _TIME.sub("·", rest)
    numbers = [_number(match) for match in _NUMBER.finditer(rest)]
    rest = _NUMBER.sub("·", rest)
    strange = [word for word in rest.split() if any(character.isnumeric() for character in word)]
    for match in _WORD.finditer(rest):
        if match["single"]:
            numbers.append(Number(match[0], Decimal(1), Decimal(1)))
        elif match["small"]:
            numbers.append(Number(match[0], Decimal(_SMALL[match["small"].lower()]), Decimal(1), _percent(rest, match)))
        else:
            strange.append(match[0])
    return Found(tuple(numbers), tuple(moments), tuple(labels), tuple(strange))


def _is_horizon(text: str, match: re.Match[str]) -> bool:
    """``1m`` is a month where its rate, or another horizon written so, is spoken of; else it may be a million."""
    if match[0] != "1m":
        return True
    return _OF_A_MONTH.match(text, match.start()) is not None or _SHORT.search(text) is not None


def _number(match: re.Match[str]) -> Number:
    digits, unit = match["digits"].replace(",", ""), match["unit"] or ""
    power = int((match["power"] or "e0")[1:]) + _MULTIPLES.get(unit, 0)
    decimals = len(digits.partition(".")[2])
    percent = unit.startswith(("%", "per"))
    sign = 0 if not match["sign"] else 1 if match["sign"] == "+" else -1
    return Number(match[0], Decimal(digits).scaleb(power), Decimal(1).scaleb(power - decimals), percent, sign)


def _percent(text: str, match: re.Match[str]) -> bool:
    return re.match(r"[ -]?(?:%|percent|per cent)", text[match.end() :]) is not None
