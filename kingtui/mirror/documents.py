"""What a mirror shall hold of a symbol: its record, the analyses of its newest pictures, its latest report."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from kingtui.home import Home
from kingtui.models import Evidence, Report, SymbolRecord, iso
from kingtui.models.mirrored import ANALYSES, COLUMNS
from kingtui.reports.record import record
from kingtui.store import images, moves, symbols
from kingtui.store.database import Database

LONGEST_TEXT = 95_000
"""Characters of a text cell; Airtable takes 100,000."""
_CUT = "\n\n… cut here: the whole text is in kingtui's home.\n"

Document = dict[str, Any]
"""Our column names → numbers, texts, or None where a value is unknown. Every column is in it.

Of a symbol of which nothing tells (any more) all are None, its name too.
"""


async def documents(database: Database, home: Home, names: Sequence[str], now: datetime) -> dict[str, Document]:
    """Of each symbol what the store says of it now."""
    async with database.read() as connection:
        known = await symbols.newest_evidence(connection, names)
        latest = {name: await symbols.latest_report(connection, name) for name in names}
        pictures = {item.image_id for items in known.values() for item in items}
        sheets = await images.analyses(connection, pictures)
        underway = {row.dst: row.src for row in await moves.open_moves(connection)}
    return await asyncio.to_thread(_documents, names, known, latest, sheets, _Texts(home.root, underway), now)


class _Texts:
    """Files of the home. One that was committed and is still being moved is read where it is."""

    def __init__(self, root: Path, underway: Mapping[str, str]) -> None:
        self._root = root
        self._underway = underway
        self._read: dict[str, str | None] = {}

    def text(self, path: str | None) -> str | None:
        """The text, cut to what a cell takes; None where there is no such file (any more)."""
        if path is None:
            return None
        if path not in self._read:
            found = (self._content(name) for name in (path, self._underway.get(path), path) if name)
            self._read[path] = next((text for text in found if text is not None), None)
        return self._read[path]

    def _content(self, path: str) -> str | None:
        try:
            return _cell((self._root / path).read_text("utf-8", "replace"))
        except FileNotFoundError:
            return None


def _cell(text: str) -> str:
    """A text as a cell holds it: no control characters but line ends and tabs, and not too long.

    What begins like a formula stays as it is: a text cell of Airtable is never evaluated.
    """
    text = "".join(char for char in text if char in "\n\t" or (char >= " " and char != "\x7f"))
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - len(_CUT)] + _CUT


def _documents(
    names: Sequence[str], known: Mapping[str, Sequence[Evidence]], latest: Mapping[str, Report | None],
    sheets: Mapping[int, str], texts: _Texts, now: datetime,
) -> dict[str, Document]:  # fmt: skip
    return {name: document(name, record(name, known.get(name, ()), now), latest[name], sheets, texts) for name in names}


def document(
    name: str, found: SymbolRecord | None, report: Report | None, sheets: Mapping[int, str], texts: _Texts
) -> Document:
    """One symbol's. A report whose file is gone is none."""
    made: Document = dict.fromkeys(column.name for column in COLUMNS)
    if found is None:
        return made
    made |= {column: _number(value) for column, value in found.flat().items() if column in made}
    for kind, column in ANALYSES.items():
        newest = next((item for item in found.evidence if item.kind is kind), None)
        made[column] = texts.text(sheets.get(newest.image_id)) if newest else None
    if report is not None and (text := texts.text(report.file)) is not None:
        made |= {"Report": text, "ReportGenerated": iso(report.at)}
    return made


def _number(value: object) -> object:
    """A value of a record; what JSON has no number for is unknown."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def digest(value: object) -> str:
    """A short hash of a cell's value, by which the same value is known again."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
