"""Grounding: of a text that a model wrote, only the sentences whose every number is one of the facts.

A number of the text is a fact's where it is the fact's value rounded to the places that the text prints, with the same
unit (percent or none) and no opposite sign; rounding may move it by a twentieth at most and never to 0. Beside the
facts as printed, two derivations count, both from a price level L and the reference price P of the sheet: the
distance abs(L − P), and the distance in percent, abs(L − P) ÷ P · 100. Dates and times must be written as in the
facts. A sentence that names subjects of the sheet (a symbol, a cluster, a horizon) may use their numbers only, and
those that belong to no subject. What was written in words ("two", "half") counts as a number too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from kingtui.reports.format import one_line
from kingtui.reports.numbers import Found, Number, numbers_in

MOST_SENTENCES = 12
LONGEST = 400
"""Characters of a sentence."""
_EXACT = Decimal("1e-12")
MOST_ROUNDED = Decimal("0.05")
"""How far rounding may move a number, as a share of it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a sheet: what the model is told. ``level``: the printed price in it that lies somewhere from the price.

    ``subjects``: whom its numbers belong to; none: anyone.
    """

    text: str
    subjects: tuple[str, ...] = ()
    level: str = ""


@dataclass(frozen=True)
class FactSheet:
    """All that a model is told, and all that it may say numbers of. ``about``: what the sheet is of, a heading.

    ``names``: words of the domain that have digits in them and are no numbers, such as 1000PEPE.
    """

    about: str
    facts: tuple[Fact, ...]
    reference: str = ""
    """The printed price that distances count from."""
    names: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The facts as they are told, a line each."""
        return "\n".join([self.about, *(f"- {one_line(fact.text)}" for fact in self.facts)])

    @cached_property
    def _read(self) -> tuple[tuple[Fact, Found, tuple[Number, ...]], ...]:
        return tuple((fact, numbers_in(fact.text, self.names), tuple(self._derived(fact))) for fact in self.facts)

    def _derived(self, fact: Fact) -> Iterator[Number]:
        if not (fact.level and self.reference):
            return
        current = _value(self.reference)
        away = _value(fact.level) - current
        sign = (away > 0) - (away < 0)
        yield Number("", abs(away), _EXACT, sign=sign)
        if current:
            yield Number("", abs(away) / current * 100, _EXACT, percent=True, sign=sign)

    def objection(self, sentence: str) -> str:
        """Why a sentence does not follow from the facts; empty where every number in it is one of them."""
        found = numbers_in(sentence, self.names)
        if found.strange:
            return f"{found.strange[0]!r} is no number of the facts"
        named = {*found.labels, *self._named(sentence)}
        allowed = [item for item in self._read if self._may_use(item[0], named)]
        labels = {label for fact, read, _ in self._read for label in (*fact.subjects, *read.labels)}
        for label in found.labels:
            if label not in labels:
                return f"the facts have no {label}"
        moments = {moment for _, read, _ in allowed for moment in read.moments}
        for moment in found.moments:
            if moment not in moments:
                return f"{moment} is no time of the facts"
        known = [number for _, read, derived in allowed for number in (*read.numbers, *derived)]
        for number in found.numbers:
            if not any(same(number, fact) for fact in known):
                return f"{number.text.strip()!r} is no number of the facts"
        return ""

    @staticmethod
    def _may_use(fact: Fact, named: set[str]) -> bool:
        return not named or not fact.subjects or any(subject in named for subject in fact.subjects)

    def _named(self, sentence: str) -> Iterator[str]:
        for subject in {subject for fact in self.facts for subject in fact.subjects}:
            if re.search(rf"(?<!\w){re.escape(subject)}(?!\w)", sentence):
                yield subject


@dataclass(frozen=True, slots=True)
class Words:
    """What is left of a model's text. ``objections``: why each other sentence was removed."""

    sentences: tuple[str, ...]
    objections: tuple[str, ...] = ()
    author: str = ""

    @property
    def removed(self) -> int:
        """How many sentences were removed."""
        return len(self.objections)


def ground(texts: Iterable[str], sheet: FactSheet, author: str = "") -> Words:
    """The sentences of ``texts`` that say nothing but facts, as plain text in their order."""
    kept: list[str] = []
    objections: list[str] = []
    for sentence in (sentence for text in texts for sentence in sentences(text)):
        objection = _shape(sentence) or sheet.objection(sentence)
        if not objection and len(kept) >= MOST_SENTENCES:
            objection = f"there are more than {MOST_SENTENCES} sentences"
        if objection:
            objections.append(objection)
        elif sentence not in kept:
            kept.append(sentence)
    return Words(tuple(kept), tuple(objections), author)


def same(said: Number, fact: Number) -> bool:
    """Whether what is said is the fact, as precisely as it is said."""
    if (
        said.percent is not fact.percent
        or (said.sign == -1 and fact.sign != -1)
        or (said.sign == 1 and fact.sign == -1)
    ):
        return False
    moved = abs(said.value - fact.value)
    return moved <= said.step / 2 and moved <= MOST_ROUNDED * fact.value and bool(said.value) is bool(fact.value)


def _value(printed: str) -> Decimal:
    found: Sequence[Number] = numbers_in(printed).numbers
    return found[0].value if found else Decimal(0)


_ADDRESS = re.compile(r"://|\bwww\.|[\w.+-]+@[\w-]+\.\w|\b\w+\.(?:com|net|org|io|me|xyz|app|gg)\b", re.IGNORECASE)


def _shape(sentence: str) -> str:
    if len(sentence) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if _ADDRESS.search(sentence):
        return "it names an address"
    return "" if any(character.isalpha() for character in sentence) else "it has no words"


_ABBREVIATED = re.compile(r"(?:\b(?:vs|approx|ca|e\.g|i\.e|resp|incl|excl|no|cf|etc)|\b[A-Za-z])\.$", re.IGNORECASE)
_END = re.compile(r"(?<=[.!?])[\"')\]”]*\s+")


def sentences(text: str) -> list[str]:
    """The sentences of a text as plain words: its Markdown and HTML go, and what a link was put on stays."""
    found: list[str] = []
    for line in plain(text).splitlines():
        begun = ""
        for piece in _END.split(line):
            begun = f"{begun} {piece}".strip()
            if not _ABBREVIATED.search(begun):
                found.append(begun)
                begun = ""
        found.append(begun)
    return [sentence for sentence in (one_line(item) for item in found) if sentence]


_PLAIN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL), ""),  # comments, tags, <https://…>
    (re.compile(r"!\[[^\[\]]*\]\([^()]*\)|!\[[^\[\]]*\]\[[^\[\]]*\]"), ""),  # pictures
    (re.compile(r"\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])"), r"\1"),  # links
    (re.compile(r"^[ \t]*\[[^\]]*\]:.*$", re.MULTILINE), ""),  # where links lead
    (re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*\|.*$", re.MULTILINE), ""),  # tables
    (re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•][ \t]+|\d{1,2}[.)][ \t]+)", re.MULTILINE), ""),
    (re.compile(r"\*\*|__|~~|`+|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)"), ""),
)


def plain(text: str) -> str:
    """Markdown as text, line by line."""
    for _ in range(5):  # what was nested shows layer by layer
        before = text
        for pattern, kept in _PLAIN:
            text = pattern.sub(kept, text)
        if text == before:
            break
    return text
