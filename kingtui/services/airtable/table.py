"""One table of Airtable. pyairtable blocks, so it works in a thread of its own; its own retries are off."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from kingtui.clock import Clock
from kingtui.models import KingError
from kingtui.services.airtable.errors import Unreachable, raise_for, refusal
from kingtui.services.thread import ServiceThread

if TYPE_CHECKING:
    from pyairtable import Table

log = logging.getLogger("kingtui.services.airtable")

BATCH = 10
"""Records that one call may carry."""
GAP_SECONDS = 0.21
"""Between the beginnings of two calls: Airtable allows 5 in a second."""
CONNECT_SECONDS, READ_SECONDS = 5, 30
CALL_SECONDS = 75.0
"""For a whole call: a server that trickles its answer never exceeds the time between two bytes."""
TYPES = {
    "text": ("singleLineText", None),
    "long text": ("multilineText", None),
    "number": ("number", {"precision": 8}),
    "whole number": ("number", {"precision": 0}),
    "moment": (
        "dateTime",
        {"timeZone": "utc", "dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}},
    ),
}
"""What a column holds → Airtable's type and its options."""
Result = TypeVar("Result")
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the table is. ``table``: its name or id."""

    endpoint: str
    base: str
    table: str

    def __str__(self) -> str:
        return f"table {self.table!r} in base {self.base}"


class AirtableTable:
    """Upserts records, looks at columns, makes them. Raises Unreachable, Barred, Rejected."""

    def __init__(self, token: str, place: Place, clock: Clock) -> None:
        self.place = place
        self.called: Callable[[], Awaitable[None]] | None = None
        """Awaited before each call: they are counted, since a plan allows so many a month."""
        self._token = token
        self._clock = clock
        self._thread = ServiceThread("airtable")
        self._table: Table | None = None
        self._next_call = 0.0
        self._calling = asyncio.Lock()

    def close(self) -> None:
        """Let the thread end."""
        self._thread.close()

    async def upsert(self, records: Sequence[Fields], key: str) -> set[str]:
        """Change the rows whose ``key`` column says the same, or make them; the keys of those that were made."""
        sent = {str(record[key]) for record in records}
        answer = await self._call(
            lambda table: table.batch_upsert([{"fields": dict(record)} for record in records], key_fields=[key])
        )
        try:
            rows = {row["id"]: str(row["fields"][key]) for row in answer["records"]}
            created = {rows[row] for row in answer["createdRecords"]}
        except (KeyError, TypeError):
            raise Unreachable("Airtable answers something that is no list of records") from None
        if missing := sent - set(rows.values()):
            raise Unreachable(f"Airtable's answer lacks {', '.join(sorted(missing))}")
        return created

    async def rows_of(self, key: str, value: str) -> list[str]:
        """The ids of the rows whose ``key`` column says ``value``."""
        from pyairtable.formulas import match

        rows = await self._call(lambda table: table.all(formula=match({key: value}), fields=[key]))
        return [str(row["id"]) for row in rows]

    async def columns(self) -> dict[str, str] | None:
        """The table's columns → Airtable's types; None where the base has no such table."""
        tables = await self._call(lambda table: table.base.schema(force=True).tables)
        wanted = self.place.table
        found = next((table for table in tables if wanted in (table.id, table.name)), None)
        return (
            None
            if found is None
            else {column.name: str(getattr(column.type, "value", column.type)) for column in found.fields}
        )

    async def create_column(self, name: str, holds: str) -> None:
        """Make a column."""
        kind, options = TYPES[holds]
        await self._call(lambda table: table.create_field(name, kind, options=options))

    async def create(self, columns: Mapping[str, str]) -> None:
        """Make the table, with these columns (name → what it holds), the first of which is the key."""
        fields: list[dict[str, Any]] = []
        for name, holds in columns.items():
            kind, options = TYPES[holds]
            fields.append({"name": name, "type": kind} | ({"options": options} if options else {}))
        await self._call(lambda table: table.base.create_table(self.place.table, fields))

    async def _call(self, work: Callable[[Table], Result]) -> Result:
        """One call at a time, not more than 5 a second."""
        async with self._calling:
            if (wait := self._next_call - self._clock.monotonic()) > 0:
                await self._clock.sleep(wait)
            self._next_call = self._clock.monotonic() + GAP_SECONDS
            if self.called is not None:
                await self.called()
            try:
                return await self._thread.call(lambda: self._translated(work), CALL_SECONDS)
            except TimeoutError:
                raise Unreachable(f"Airtable does not answer within {CALL_SECONDS:.0f} s") from None

    def _translated(self, work: Callable[[Table], Result]) -> Result:
        """Do a call, in the thread, and say what went wrong in our errors."""
        import requests

        try:
            return work(self._connected())
        except requests.HTTPError as error:
            if error.response is None:
                raise Unreachable(f"Airtable does not answer: {type(error).__name__}") from None
            raise_for(refusal(error.response, self._clock.now()), str(self.place))
            raise
        except requests.JSONDecodeError:
            raise Unreachable("Airtable answers something that is no JSON") from None
        except requests.Timeout:
            raise Unreachable(f"Airtable does not answer within {READ_SECONDS} s") from None
        except requests.RequestException as error:
            raise Unreachable(f"Airtable cannot be reached: {_cause(error)}") from None
        except KingError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            log.debug("pyairtable could not take an answer in", exc_info=error)
            raise Unreachable("Airtable answers something that cannot be understood") from None

    def _connected(self) -> Table:
        if self._table is None:
            from pyairtable import Api

            api = Api(
                self._token,
                endpoint_url=self.place.endpoint,
                retry_strategy=None,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
            self._table = api.table(self.place.base, self.place.table)
        return self._table


def _cause(error: Exception) -> str:
    """The innermost reason of a failed connection, without the address that requests puts around it."""
    reason: BaseException = error
    while (inner := reason.__cause__ or reason.__context__ or _wrapped(reason)) is not None and inner is not reason:
        reason = inner
    return (reason.strerror if isinstance(reason, OSError) else None) or str(reason) or type(reason).__name__


def _wrapped(error: BaseException) -> BaseException | None:
    first = error.args[0] if error.args else None
    inner = getattr(first, "reason", first)
    return inner if isinstance(inner, BaseException) else None
