"""The six steps and their runs, health, and the status that every face shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kingtui.models.sources import SourceState


class StepStatus(StrEnum):
    """SPEC's status of a step."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    IDLE = "idle"


class RunStatus(StrEnum):
    """A run in the history; the first two are not in it yet."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class StepInfo:
    """A step's number, name and module file (the ``script`` of the API)."""

    number: int
    name: str
    script: str


STEPS: tuple[StepInfo, ...] = (
    StepInfo(1, "Monitor & Download Images", "kingtui/steps/download.py"),
    StepInfo(2, "Sort Images with AI", "kingtui/steps/sort.py"),
    StepInfo(3, "Remove Duplicates", "kingtui/steps/dedupe.py"),
    StepInfo(4, "Analyze & Create Reports", "kingtui/steps/analyse.py"),
    StepInfo(5, "Extract Liquidation Clusters", "kingtui/steps/extract.py"),
    StepInfo(6, "Generate Professional Reports", "kingtui/steps/report.py"),
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for a step: items due now, and items that wait for their next try."""

    due: int = 0
    waiting: int = 0
    next_try: datetime | None = None
    """When the first waiting item comes due."""
    newest: datetime | None = None
    """When the newest due item came to this step."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: items finished of those it knows of."""

    done: int = 0
    total: int = 0
    note: str = ""


MANUAL = "manual"
"""The trigger of a run that a person or a program asked for."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a step, as the history shows it. ``count`` > 1: timer runs without items, collapsed."""

    id: int
    step: int
    status: RunStatus
    trigger: str
    """Why it ran, in words: MANUAL, ``new pictures``, ``timer``, …"""
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    done: int = 0
    failed: int = 0
    quarantined: int = 0
    error: str | None = None
    count: int = 1
    calls: int = 0
    """Questions to a language model that were answered or failed."""
    tokens: int = 0
    """Read and written by the model."""
    cost: int = 0
    """What they cost, in millionths of a US dollar."""

    @property
    def items(self) -> int:
        """Items that it finished in any way."""
        return self.done + self.failed + self.quarantined

    @property
    def duration(self) -> float | None:
        """Seconds from start to finish."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as every face shows it."""

    info: StepInfo
    status: StepStatus
    backlog: Backlog = Backlog()
    last_run: Run | None = None
    current_run: Run | None = None
    progress: Progress | None = None
    next_trigger: datetime | None = None
    """When a timer or a retry asks for it next; None: on events only."""
    held: bool = False
    """Cancelled: waits for a manual trigger or a new item."""
    waits: str = ""
    """Why it does not run although there is work, in words."""


class HealthWord(StrEnum):
    """Health in one word."""

    WELL = "well"
    WORKING = "working"
    ATTENTION = "attention"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Health:
    """The word and, for attention, its reasons as sentences."""

    word: HealthWord = HealthWord.WELL
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceView:
    """Where pictures come from, and when the last one did."""

    name: str
    """One word: ``drop`` (the downloads folder), ``inbox``, ``demo``, ``telegram``."""
    label: str
    """In words."""
    last_picture_at: datetime | None = None
    note: str = ""
    """How it is, where that needs to be said: ``next try in 3 min``."""
    state: SourceState | None = None
    """Of a source that lives on a connection: how that is."""


@dataclass(frozen=True, slots=True)
class Status:
    """All that the home screen and ``/status`` show."""

    at: datetime
    steps: tuple[StepView, ...]
    health: Health
    paused: bool
    demo: bool
    history_count: int
    pictures_total: int
    pictures_today: int
    last_picture_at: datetime | None
    source: str
    """The configured sources in words, or ``none``."""
    api_address: str | None
    """``http://127.0.0.1:5555``; None while there is no API."""
    api_problem: str | None = None
    """Why there is no API although there should be."""
    home: str = ""
    version: str = ""
    starting: tuple[str, ...] = ()
    """What was not done yet since the start, as sentences; empty: ready."""
    stopping: bool = False
    """New work is refused: kingtui ends."""
    sources: tuple[SourceView, ...] = ()
    """Each with its last picture: the downloads folder first, then the configured ones."""

    @property
    def is_running(self) -> bool:
        """Whether any step is at work."""
        return any(step.status is StepStatus.RUNNING for step in self.steps)


@dataclass(frozen=True, slots=True)
class Triggered:
    """The answer to a trigger: the run it leads to, and whether it joined one that was waiting."""

    step: StepInfo
    run_id: int
    merged: bool


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log."""

    at: datetime
    level: str
    logger: str
    text: str
    run_id: int | None = None
