"""A copy of a chart with everything drawn on it that the reader found: the way to trust or to doubt a reading.

Green is verified, red is not, blue is what values were measured on. Each red thing has a number; the column at the
right gives the reason by that number.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from kingtui.charts.callouts import Rectangle, place
from kingtui.charts.font import font_file
from kingtui.charts.kinds import read
from kingtui.charts.locate import open_picture
from kingtui.charts.reading import AnyReading, Kind
from kingtui.charts.sketch import Mark, Sketch, Verdict, verdict

_WIDTH, _MOST = 1600, 3.0
"""The chart's page is enlarged to this many pixels, but at most so many times: small print gets room for words."""
_DIMMED = 0.72
"""The picture's brightness under what is drawn on it."""
_PANEL = 560
_MARGIN, _PAD = 18, 3
_TEXT, _HEAD = 15, 20
"""Font sizes in pixels."""
_MOST_NAMES = 12
"""So many values are listed under one reason."""

Colour = tuple[int, int, int]
_SURE: Colour = (80, 250, 123)
_UNSURE: Colour = (255, 96, 96)
_BASIS: Colour = (120, 190, 255)
_WORDS: Colour = (235, 235, 240)
_CHIP = (12, 14, 24, 215)
_PAPER: Colour = (18, 20, 32)


def explain(data: bytes) -> tuple[AnyReading, bytes]:
    """The reading of a picture, and a PNG of the picture with all that was found and used for it drawn on it.

    The reading is the one that ``read`` gives. Raises NotAPicture.
    """
    sketch = Sketch()
    reading = read(data, sketch)
    return reading, draw(open_picture(data), reading, sketch)


def draw(picture: Image.Image, reading: AnyReading, sketch: Sketch) -> bytes:
    """The PNG of ``picture`` with the marks of ``sketch`` on it and the reasons beside it."""
    found = _numbered(reading, sketch)
    left, _, right, _ = sketch.page or (0, 0, *picture.size)
    scale = min(max(_WIDTH / (right - left), 1.0), _MOST)
    size = (round(picture.width * scale), round(picture.height * scale))
    chart = picture.resize(size, Image.Resampling.LANCZOS).point(lambda level: round(level * _DIMMED))
    layer = ImageDraw.Draw(chart, "RGBA")
    if sketch.page is not None:
        layer.rectangle([side * scale for side in sketch.page], outline=_BASIS, width=2)
    for mark, said in found.marks:
        _outline(layer, mark, said, scale)
    _name(layer, found, scale, (0, 0, *size))
    return _png(_beside(chart, _panel(reading, found)))


@dataclass
class _Reason:
    """A reason with its number and the values that it holds for."""

    number: int
    names: list[str] = field(default_factory=list)


@dataclass
class _Found:
    """The marks with what the reading says of them, and the reasons in the order of their numbers."""

    marks: list[tuple[Mark, Verdict]]
    reasons: dict[str, _Reason]


def _numbered(reading: AnyReading, sketch: Sketch) -> _Found:
    found = _Found([(mark, verdict(mark, reading)) for mark in sketch.marks], {})
    seen: dict[str, str] = {}
    for mark, said in found.marks:
        if said.sure is False:
            seen[mark.about] = seen.get(mark.about, "") or mark.text
            reason = found.reasons.setdefault(said.reason, _Reason(len(found.reasons) + 1))
            if mark.doubt is not None:
                reason.names.append(f"{mark.about} {mark.text}".strip())
    for about, why in _unsure(reading):
        reason = found.reasons.setdefault(why, _Reason(len(found.reasons) + 1))
        text = seen.get(about, "")
        reason.names.append(text if text and about not in reading.reasons else f"{about} {text}".strip())
    return found


def _unsure(reading: AnyReading) -> Iterator[tuple[str, str]]:
    """The fields and parts that are not verified, and why not."""
    yield from reading.reasons.items()
    for name in ("rows", "points", "bands", "clusters"):
        parts = getattr(reading, name, ())
        for key, part in parts.items() if isinstance(parts, dict) else enumerate(parts):
            if part is not None and not part.verified:
                yield f"{name}.{key}", part.reason or ""


def _colour(said: Verdict) -> Colour:
    return _BASIS if said.sure is None else _SURE if said.sure else _UNSURE


def _outline(layer: ImageDraw.ImageDraw, mark: Mark, said: Verdict, scale: float) -> None:
    colour = _colour(said)
    places = [(x * scale, y * scale) for x, y in mark.places]
    if mark.form == "line":
        layer.line(places, fill=(*colour, 230), width=2)
    elif mark.form == "circle":
        layer.ellipse(places, outline=colour, width=2)
    else:
        layer.rectangle(places, outline=(*colour, 200), fill=(*colour, 22), width=1)


