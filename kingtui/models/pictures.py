"""Pictures and their stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from kingtui.charts.reading import Kind


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


@dataclass(frozen=True, slots=True)
class ReadValue:
    """One value that was read from a picture, in words. ``verified`` None: it carries no mark of its own."""

    group: str
    """What it belongs with: ``Chart``, ``Clusters``, ``Rows``, …"""
    name: str
    text: str
    verified: bool | None = None
    reason: str = ""
    """Why it is not available or not verified."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One delivery of a picture. ``message_at``: when the message that brought it was sent."""

    source: str
    received_at: datetime
    message_at: datetime | None = None
    caption: str | None = None
    withdrawn_at: datetime | None = None
    """When the message that brought it was found to be deleted."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt of a step on a picture that failed."""

    at: datetime
    stage: Stage
    error: str


@dataclass(frozen=True, slots=True)
class PictureMark:
    """One thing that the reader found on a picture."""

    about: str
    """The part of the reading that it belongs to, by its JSON's path (``rows.3``), or another word for what only leads
    to values (``price axis``)."""
    form: Literal["box", "line", "circle"]
    places: tuple[tuple[float, float], ...]
    """X and y in pixels of the picture, from its top left corner: the corners of a box or of a circle's box, top left
    and bottom right, or the points of a line."""
    text: str
    """What was read there."""
    verified: bool | None
    """None: it is no value, values were measured on it."""
    reason: str
    """Why it is not verified."""


@dataclass(frozen=True, slots=True)
class PictureMarks:
    """Everything that the reader finds on a picture, and where; no marks where it is none of the charts."""

    width: int
    height: int
    """Of the picture, in pixels."""
    reader: str
    """Version of the reader."""
    marks: tuple[PictureMark, ...]


@dataclass(frozen=True, slots=True)
class PictureView:
    """Everything about one picture: where it is, what was read from it, and what befell it."""

    image: Image
    file: str
    """Where its file is, absolute."""
    original: Image | None = None
    """Of a duplicate: the picture it repeats."""
    duplicates: int = 0
    """How many pictures repeat it."""
    values: tuple[ReadValue, ...] = ()
    """Empty before it was read; of a duplicate what was read from its original."""
    read_at: datetime | None = None
    reader: str | None = None
    """Version of the reader."""
    reading: Mapping[str, Any] | None = None
    """The reading itself as JSON data, as ``kingtui read --json`` prints it."""
    receipts: tuple[Receipt, ...] = ()
    """The newest few deliveries, oldest first."""
    attempts: tuple[Attempt, ...] = ()
    """The newest few failures, oldest first."""
