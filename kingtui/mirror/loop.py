"""The mirror: when a delivery is due, what holds it up, and how it stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kingtui.clock import Clock
from kingtui.events import Notice
from kingtui.mirror.delivery import Delivery
from kingtui.mirror.documents import digest
from kingtui.mirror.state import MirrorState
from kingtui.mirror.words import reasons, service
from kingtui.models import Pushed, Service
from kingtui.models.mirrored import columns_of
from kingtui.services.airtable import AirtableTable, Barred, Place, Unreachable
from kingtui.settings import Settings
from kingtui.steps.base import Toolbox
from kingtui.store import outbox
from kingtui.store.database import StoreFailed
from kingtui.store.outbox import Delivered, Tally

log = logging.getLogger("kingtui.mirror")

TICK_SECONDS = 5.0
REST_SECONDS = 10.0
"""Without a change before what changed is sent, so that symbols that change together go together."""
PATIENCE_SECONDS = 120.0
"""After so long a change waits neither for rest nor for its report."""
BACKOFF_SECONDS = 2.0
LONGEST_BACKOFF_SECONDS = 900.0
BARRED_SECONDS = 3600.0


def missing(settings: Settings) -> str:
    """Which setting a mirror lacks; empty where it has all it needs, or where none is wanted."""
    wanted = settings.airtable_api_key is not None and not settings.demo
    return "AIRTABLE_BASE_ID" if wanted and settings.airtable_base_id is None else ""


def table_of(settings: Settings, clock: Clock) -> AirtableTable | None:
    """The table that the settings name; None where they name none. Painted numbers of a demo go nowhere."""
    if settings.demo or settings.airtable_api_key is None or settings.airtable_base_id is None:
        return None
    place = Place(settings.airtable_endpoint_url, settings.airtable_base_id, settings.airtable_table_name)
    return AirtableTable(settings.airtable_api_key.get_secret_value(), place, clock)


def mirror_of(tools: Toolbox) -> Mirror | None:
    """The mirror that the settings ask for, if any."""
    table = table_of(tools.settings, tools.clock)
    return None if table is None else Mirror(tools, table)


class Mirror:
    """Keeps a table of Airtable at the newest state of every symbol."""

    def __init__(self, tools: Toolbox, table: AirtableTable) -> None:
        self._tools = tools
        self._table = table
        self._table.called = self._count
        self._columns = columns_of(tools.settings.airtable_fields or "")
        self._state: MirrorState | None = None
        self._tally = Tally()
        self._unkept: list[Delivered] = []
        """What the table holds and a full disk did not let us remember."""
        self._delivering = asyncio.Lock()

    async def run(self) -> None:
        """Deliver whenever it is due, until cancelled."""
        tick = min(TICK_SECONDS, self._tools.settings.airtable_interval)
        try:
            while True:
                try:
                    await self.deliver()
                except StoreFailed as error:  # nothing was sent, or it is remembered: the disk may get room again
                    log.warning("the mirror waits: %s", error)
                await self._tools.clock.sleep(tick)
        finally:
            self._table.close()

    async def deliver(self, *, now_or_never: bool = False) -> int:
        """Send what is due; how many records went. ``now_or_never``: all of it, and failing raises KingError."""
        async with self._delivering:
            state = await self._begun()
            if self._unkept:
                await self._keep([])
            now = self._tools.clock.now()
            self._tally = await self._look(now)
            if any(at is not None and at > now for at in (self._tally.ready_since, self._tally.newest)):
                async with self._tools.database.write() as tx:
                    await outbox.clock_set_back(tx, now)
                self._tally = await self._look(now)
            if not now_or_never and not self._due(state, now):
                return 0
            delivery = Delivery(
                self._tools, self._table, self._columns, dict(state.left_out), self._keep
            )  # fmt: skip
            try:
                await delivery.send(now, timedelta(seconds=PATIENCE_SECONDS), all_of_it=now_or_never)
            except (Unreachable, Barred) as error:
                await self._failed(error)
                if now_or_never:
                    raise
            else:
                await self._save(self._known.well())
            finally:
                await self._delivered(delivery, now)
            return delivery.records

    async def push(self, *, everything: bool) -> Pushed:
        """Deliver now, whatever held it up; ``everything``: all columns of all symbols. Raises KingError."""
        state = await self._begun()
        calls = sum(state.calls.values())
        async with self._tools.database.write() as tx:
            now = self._tools.clock.now()
            self._state = replace(state.well(), left_out={})
            await self._known.save(tx, now)
            if everything or state.left_out:
                await outbox.mark_all(tx, now, forget=everything)
            await outbox.hasten(tx)
        records = await self.deliver(now_or_never=True)
        return Pushed(records, sum(self._known.calls.values()) - calls, self._tally.refused_count)

    def service(self) -> Service:
        """How it stands, for people."""
        now = self._tools.clock.now()
        return service(self._table.place, self._state or MirrorState(), self._tally, now)

    def reasons(self) -> Sequence[str]:
        """Why health asks for attention."""
        settings, now = self._tools.settings, self._tools.clock.now()
        return reasons(self._state or MirrorState(), self._tally, now, settings.airtable_interval)

    @property
    def _known(self) -> MirrorState:
        if self._state is None:
            raise RuntimeError("the mirror's state was not loaded")
        return self._state

    async def _begun(self) -> MirrorState:
        """The state, loaded and compared with the settings once."""
        if self._state is not None:
            return self._state
        async with self._tools.database.read() as connection:
            saved = await MirrorState.load(connection)
        place = digest([self._table.place.endpoint, self._table.place.base, self._table.place.table])
        columns = digest(self._columns)
        elsewhere = saved.place != place
        again = elsewhere or saved.columns != columns or bool(saved.left_out)
        state = replace(saved, place=place, columns=columns, left_out={})
        if elsewhere or (state.remedy and not state.quota):  # a start is a reason to try what a person may have mended
            state = state.well()
        async with self._tools.database.write() as tx:
            now = self._tools.clock.now()
            if again:
                await outbox.mark_all(tx, now, forget=elsewhere)
            await state.save(tx, now)
        self._state = state
        return state

    async def _look(self, now: datetime) -> Tally:
        async with self._tools.database.read() as connection:
            return await outbox.tally(connection, now)

    def _due(self, state: MirrorState, now: datetime) -> bool:
        tally, interval = self._tally, self._tools.settings.airtable_interval
        if state.waits(now) or tally.ready_since is None or tally.newest is None:
            return False
        if state.delivered_at is not None:
            since = (now - datetime.fromisoformat(state.delivered_at)).total_seconds()
            if 0 <= since < interval:
                return False
        rested = (now - tally.newest).total_seconds() >= min(REST_SECONDS, interval)
        waited = (now - tally.ready_since).total_seconds()
        return (rested and not tally.unsettled) or waited >= PATIENCE_SECONDS

    async def _count(self) -> None:
        """A call is about to be made. Where that cannot be written down, it is not made."""
        await self._save(self._known.called(self._tools.clock.now()))

    async def _keep(self, delivered: Sequence[Delivered]) -> None:
        self._unkept += delivered
        now = self._tools.clock.now()
        async with self._tools.database.write() as tx:
            await outbox.settle(tx, self._unkept, now)
        self._unkept = []

    async def _save(self, state: MirrorState) -> None:
        self._state = state
        async with self._tools.database.write() as tx:
            await state.save(tx, self._tools.clock.now())

    async def _delivered(self, delivery: Delivery, began: datetime) -> None:
        """A delivery ended in some way."""
        new = {name: why for name, why in delivery.left_out.items() if name not in self._known.left_out}
        if new or delivery.records:
            await self._save(replace(self._known, left_out=delivery.left_out, delivered_at=began.isoformat()))
        if new:
            self._tell(
                "Airtable gets no " + ", ".join(f"{name} ({why})" for name, why in sorted(new.items())) + ": "
                "kingtui airtable init makes missing columns", "warning",
            )  # fmt: skip
        if delivery.records:
            log.info("Airtable: %d records brought up to date", delivery.records)
        self._tally = await self._look(self._tools.clock.now())

    async def _failed(self, error: Unreachable | Barred) -> None:
        now, before = self._tools.clock.now(), self._known
        failures = before.failures + 1
        remedy, quota = "", False
        if isinstance(error, Barred):
            remedy, quota = error.remedy, error.quota
            until = _next_month(now) if quota else now + timedelta(seconds=BARRED_SECONDS)
        else:
            jitter = self._tools.random.uniform(0.75, 1.25)
            own = min(BACKOFF_SECONDS * 2 ** min(failures, 20), LONGEST_BACKOFF_SECONDS) * jitter
            until = now + timedelta(seconds=error.retry_after if error.told else own)
        if str(error) != before.problem:
            log.warning("the mirror waits until %s: %s", f"{until:%Y-%m-%d %H:%M:%S} UTC", error)
            if remedy:
                self._tell(f"{error}: {remedy}", "error")
        await self._save(
            replace(
                before, failures=failures, retry_at=until.isoformat(), problem=str(error), remedy=remedy, quota=quota
            )
        )

    def _tell(self, text: str, severity: str) -> None:
        self._tools.bus.post(Notice(text, "error" if severity == "error" else "warning"))


def _next_month(now: datetime) -> datetime:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
