"""The words of the domain: pictures and their stages, runs of steps, evidence, symbols' records, health."""

from kingtui.charts.reading import SLOTS, Kind, Slot
from kingtui.models.basics import KingError, NotFound, WrongUse, iso, symbol_of
from kingtui.models.pictures import Image, Stage
from kingtui.models.records import ClusterLevel, Evidence, Horizon, Report, SymbolRecord, Value, WinRate
from kingtui.models.runs import (
    MANUAL,
    STEPS,
    Backlog,
    Health,
    HealthWord,
    LogEntry,
    Progress,
    Run,
    RunStatus,
    Status,
    StepInfo,
    StepStatus,
    StepView,
    Triggered,
)

__all__ = [
    "MANUAL",
    "SLOTS",
    "STEPS",
    "Backlog",
    "ClusterLevel",
    "Evidence",
    "Health",
    "HealthWord",
    "Horizon",
    "Image",
    "Kind",
    "KingError",
    "LogEntry",
    "NotFound",
    "Progress",
    "Report",
    "Run",
    "RunStatus",
    "Slot",
    "Stage",
    "Status",
    "StepInfo",
    "StepStatus",
    "StepView",
    "SymbolRecord",
    "Triggered",
    "Value",
    "WinRate",
    "WrongUse",
    "iso",
    "symbol_of",
]
