"""What a reader found on a picture and where: kept only when someone asks to see it (``explain``).

A kind's module notes on its canvas what it used, as it goes: ``canvas.note("rows.3", "box", (x0, y0, x1, y1), "ETH")``.
Whether a mark is verified is not said there: it belongs to a part of the reading, and the reading says it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from kingtui.charts.reading import AnyReading

Form = Literal["box", "line", "circle"]
Place = tuple[float, float]
"""X and y in pixels of the original picture, from its top left corner."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that was found.

    ``about``: the part of the reading that it belongs to, by its JSON's path (``current_price``, ``rows.3``,
    ``clusters.-1``), or another word for what only leads to values (``price axis``). ``places``: the top left and
    bottom right corner of a box or of a circle's box, or the points of a line. ``text``: what was read there.
    ``doubt``: why the reader did not use it, where that is not for the reading to say.
    """

    about: str
    form: Form
    places: tuple[Place, ...]
    text: str = ""
    doubt: str | None = None


@dataclass(slots=True)
class Sketch:
    """The marks of one reading, in the order in which they were made."""

    marks: list[Mark] = field(default_factory=list)
    page: tuple[int, int, int, int] | None = None
    """The chart's page in the picture: left, top, right, bottom; None where there is none."""

    def add(self, about: str, form: Form, places: Iterable[Place], text: str = "", doubt: str | None = None) -> None:
        """Keep a mark."""
        self.marks.append(Mark(about, form, tuple(places), text, doubt))


def plain(value: float, digits: int = 10) -> str:
    """A number as a chart prints it, to so many significant digits: 0.00003767, never 3.767e-05."""
    return format(Decimal(f"{value:.{digits}g}"), "f")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a mark is verified (None: it is none of the reading's values), and why not."""

    sure: bool | None
    reason: str = ""


def verdict(mark: Mark, reading: AnyReading) -> Verdict:
    """What the reading says of the part that a mark is about."""
    if mark.doubt is not None:
        return Verdict(False, mark.doubt)
    if mark.about in reading.reasons:
        return Verdict(False, reading.reasons[mark.about])
    if mark.about in reading.verified:
        return Verdict(True)
    name, _, key = mark.about.partition(".")
    parts = getattr(reading, name, None) if key else None
    part = parts.get(key) if isinstance(parts, dict) else parts[int(key)] if parts else None
    return Verdict(None) if part is None else Verdict(part.verified, part.reason or "")
