"""Bringing what waits to the table: what changed of each symbol, in tens; around columns and records it refuses."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kingtui.mirror.documents import Document, digest, documents
from kingtui.models import KingError
from kingtui.models.mirrored import KEY
from kingtui.services.airtable import BATCH, UNKNOWN_COLUMN, WRONG_VALUE, AirtableTable, Barred, Rejected
from kingtui.steps.base import Toolbox
from kingtui.store import outbox
from kingtui.store.outbox import Delivered, Waiting

log = logging.getLogger("kingtui.mirror")

LOOK = 50
"""Symbols that are looked at together."""
GRACE_SECONDS = 3.0
"""For a call that is at work when kingtui stops, so that what it brought is remembered."""
REFUSED_SECONDS = 3600.0
LONGEST_REFUSED_SECONDS = 86_400.0
ALIKE = 2
"""So many records whose value a column refuses: it is the column, not the records."""
HOPELESS = 3
"""So many records refused one after another, and none taken: it is the table, not the records."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one symbol's row lacks: its columns (their names) → values, and the hash of every column it shall hold."""

    row: Waiting
    changed: Mapping[str, Any]
    wanted: Mapping[str, str]


@dataclass(slots=True)
class Delivery:
    """One delivery of everything that is ready. ``left_out``: columns (their names) that are not sent, and why."""

    tools: Toolbox
    table: AirtableTable
    columns: Mapping[str, str]
    left_out: dict[str, str]
    keep: Callable[[Sequence[Delivered]], Awaitable[None]]
    """Remembers what the table holds now."""
    records: int = 0
    _alike: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _refused: int = 0

    async def send(self, began: datetime, patience: timedelta, *, all_of_it: bool = False) -> None:
        """Send until nothing is ready that was waiting at ``began``. Raises Unreachable, Barred, StoreFailed.

        ``patience``: what has waited longer waits for no report; ``all_of_it``: nothing does.
        """
        while True:
            now = self.tools.clock.now()
            overdue = now if all_of_it else now - patience
            async with self.tools.database.read() as connection:
                rows = await outbox.ready(connection, now, overdue, LOOK)
            if not rows or rows[0].since > began:
                return
            parcels = await self._parcels(rows, now)
            unchanged = {row.key: row.version for row in rows} | {parcel.row.key: 0 for parcel in parcels}
            async with self.tools.database.write() as tx:
                await outbox.pass_over(tx, {key: version for key, version in unchanged.items() if version})
            for first in range(0, len(parcels), BATCH):
                await _to_the_end(self._send(parcels[first : first + BATCH]))

    async def _parcels(self, rows: Sequence[Waiting], now: datetime) -> list[Parcel]:
        found = await documents(self.tools.database, self.tools.home, [row.key for row in rows], now)
        parcels = [self._parcel(row, found[row.key]) for row in rows]
        return [parcel for parcel in parcels if parcel.changed]

    def _parcel(self, row: Waiting, document: Document) -> Parcel:
        if document[KEY] is None and not row.held:
            return Parcel(row, {}, {})  # forgotten before it was ever sent
        document = document | {KEY: row.key}
        values = {theirs: document[ours] for ours, theirs in self.columns.items() if theirs not in self.left_out}
        wanted = {theirs: digest(value) for theirs, value in values.items()}
        changed = {theirs: values[theirs] for theirs, seen in wanted.items() if row.held.get(theirs) != seen}
        return Parcel(row, changed, wanted)

    @property
    def _key(self) -> str:
        return self.columns[KEY]

    async def _send(self, parcels: Sequence[Parcel]) -> None:
        """Send up to ten; where Airtable refuses them, find out which record or column it is, and send the rest."""
        records = [
            {theirs: value for theirs, value in parcel.changed.items() if theirs not in self.left_out}
            | {self._key: parcel.row.key}
            for parcel in parcels
        ]
        async with self.tools.database.write() as tx:
            await outbox.doubt(tx, {record[self._key]: record.keys() for record in records})
        try:
            created = await self.table.upsert(records, self._key)
        except Rejected as error:
            await self._rejected(parcels, error)
            return
        self._refused = 0
        self.records += len(parcels)
        await self.keep([self._delivered(parcel, parcel.row.key in created) for parcel in parcels])

    def _delivered(self, parcel: Parcel, created: bool) -> Delivered:
        """A row that was made anew holds nothing but what was sent now, whatever it held before."""
        wanted = {theirs: seen for theirs, seen in parcel.wanted.items() if theirs not in self.left_out}
        sent = {theirs: seen for theirs, seen in wanted.items() if theirs in parcel.changed or theirs == self._key}
        kept = {} if created else {theirs: seen for theirs, seen in parcel.row.held.items() if theirs in wanted}
        held = kept | sent
        return Delivered(parcel.row.key, parcel.row.version, held, whole=held == wanted)

    async def _rejected(self, parcels: Sequence[Parcel], error: Rejected) -> None:
        sent = {theirs for parcel in parcels for theirs in parcel.changed} - self.left_out.keys() | {self._key}
        column = error.column(sent)
        if error.kind == UNKNOWN_COLUMN and await self._without_unknown(column, sent):
            await self._send(parcels)
        elif len(parcels) > 1:
            middle = len(parcels) // 2
            await self._send(parcels[:middle])
            await self._send(parcels[middle:])
        elif error.kind == WRONG_VALUE and column is not None and self._is_the_column(column, parcels[0].row.key):
            self.left_out[column] = error.message
            async with self.tools.database.write() as tx:
                await outbox.hasten(tx, self._alike.pop(column))
            await self._send(parcels)
        else:
            await self._refuse(parcels[0], error)

    async def _without_unknown(self, column: str | None, sent: set[str]) -> bool:
        """Leave out a column that the table has not; whether one was found. Raises Barred where it is the key."""
        if column is not None:
            missing = {column}
        else:
            try:
                missing = sent - (await self.table.columns() or {}).keys()
            except (Barred, Rejected):  # a token that may not see the columns
                return False
        if self._key in missing:
            raise Barred(
                f"{self.table.place} has no column {self._key!r}, by which its rows are told apart",
                "kingtui airtable init makes the missing columns",
            )
        for name in sorted(missing):
            self.left_out[name] = "the table has no such column"
        return bool(missing)

    def _is_the_column(self, column: str, symbol: str) -> bool:
        self._alike[column].add(symbol)
        return column != self._key and len(self._alike[column]) >= ALIKE

    async def _refuse(self, parcel: Parcel, error: Rejected) -> None:
        doubled = await self._duplicates(parcel)
        text = doubled or str(error)
        now = self.tools.clock.now()
        wait = min(REFUSED_SECONDS * 2**parcel.row.attempts, LONGEST_REFUSED_SECONDS)
        log.warning("Airtable refuses the record of %s: %s", parcel.row.key, text)
        async with self.tools.database.write() as tx:
            await outbox.refuse(tx, parcel.row.key, parcel.row.version, text, now + timedelta(seconds=wait))
        self._refused += not doubled
        if self._refused >= HOPELESS and not self.records:
            raise Barred(
                f"Airtable refuses every record: {text}",
                "kingtui airtable init shows where the table differs from what is written",
            )

    async def _duplicates(self, parcel: Parcel) -> str:
        """A sentence where the table has several rows of the symbol: an upsert cannot tell which is meant."""
        try:
            rows = await self.table.rows_of(self._key, parcel.row.key)
        except KingError:  # what it was refused for is told instead
            return ""
        if len(rows) < 2:
            return ""
        named = f"{parcel.row.key} ({', '.join(rows[:5])})"
        return f"the table has {len(rows)} rows whose {self._key} is {named}: delete all but one"


async def _to_the_end(work: Any) -> None:
    """Await ``work``; where the caller is cancelled meanwhile, a little longer."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=GRACE_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
