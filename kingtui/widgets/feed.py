"""The activity feed: events in plain words, where many of a sort become one line.

Knows nothing of the screen. Lines are oldest first; each has a time and a tone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from kingtui.events import (
    AttachmentChanged,
    Event,
    HealthChanged,
    Missed,
    Notice,
    PauseChanged,
    PictureArrived,
    PictureStaged,
    ReportWritten,
    Restarted,
    RunFinished,
    SymbolUpdated,
)
from kingtui.models import MANUAL, Attachment, HealthWord, Run, RunStatus, Stage
from kingtui.widgets.words import counted, plain, result

Tone = Literal["plain", "good", "warning", "error"]

LINES = 100
TOGETHER = timedelta(seconds=15)
"""Things of one sort that follow within this time share a line."""
KNOWN = timedelta(minutes=10)
"""A reason for attention that a line of this time tells of already is not told again."""
SHOWN = 3
"""Names that a line spells out."""

_ENDS: dict[Stage, tuple[str, str, Tone]] = {
    Stage.UNKNOWN: ("is not a chart that kingtui knows", "are not charts that kingtui knows", "warning"),
    Stage.DUPLICATE: ("is a duplicate", "are duplicates", "plain"),
    Stage.QUARANTINED: ("went to Quarantine", "went to Quarantine", "error"),
    Stage.MISSING: ("is gone from its folder", "are gone from their folders", "warning"),
}
_TONES: dict[str, Tone] = {"information": "plain", "warning": "warning", "error": "error"}


@dataclass(slots=True)
class Line:
    """One line. Lines of a ``sort`` gather names while they are young."""

    at: datetime
    tone: Tone
    text: str
    sort: str = ""
    names: dict[str, None] = field(default_factory=dict)
    """Of symbols all, of pictures the first few, in their order."""
    count: int = 0
    """How many things it tells of: each symbol once, each picture."""
    newest: datetime | None = None


class Feed:
    """The last hundred lines."""

    def __init__(self) -> None:
        self.lines: deque[Line] = deque(maxlen=LINES)
        self._health = HealthWord.WELL
        self._cut_off = False

    def take(self, events: Iterable[Event], at: datetime) -> bool:
        """Put events into words; whether any line changed."""
        changed = [self._take(event, at) for event in events]
        return any(changed)

    def remember(self, runs: Iterable[Run]) -> None:
        """Begin with what the runs before the start did, oldest first; only while nothing else is told."""
        if self.lines:
            return
        for run in runs:
            if run.finished_at is not None and (run.items or run.error):
                tone: Tone = "warning" if run.error else "plain"
                what = plain(run.error) if run.error and not run.items else result(run)
                self._say(tone, f"Step {run.step}: {what}", run.finished_at)

    def _take(self, event: Event, at: datetime) -> bool:
        match event:
            case PictureArrived():
                self._gather("arrived", "good", event.name, at)
            case PictureStaged(stage=Stage.ANALYSED):
                self._gather("read", "good", event.name, at)
            case PictureStaged() if event.stage in _ENDS:
                self._gather(event.stage.value, _ENDS[event.stage][2], event.name, at, event.reason)
            case SymbolUpdated():
                self._gather("symbols", "good", event.symbol, at)
            case ReportWritten():
                self._gather("reports", "good", event.symbol, at)
            case RunFinished():
                return self._run(event.run, at)
            case HealthChanged():
                return self._health_changed(event, at)
            case PauseChanged():
                self._say("warning" if event.paused else "good", _PAUSED if event.paused else _RESUMED, at)
            case Restarted():
                self._say("warning", "Restarted: every run was ended, all steps are idle; nothing is lost", at)
            case Notice():
                self._say(_TONES[event.severity], plain(event.text), at)
            case AttachmentChanged():
                return self._attachment_changed(event.attachment, at)
            case Missed(count=0):
                return False
            case Missed():
                self._say("plain", f"{counted(event.count, 'event')} came too fast to show; the log has them all", at)
            case _:
                return False
        return True

    def _say(self, tone: Tone, text: str, at: datetime) -> None:
        self.lines.append(Line(at, tone, text[:1].upper() + text[1:]))

    def _gather(self, sort: str, tone: Tone, name: str, at: datetime, reason: str | None = None) -> None:
        name = plain(name)
        line = next((line for line in reversed(self.lines) if line.sort == sort), None)
        if line is None or line.newest is None or at - line.newest > TOGETHER:
            line = Line(at, tone, "", sort)
            self.lines.append(line)
        line.newest = at
        of_symbols = sort in ("symbols", "reports")
        if of_symbols or len(line.names) < SHOWN:
            line.names[name] = None
        line.count = len(line.names) if of_symbols else line.count + 1
        line.text = _words(sort, list(line.names)[:SHOWN], line.count, plain(reason) if reason else None)

    def _run(self, run: Run, at: datetime) -> bool:
        """What broke or timed out comes as a notice of the orchestrator; timers without items are no news."""
        name = f"Step {run.step}"
        if run.status is RunStatus.CANCELLED:
            self._say("warning", f"{name}: cancelled (run {run.id})", at)
        elif run.status is RunStatus.SUCCESS and (run.items or run.trigger == MANUAL):
            tone: Tone = "warning" if run.failed or run.quarantined else "plain"
            self._say(tone, f"{name}: {result(run)}", at)
        else:
            return False
        return True

    def _health_changed(self, event: HealthChanged, at: datetime) -> bool:
        before, self._health = self._health, event.health.word
        if event.health.word is HealthWord.ATTENTION:
            for reason in event.health.reasons:
                text = plain(reason)
                if not any(text[1:] in line.text and at - line.at < KNOWN for line in self.lines):
                    self._say("warning", text, at)
            return True
        if before is HealthWord.ATTENTION:
            self._say("good", "All is well again", at)
            return True
        return False

    def _attachment_changed(self, attachment: Attachment, at: datetime) -> bool:
        """It is told once that the connection was lost, not at every try."""
        before, self._cut_off = self._cut_off, attachment.lost is not None
        if attachment.lost is not None and not before:
            self._say("error", f"Connection lost: {plain(attachment.lost)}", at)
        elif attachment.lost is None and before:
            self._say("good", f"Connected again with {plain(attachment.address)}", at)
        return before != self._cut_off


_PAUSED = "Paused: steps run only when you ask for them"
_RESUMED = "Resumed: steps run by themselves again"


def _words(sort: str, names: list[str], count: int, reason: str | None) -> str:
    rest = count - len(names)
    listed = ", ".join(names) + (f" and {rest:,} more" if rest else "")
    if sort == "symbols":
        return f"Updated: {listed}"
    if sort == "reports":
        return f"Report{'' if count == 1 else 's'} written: {listed}"
    if sort in ("arrived", "read"):
        verb = "arrived" if sort == "arrived" else ("was read" if count == 1 else "were read")
        return f"{names[0]} {verb}" if count == 1 else f"{count:,} pictures {verb}"
    one, many, _ = _ENDS[Stage(sort)]
    if count > 1:
        return f"{count:,} pictures {many}: {listed}"
    return f"{names[0]} {one}" + (f": {reason}" if reason else "")
