"""Moments, durations, counts and marks as the dashboard shows them.

Every mark has a symbol and a word: colour only helps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from kingtui.models import HealthWord, Progress, Run, RunStatus, StepStatus
from kingtui.reports.format import age

REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Mark:
    """A symbol, a word, and the theme's colour that goes with them (``$text-success``, …)."""

    symbol: str
    word: str
    style: str

    @property
    def text(self) -> str:
        """``✓ completed``"""
        return f"{self.symbol} {self.word}"


STEP_MARKS: dict[StepStatus, Mark] = {
    StepStatus.PENDING: Mark("◇", "pending", "$text-warning"),
    StepStatus.RUNNING: Mark("▶", "running", "$text-primary"),
    StepStatus.COMPLETED: Mark("✓", "completed", "$text-success"),
    StepStatus.FAILED: Mark("✗", "failed", "$text-error"),
    StepStatus.IDLE: Mark("○", "idle", "$foreground-muted"),
}
RUN_MARKS: dict[RunStatus, Mark] = {
    RunStatus.PENDING: Mark("◇", "pending", "$text-warning"),
    RunStatus.RUNNING: Mark("▶", "running", "$text-primary"),
    RunStatus.SUCCESS: Mark("✓", "success", "$text-success"),
    RunStatus.FAILED: Mark("✗", "failed", "$text-error"),
    RunStatus.TIMEOUT: Mark("✗", "timeout", "$text-error"),
    RunStatus.CANCELLED: Mark("■", "cancelled", "$text-warning"),
}
HEALTH_MARKS: dict[HealthWord, Mark] = {
    HealthWord.WELL: Mark("●", "well", "$text-success"),
    HealthWord.WORKING: Mark("▶", "working", "$text-primary"),
    HealthWord.ATTENTION: Mark("▲", "attention", "$text-warning"),
    HealthWord.STOPPED: Mark("■", "stopped", "$text-error"),
}


def plain(text: object) -> str:
    """Text of others on one line, without anything that acts on a terminal or reorders what stands beside it."""
    return "".join(char if char.isprintable() else " " if char.isspace() else REPLACEMENT for char in str(text))


def plain_lines(text: str) -> str:
    """The same for text of several lines."""
    return "\n".join(plain(line) for line in text.splitlines())


def ago(at: datetime, now: datetime) -> str:
    """``just now``, ``12 min ago``, ``2 d 4 h ago``"""
    words = age(at, now)
    return words if words == "just now" else f"{words} ago"


def coarse_age(at: datetime, now: datetime) -> str:
    """An age for a column of many: in steps of five minutes below an hour, so that the column is seldom painted."""
    minutes = int((now - at).total_seconds() // 60)
    if 1 <= minutes < 5:
        return "< 5 min"
    return f"{minutes - minutes % 5} min" if 5 <= minutes < 60 else age(at, now)


def until(at: datetime, now: datetime) -> str:
    """``now``, ``in 45 s`` (only below a minute), ``in 4 min``, ``in 1 h 5 min``: never sooner than it will be."""
    seconds = math.ceil((at - now).total_seconds())
    if seconds <= 0:
        return "now"
    if seconds < 60:
        return f"in {seconds} s"
    minutes = math.ceil(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"in {minutes} min"
    return f"in {hours} h {rest} min" if rest else f"in {hours} h"


def took(seconds: float | None) -> str:
    """A duration: ``0.4 s``, ``12 s``, ``3 min 5 s``, ``2 h 10 min``; empty where there is none."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def counted(count: int, word: str) -> str:
    """``1 picture``, ``1,204 pictures``"""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def stamp(at: datetime, now: datetime) -> str:
    """The time of day in UTC; with its date where that is not today's."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"


def result(run: Run) -> str:
    """What a run did: ``6 done, 1 failed in 1.2 s``, ``nothing due``."""
    parts = [
        f"{number:,} {word}"
        for number, word in ((run.done, "done"), (run.failed, "failed"), (run.quarantined, "quarantined"))
        if number
    ]
    text = ", ".join(parts) or "nothing due"
    return f"{text} in {took(run.duration)}" if parts and run.duration is not None else text


def pace(progress: Progress, run: Run, now: datetime) -> str:
    """How fast a run goes and how long it may still take: ``2.1/s, 26 s left``; empty before anything was done."""
    seconds = (now - run.started_at).total_seconds() if run.started_at else 0.0
    if progress.done <= 0 or seconds < 1:
        return ""
    rate = progress.done / seconds
    speed = f"{rate:.1f}/s" if rate >= 1 else f"{rate * 60:.0f}/min"
    left = max(progress.total - progress.done, 0)
    return f"{speed}, {took(round(left / rate))} left" if left else speed