def _name(layer: ImageDraw.ImageDraw, found: _Found, scale: float, within: Rectangle) -> None:
    """Write beside each mark what was read there, with the number of the reason where it is not verified."""
    named = [
        (mark, said, f"{mark.text} [{found.reasons[said.reason].number}]".strip() if said.sure is False else mark.text)
        for mark, said in sorted(
            found.marks, key=lambda one: one[0].about == "title"
        )  # the longest, where room is left
        if mark.text or mark.doubt is not None
    ]
    anchors = [_anchor(mark, scale) for mark, _, _ in named]
    font = _font(_TEXT)
    sizes = [(font.getlength(words) + 2 * _PAD, _TEXT + 2 * _PAD) for _, _, words in named]
    callouts = place(anchors, sizes, [_bounds(mark, scale) for mark, _ in found.marks if mark.form != "line"], within)
    for anchor, callout, (_, said, _) in zip(anchors, callouts, named, strict=True):
        if callout.far:
            layer.line([_nearest(anchor, callout.box), _nearest(callout.box, anchor)], fill=(*_colour(said), 150))
    for callout, (_, said, words) in zip(callouts, named, strict=True):
        left, top, _, bottom = callout.box
        layer.rectangle(callout.box, fill=_CHIP)
        layer.text((left + _PAD, (top + bottom) / 2), words, fill=_colour(said), font=font, anchor="lm")


def _bounds(mark: Mark, scale: float) -> Rectangle:
    across, down = ([place[axis] * scale for place in mark.places] for axis in (0, 1))
    return min(across), min(down), max(across), max(down)


def _anchor(mark: Mark, scale: float) -> Rectangle:
    """Beside what of a mark its words stand: a curve's highest point, the start of a long line, a tall box's top."""
    left, top, right, bottom = _bounds(mark, scale)
    if mark.form == "line" and len(mark.places) > 2:
        x, y = min(mark.places, key=lambda place: place[1])
        return x * scale, y * scale, x * scale, y * scale
    if mark.form == "line" and right - left > _WIDTH / 4:
        return left, top, left + 1, bottom
    return left, top, right, min(bottom, top + 4 * _TEXT)


def _nearest(box: Rectangle, to: Rectangle) -> tuple[float, float]:
    """The point of a box that is the nearest to the middle of another."""
    x, y = (to[0] + to[2]) / 2, (to[1] + to[3]) / 2
    return min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])


def _panel(reading: AnyReading, found: _Found) -> list[tuple[str, Colour, int]]:
    """The column beside the picture, line by line: text, colour, font size."""
    lines: list[tuple[str, Colour, int]] = [(reading.kind.label, _WORDS, _HEAD)]
    if reading.title:
        lines += _wrapped(reading.title, _WORDS)
    parts = reading.parts()
    total = len(reading.verified) + len(reading.reasons) + len(parts)
    sure = len(reading.verified) + sum(part.verified for part in parts)
    if reading.kind is not Kind.UNKNOWN:
        lines += _wrapped(f"{sure} of {total} values verified by a second way", _SURE if sure == total else _WORDS)
    lines.append(("", _WORDS, _TEXT))
    for words, colour in (("green: verified", _SURE), ("red: not verified", _UNSURE), ("blue: measured on", _BASIS)):
        lines.append((words, colour, _TEXT))
    for why, reason in found.reasons.items():
        lines.append(("", _WORDS, _TEXT))
        lines += _wrapped(f"[{reason.number}] {why}", _UNSURE)
        more = len(reason.names) - _MOST_NAMES
        listed = ", ".join(reason.names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        lines += _wrapped(listed, _WORDS)
    return lines


def _wrapped(text: str, colour: Colour) -> list[tuple[str, Colour, int]]:
    """The text in lines as wide as the column; a word that is wider is broken."""
    font, room = _font(_TEXT), _PANEL - 2 * _MARGIN
    lines = [""]
    for word in text.split():
        whole = f"{lines[-1]} {word}".strip()
        if font.getlength(whole) <= room:
            lines[-1] = whole
            continue
        lines.append("")
        for character in word:
            if font.getlength(lines[-1] + character) > room:
                lines.append("")
            lines[-1] += character
    return [(line, colour, _TEXT) for line in lines if line]


def _beside(chart: Image.Image, lines: list[tuple[str, Colour, int]]) -> Image.Image:
    """The chart with the column at its right, as high as the higher of the two."""
    tall = 2 * _MARGIN + sum(round(size * 1.4) for _, _, size in lines)
    whole = Image.new("RGB", (chart.width + _PANEL, max(chart.height, tall)), _PAPER)
    whole.paste(chart)
    layer, y = ImageDraw.Draw(whole), _MARGIN
    for text, colour, size in lines:
        layer.text((chart.width + _MARGIN, y), text, fill=colour, font=_font(size))
        y += round(size * 1.4)
    return whole


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_file()), size, layout_engine=ImageFont.Layout.BASIC)


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
