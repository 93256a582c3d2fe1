"""A picture in words: its stage as a mark, what was read from it value by value, and what a person can do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from kingtui.models import Image, Kind, PictureView, ReadValue, Stage
from kingtui.widgets.words import Mark, ago, counted, plain, until
from kingtui.widgets.wrapping import breaks

STAGE_MARKS: dict[Stage, Mark] = {
    Stage.NEW: Mark("◇", "new", ""),
    Stage.SORTED: Mark("◇", "sorted", ""),
    Stage.UNIQUE: Mark("◇", "unique", ""),
    Stage.ANALYSED: Mark("◇", "analysed", ""),
    Stage.EXTRACTED: Mark("✓", "extracted", "success"),
    Stage.UNKNOWN: Mark("?", "unknown", "warning"),
    Stage.DUPLICATE: Mark("=", "duplicate", "muted"),
    Stage.QUARANTINED: Mark("✗", "quarantined", "error"),
    Stage.MISSING: Mark("✗", "missing", "warning"),
}
_NEXT = {
    Stage.NEW: "It waits for step 2, which says what it is.",
    Stage.SORTED: "It waits for step 3, which looks whether it is here already.",
    Stage.UNIQUE: "It waits for step 4, which reads it.",
    Stage.ANALYSED: "It waits for step 5, which brings its numbers to their symbols.",
}
LABEL = 11


def kind(image: Image) -> str:
    """What it is; empty where that is not known."""
    return "" if image.kind in (None, Kind.UNKNOWN) else image.kind.label


def advice(image: Image) -> str:
    """What a person can do about it, in a sentence; empty where there is nothing to do."""
    match image.stage:
        case Stage.QUARANTINED:
            return "Press t to try it again. If it ends here again, look at the file itself: it is kept as it came."
        case Stage.UNKNOWN:
            return "Nothing is to be done if it is no chart. If it is one, press e to look at it anew."
        case Stage.DUPLICATE:
            return "Nothing is to be done: its numbers come from the original. Press o to see that one."
        case Stage.MISSING:
            return "Drop the file into downloads again if you still have it."
    return ""


def sure(values: Sequence[ReadValue]) -> tuple[int, int]:
    """How many values are verified, and how many carry a mark."""
    marked = [value for value in values if value.verified is not None]
    return sum(value.verified is True for value in marked), len(marked)


def facts(view: PictureView, now: datetime, width: int) -> Content:
    """Where it stands and why, where it came from, and where its file is."""
    image, mark = view.image, STAGE_MARKS[view.image.stage]
    tone = {"": "", "muted": "$foreground-muted"}.get(mark.style, f"$text-{mark.style}")
    what = " ".join(filter(None, [image.symbol, kind(image)])) or "not known yet"
    rows: list[tuple[str, Content | str]] = [
        ("Picture", Content.assemble((what, "bold"), (f"   number {image.id}", "$foreground-muted"))),
        ("Stage", Content.assemble((mark.text, tone), (f"   {ago(image.staged_at, now)}", "$foreground-muted"))),
    ]
    if image.reason:
        rows.append(("Why", Content.styled(plain(image.reason), "$text-warning")))
    if image.next_try is not None:
        rows.append(("Next", f"attempt {image.attempts} of 3 failed, tried again {until(image.next_try, now)}"))
    elif told := advice(image):
        rows.append(("To do", told))
    elif image.stage in _NEXT:
        rows.append(("Next", _NEXT[image.stage]))
    if view.original is not None:
        rows.append(("Original", f"number {view.original.id}, {plain(view.original.path)}"))
    if view.duplicates:
        rows.append(("Repeated", f"by {counted(view.duplicates, 'other picture')}"))
    rows += [("Arrived", _arrived(view, now)), ("File", plain(view.file))]
    return Content("\n").join([_hanging((label, "$foreground-muted"), text, LABEL, width) for label, text in rows])


def _hanging(label: tuple[str, str], text: Content | str, indent: int, width: int) -> Content:
    """A label and its text, which stays in its own column where it is wrapped."""
    room = max(width - indent, 16)
    if isinstance(text, str):
        pieces = [Content(text[start:end].rstrip()) for start, end in breaks(text, room)]
    else:
        pieces = text.wrap(room)
    first, *rest = pieces or [Content("")]
    head = Content.assemble((label[0].ljust(indent), label[1]), first)
    return Content("\n").join([head, *(Content.assemble(" " * indent, part) for part in rest)])


def _arrived(view: PictureView, now: datetime) -> Content:
    image = view.image
    told = (f"{one.source}{' (its message was deleted)' if one.withdrawn_at else ''}" for one in view.receipts)
    sources = list(dict.fromkeys(told)) or ["a source that is not known"]
    text = f"{image.arrived_at:%Y-%m-%d %H:%M:%S} UTC, {ago(image.arrived_at, now)}, by {', '.join(sources)}"
    captions = [receipt.caption for receipt in view.receipts if receipt.caption]
    return Content.assemble(plain(text), (f"   “{plain(captions[-1])}”" if captions else "", "$foreground-muted"))


def values(view: PictureView, now: datetime, width: int) -> Content:
    """Every value with its mark: ✓ verified, ✗ not verified with the reason below it."""
    if not view.values:
        return Content.styled(_nothing(view), "$foreground-muted")
    good, marked = sure(view.values)
    good, marked = sure(view.values)
    tone, mark = _tone(good == marked), "✓" if good == marked else "✗"
    lines = [Content.assemble((f"{good} of {counted(marked, 'value')} verified", "bold"), (f" {mark}", tone))]
    whose = "of the original, " if view.original is not None else ""
    if view.read_at is not None:
        read = f"{whose}read {ago(view.read_at, now)}, reader version {view.reader}"
        lines.append(Content.styled(read, "$foreground-muted"))
    group, names = "", max(len(plain(value.name)) for value in view.values)
    for value in view.values:
        if value.group != group:
            group = value.group
            lines += [Content(""), Content.styled(group, "bold $text-accent")]
        lines.append(_value(value, min(names, 20), width))
    return Content("\n").join(lines)


def _value(value: ReadValue, room: int, width: int) -> Content:
    name = plain(value.name)[:room].ljust(room)
    text = Content.styled(plain(value.text), "italic" if value.verified is False else "")
    line = _hanging((f"  {name}  ", "$foreground-muted"), text, room + 4, width)
    mark = "·" if value.verified is None else "✓" if value.verified else "✗"
    line = Content.assemble((mark, _tone(value.verified)), line[1:])
    if value.verified is not False:
        return line
    why = Content.styled(plain(value.reason or "not verified"), "$text-warning")
    return Content.assemble(line, "\n", _hanging(("", ""), why, 4, width))


def _tone(verified: bool | None) -> str:
    return "$foreground-muted" if verified is None else "$text-success" if verified else "$text-warning"


def _nothing(view: PictureView) -> str:
    if view.image.stage is Stage.UNKNOWN:
        return "No number was taken from it: it is none of the charts that kingtui knows."
    if view.image.stage is Stage.QUARANTINED:
        return "No number was taken from it."
    if view.image.stage is Stage.MISSING:
        return "Its file was gone before it could be read."
    return "It has not been read yet."


def attempts(view: PictureView, width: int) -> Content:
    """The attempts that failed."""
    lines = [Content.styled("Failed attempts (UTC)", "bold $text-accent")]
    for attempt in view.attempts:
        at = f"{attempt.at:%Y-%m-%d %H:%M:%S}  {attempt.stage.value:<9}"
        lines.append(_hanging((at, "$foreground-muted"), plain(attempt.error), 31, width))
    return Content("\n").join(lines)
