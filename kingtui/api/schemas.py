"""What the routes answer, for the documentation: ``/openapi.json`` tells it, and a test holds the answers to it."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from typing_extensions import TypedDict

from kingtui.models import Image, PictureMarks, PictureView, SymbolHistory

__all__ = [
    "Added", "Again", "Cancelled", "Health", "History", "Images", "Levels", "Paused", "PictureMarks", "PictureView",
    "Problem", "Ready", "Record", "Records", "Report", "Reports", "Restarted", "Run", "RunLog", "Status",
    "SymbolHistory", "Symbols", "Triggered",
]  # fmt: skip

Moment: TypeAlias = str
"""ISO 8601 in UTC with ``+00:00``."""


class Health(TypedDict):
    """Whether it lives, and how it is."""

    status: Literal["healthy"]
    service: str
    timestamp: Moment
    version: str
    health: Literal["well", "working", "attention", "stopped"]
    reasons: list[str]


class ModelUse(TypedDict):
    """What a run asked of a language model. ``cost`` in US dollars."""

    calls: int
    tokens: int
    cost: float


class Run(TypedDict):
    """A run of a step. ``duration`` in seconds; ``items`` = ``done`` + ``failed`` + ``quarantined``."""

    id: int
    step: int
    status: Literal["pending", "running", "success", "failed", "timeout", "cancelled"]
    timestamp: Moment
    trigger: str
    duration: float | None
    items: int
    done: int
    failed: int
    quarantined: int
    error: str | None
    count: int
    model: ModelUse | None
    requested_at: Moment
    started_at: Moment | None
    running: bool


class Progress(TypedDict):
    """How far a run is."""

    done: int
    total: int
    note: str


class Step(TypedDict):
    """A step as it stands."""

    status: Literal["pending", "running", "completed", "failed", "idle"]
    last_execution: Moment | None
    script: str
    name: str
    backlog: int
    waiting: int
    next_trigger: Moment | None
    progress: Progress | None
    held: bool
    waits: str
    run_id: int | None
    last_run: Run | None


class Connection(TypedDict):
    """How a source that keeps a connection is: ``detail`` why, ``todo`` what a person can do about it."""

    state: Literal["connecting", "connected", "waiting", "asked to wait", "login needed", "set up wrongly"]
    detail: str
    todo: str
    connected_since: Moment | None
    last_event: Moment | None
    last_sweep: Moment | None
    next_try: Moment | None


class Source(TypedDict):
    """Where pictures come from; ``note``: how it is, in words; ``connection``: null where it keeps none."""

    name: str
    label: str
    last_picture_at: Moment | None
    note: str
    connection: Connection | None


class Status(TypedDict):
    """The six steps, under ``step_1`` to ``step_6``, and the whole."""

    steps: dict[str, Step]
    is_running: bool
    history_count: int
    paused: bool
    health: Literal["well", "working", "attention", "stopped"]
    reasons: list[str]
    demo: bool
    source: str
    sources: list[Source]
    pictures: int
    pictures_today: int
    last_picture_at: Moment | None
    api: str | None
    home: str
    version: str
    timestamp: Moment


class Triggered(TypedDict):
    """The run that a trigger leads to."""

    message: str
    step: str
    run_id: int


class Restarted(TypedDict):
    """Every run was ended."""

    message: str


class Cancelled(TypedDict):
    """Whether a run waited or was at work."""

    cancelled: bool


class Paused(TypedDict):
    """Whether automatic triggers are held now."""

    paused: bool


class Ready(TypedDict):
    """Whether all is at work; ``missing``: what is not, as sentences."""

    ready: bool
    missing: list[str]


class History(TypedDict):
    """Runs that have ended, the newest last."""

    history: list[Run]
    total: int


class RunLog(TypedDict):
    """The log of a run; empty where a run without items kept none."""

    run_id: int
    log: str


Record = TypedDict(
    "Record",
    {
        "Symbol": str,
        "CurrentPrice": float | None,
        "CurrentPriceAt": Moment | None,
        "CurrentPriceSource": str | None,
        "Score": int | None,
        "WinRate_24h": str | None,
        "WinRate_24h_Source": str | None,
        "WinRate_24h_At": Moment | None,
        "WinRate_7d": str | None,
        "WinRate_7d_Source": str | None,
        "WinRate_7d_At": Moment | None,
        "WinRate_1m": str | None,
        "WinRate_1m_Source": str | None,
        "WinRate_1m_At": Moment | None,
        "Liqcluster-2": float | None,
        "Liqcluster-1": float | None,
        "Liqcluster+1": float | None,
        "Liqcluster+2": float | None,
        "RSI": float | None,
        "LastUpdated": Moment,
        "Verified": bool,
        "Stale": bool,
        "PriceNote": str | None,
    },
)
Record.__doc__ = "All that is known of a symbol."


class Records(TypedDict):
    """Records by symbol; null: nothing is known of it."""

    data: dict[str, Record | None]


class Symbols(TypedDict):
    """A part of the list of symbols, and how many match in all."""

    symbols: list[Record]
    total: int


class Bar(TypedDict):
    """The liquidations of a cell of a map."""

    price: float
    total: float
    side: Literal["long", "short", "own"]


class Map(TypedDict):
    """The newest liquidation map that has bars around a price."""

    image_id: int
    at: Moment
    price: float
    price_verified: bool
    bars_verified: bool
    verified: bool
    price_step: float | None
    leverage: str | None
    exchanges: list[str]
    bars: list[Bar]


class Cluster(TypedDict):
    """A cluster of the newest map; ``passed``: the price has crossed it since."""

    slot: Literal["-2", "-1", "+1", "+2"]
    price: float
    strength: float
    at: Moment
    verified: bool
    passed: bool


class Levels(TypedDict):
    """What a plot of a symbol's levels needs."""

    symbol: str
    price: float | None
    price_at: Moment | None
    price_source: str | None
    price_verified: bool | None
    map: Map | None
    clusters: list[Cluster]
    bands: list[dict[str, Any]]


class Report(TypedDict):
    """A report; ``report`` is Markdown, ``file`` relative to the home."""

    symbol: str
    report: str
    file: str
    timestamp: Moment


class ReportRow(TypedDict):
    """A report of the list, without its text."""

    id: int
    symbol: str
    file: str
    timestamp: Moment


class Reports(TypedDict):
    """Reports, newest first, and how many match in all."""

    reports: list[ReportRow]
    total: int


class Images(TypedDict):
    """Pictures, newest first, and how many match in all."""

    images: list[Image]
    total: int


class Added(TypedDict):
    """Where the picture is now, relative to the home."""

    path: str


class Again(TypedDict):
    """The picture goes through the steps again."""

    id: int
    message: str


class Problem(TypedDict):
    """Every error: a sentence for people, and a word for programs."""

    error: str
    code: str
