"""The words of the domain: pictures and their stages, runs of steps, evidence, symbols' records, health."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from kingtui.charts.reading import SLOTS as SLOTS
from kingtui.charts.reading import Kind as Kind
from kingtui.charts.reading import Slot as Slot


class KingError(Exception):
    """Something went wrong that a person can understand: the text is a sentence that names the thing."""


class WrongUse(KingError):
    """A wrong setting, flag or argument: exit code 2, HTTP 400."""


class NotFound(KingError):
    """What was asked for does not exist: HTTP 404."""


def iso(moment: datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC with ``+00:00``, to the microsecond where it has any."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


_SEPARATORS = re.compile(r"[\s/_:.-]+")
_QUOTE = re.compile(r"(?<=.)(USDT|USD)$")
_SYMBOL = re.compile(r"[A-Z0-9]{1,20}")


def symbol_of(text: str) -> str:
    """The symbol that ``text`` means: ``btc``, ``BTC/USDT`` and ``BTCUSDT`` are BTC; 1000PEPE and 1INCH stay.

    Raises WrongUse where nothing of the pattern ``[A-Z0-9]{1,20}`` remains.
    """
    if len(text) <= 64:
        symbol = _QUOTE.sub("", _SEPARATORS.sub("", text.strip().upper()) if "/../" not in text else "")
        if _SYMBOL.fullmatch(symbol) and ".." not in text:
            return symbol
    raise WrongUse(f"{text[:40]!r} is not a symbol: 1 to 20 letters and digits are allowed, such as BTC or 1000PEPE")


class Stage(StrEnum):
    """Where a picture stands. The first five wait for the step of the same order; the rest are ends."""

    NEW = "new"
    SORTED = "sorted"
    UNIQUE = "unique"
    ANALYSED = "analysed"
    EXTRACTED = "extracted"
    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Image:
    """One file that arrived. ``path`` and ``name`` are relative to the home; ``sha256`` names its bytes."""

    id: int
    sha256: str
    path: str
    name: str
    """The file name as it arrived, cleaned for display."""
    size: int
    stage: Stage
    arrived_at: datetime
    staged_at: datetime
    kind: Kind | None = None
    symbol: str | None = None
    title: str | None = None
    original_id: int | None = None
    """Of a duplicate: the picture it repeats."""
    reason: str | None = None
    """Of an end (unknown, duplicate, quarantined, missing): why."""
    attempts: int = 0
    next_try: datetime | None = None
    failed_stage: Stage | None = None
    verified: bool | None = None
    """Whether every value read from it was verified; None before it was read."""
    analysis: str | None = None
    """The analysis file, relative to the home."""
    pixels: str | None = None
    """SHA-256 of the decoded pixels."""
    phash: str | None = None
    """The perceptual hash, 16 hex digits: it names candidates for duplicates and proves nothing."""


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


Horizon = Literal["24h", "7d", "1m"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one picture says about one symbol, and when.

    ``facts`` by kind (JSON data):
    ratio charts ``{long, short, arrow, verified, leverage}``; liquidation map ``{price, price_verified,
    bars: [[price, total], …], bars_verified, clusters: {slot: {price, strength, verified}|null}, leverage, exchanges,
    cumulated: {long_end, short_end}, price_step}``; heat map ``{price, price_verified,
    bands: [{price, strength, distance, verified}], leverage}``; RSI ``{rsi, verified}``.
    """

    symbol: str
    kind: Kind
    sha256: str
    at: datetime
    at_source: Literal["chart", "message", "arrival"]
    facts: Mapping[str, Any]
    image_id: int
    name: str = ""
    """The picture's file name, for the report's evidence table."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a record with what it rests on."""

    value: float
    at: datetime
    source: str
    """In words: ``liquidation map``, ``RSI heat map``, ``binance`` (a live price)."""
    verified: bool
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterLevel:
    """A cluster of the newest map. ``passed``: the current price has since crossed it."""

    price: float
    strength: float
    at: datetime
    verified: bool
    passed: bool = False


@dataclass(frozen=True, slots=True)
class WinRate:
    """The liquidation-implied win rate of one horizon: ``long`` + ``short`` = 100, whole percents."""

    long: int
    short: int
    source: str
    """What it rests on in words: ``short-term ratio``, ``liquidation map, bars within ± 5 %``, …"""
    at: datetime
    verified: bool

    @property
    def text(self) -> str:
        """``12% Long/88% Short``"""
        return f"{self.long}% Long/{self.short}% Short"


@dataclass(frozen=True, slots=True)
class SymbolRecord:
    """All that is known of a symbol at ``computed_at``: a function of its evidence, a live price and that moment."""

    symbol: str
    computed_at: datetime
    last_updated: datetime
    """The time of its newest evidence."""
    price: Value | None = None
    clusters: Mapping[Slot, ClusterLevel | None] = field(default_factory=lambda: dict.fromkeys(SLOTS))
    win_rates: Mapping[Horizon, WinRate | None] = field(default_factory=lambda: {"24h": None, "7d": None, "1m": None})
    rsi: Value | None = None
    bands: Sequence[Mapping[str, Any]] = ()
    evidence: Sequence[Evidence] = ()
    """The newest picture of each kind, newest first."""

    @property
    def score(self) -> int | None:
        """The larger number of the 24-hour rate."""
        rate = self.win_rates["24h"]
        return None if rate is None else max(rate.long, rate.short)

    @property
    def verified(self) -> bool:
        """Whether every value in it was verified."""
        values = [self.price, self.rsi, *self.clusters.values(), *self.win_rates.values()]
        return all(value.verified for value in values if value is not None)

    @property
    def stale(self) -> bool:
        """Whether its newest evidence is older than a day."""
        return (self.computed_at - self.last_updated).total_seconds() > 86_400

    def flat(self) -> dict[str, Any]:
        """The flat record of ``GET /data/{symbol}``."""
        data: dict[str, Any] = {
            "Symbol": self.symbol,
            "CurrentPrice": self.price.value if self.price else None,
            "CurrentPriceAt": iso(self.price.at) if self.price else None,
            "CurrentPriceSource": self.price.source if self.price else None,
            "Score": self.score,
        }
        for horizon, rate in self.win_rates.items():
            data[f"WinRate_{horizon}"] = rate.text if rate else None
            data[f"WinRate_{horizon}_Source"] = rate.source if rate else None
            data[f"WinRate_{horizon}_At"] = iso(rate.at) if rate else None
        for slot in SLOTS:
            level = self.clusters[slot]
            data[f"Liqcluster{slot}"] = level.price if level else None
        return data | {
            "RSI": self.rsi.value if self.rsi else None,
            "LastUpdated": iso(self.last_updated),
            "Verified": self.verified,
            "Stale": self.stale,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """A professional report of a symbol. ``file`` is relative to the home."""

    id: int
    symbol: str
    file: str
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log."""

    at: datetime
    level: str
    logger: str
    text: str
    run_id: int | None = None
