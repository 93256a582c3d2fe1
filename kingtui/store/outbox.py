"""The outbox: which symbols a mirror elsewhere has not got the newest state of, and what it is known to hold.

A row says that something changed, not what: the state is taken from the store when it is sent, so a newer one always
replaces one that waits, and a symbol's changes can never arrive in another order. A change and its row are one
transaction. ``version`` tells whether a symbol changed again while it was sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.store.schema import outbox, symbols

AIRTABLE = "airtable"
UNKNOWN = ""
"""In the place of a column's hash: the target may hold what was sent last, or what it held before."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A symbol whose newest state waits. ``held``: a hash for each column that the target has got, by its name."""

    key: str
    version: int
    since: datetime
    held: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """How it stands with a target."""

    waiting: int = 0
    oldest: datetime | None = None
    """The first change that waits."""
    newest: datetime | None = None
    """The last change of those that wait and may be sent now."""
    ready_since: datetime | None = None
    """The first change of those that may be sent now: not refused lately."""
    unsettled: int = 0
    """Of those, the symbols whose report is still to be written."""
    refused: tuple[tuple[str, str], ...] = ()
    """Some of the symbols that the target refuses, and why."""
    refused_count: int = 0
    known: int = 0
    """Symbols of which the target holds something."""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A state that the target holds now."""

    key: str
    version: int
    held: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    """False: more of the same state is still to be sent."""


async def mark(tx: AsyncConnection, keys: Iterable[str], now: datetime, target: str = AIRTABLE) -> None:
    """These symbols changed: their newest state waits from now on."""
    rows = [{"target": target, "key": key, "waiting_since": now, "changed_at": now} for key in keys]
    if not rows:
        return
    statement = insert(outbox)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["target", "key"],
            set_={
                "version": outbox.c.version + 1,
                "waiting_since": sa.func.coalesce(outbox.c.waiting_since, statement.excluded.waiting_since),
                "changed_at": statement.excluded.changed_at,
                "attempts": 0,
                "next_try": None,
                "error": None,
            },
        ),
        rows,
    )


async def mark_all(tx: AsyncConnection, now: datetime, target: str = AIRTABLE, *, forget: bool = False) -> int:
    """Every symbol waits, known or forgotten; how many. ``forget``: nothing counts as held, all of it is sent."""
    known = {key for (key,) in await tx.execute(sa.select(symbols.c.symbol))}
    known |= {key for (key,) in await tx.execute(sa.select(outbox.c.key).where(outbox.c.target == target))}
    await mark(tx, sorted(known), now, target)
    if forget:
        await tx.execute(outbox.update().where(outbox.c.target == target).values(held=None))
    return len(known)


async def ready(
    connection: AsyncConnection, now: datetime, overdue: datetime, limit: int, target: str = AIRTABLE
) -> list[Waiting]:
    """What may be sent now, longest waiting first: not refused lately, and not about to get a new report.

    What has waited since before ``overdue`` waits for no report.
    """
    rows = await connection.execute(
        sa.select(outbox.c.key, outbox.c.version, outbox.c.waiting_since, outbox.c.held, outbox.c.attempts)
        .outerjoin(symbols, symbols.c.symbol == outbox.c.key)
        .where(
            _may_go(now, target), sa.or_(symbols.c.due_since.is_(None), outbox.c.waiting_since <= overdue)
        )
        .order_by(outbox.c.waiting_since, outbox.c.id)
        .limit(limit)
    )  # fmt: skip
    return [Waiting(row.key, row.version, row.waiting_since, row.held or {}, row.attempts) for row in rows]


def _may_go(now: datetime, target: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        outbox.c.target == target,
        outbox.c.waiting_since.is_not(None),
        sa.or_(outbox.c.next_try.is_(None), outbox.c.next_try <= now),
    )


async def settle(tx: AsyncConnection, delivered: Collection[Delivered], now: datetime, target: str = AIRTABLE) -> None:
    """The target holds these states; a symbol that changed meanwhile waits on, from now."""
    for item in delivered:
        done = sa.and_(outbox.c.version == item.version, sa.literal(item.whole))
        await tx.execute(
            outbox.update()
            .where(outbox.c.target == target, outbox.c.key == item.key)
            .values(
                held=dict(item.held), sent_at=now, attempts=0, error=None, next_try=None,
                waiting_since=sa.case((done, None), else_=now),
            )
        )  # fmt: skip


async def doubt(tx: AsyncConnection, sent: Mapping[str, Iterable[str]], target: str = AIRTABLE) -> None:
    """These columns of these symbols are about to be sent: what the target holds there is unknown until it is settled.

    Where the answer is lost, the value from before would else count as held although it was replaced.
    """
    keys = (outbox.c.target == target, outbox.c.key.in_(sent.keys()))
    for row in (await tx.execute(sa.select(outbox.c.key, outbox.c.held).where(*keys))).all():
        held = (row.held or {}) | dict.fromkeys(sent[row.key], UNKNOWN)
        await tx.execute(outbox.update().where(outbox.c.target == target, outbox.c.key == row.key).values(held=held))


async def pass_over(tx: AsyncConnection, unchanged: Mapping[str, int], target: str = AIRTABLE) -> None:
    """The target holds the newest state of these already (symbol → version): they wait no more."""
    for key, version in unchanged.items():
        await tx.execute(
            outbox.update()
            .where(outbox.c.target == target, outbox.c.key == key, outbox.c.version == version)
            .values(waiting_since=None, attempts=0, error=None, next_try=None)
        )


async def refuse(
    tx: AsyncConnection, key: str, version: int, error: str, next_try: datetime, target: str = AIRTABLE
) -> None:
    """The target refuses this state; a newer one, or the same later, is tried again."""
    await tx.execute(
        outbox.update()
        .where(outbox.c.target == target, outbox.c.key == key, outbox.c.version == version)
        .values(attempts=outbox.c.attempts + 1, error=error, next_try=next_try)
    )


async def hasten(tx: AsyncConnection, keys: Collection[str] | None = None, target: str = AIRTABLE) -> None:
    """What was refused, all of it or these, is tried again at once."""
    these = outbox.c.target == target if keys is None else sa.and_(outbox.c.target == target, outbox.c.key.in_(keys))
    await tx.execute(outbox.update().where(these).values(next_try=None, error=None))


async def clock_set_back(tx: AsyncConnection, now: datetime, target: str = AIRTABLE) -> None:
    """No change was made later than now: else it would wait until the clock is there again."""
    for moment in (outbox.c.waiting_since, outbox.c.changed_at):
        await tx.execute(outbox.update().where(outbox.c.target == target, moment > now).values({moment: now}))


async def tally(connection: AsyncConnection, now: datetime, target: str = AIRTABLE) -> Tally:
    """How it stands with the target."""
    waits, may_go = outbox.c.waiting_since.is_not(None), _may_go(now, target)
    row = (
        await connection.execute(
            sa.select(
                sa.func.count().filter(waits),
                sa.func.min(outbox.c.waiting_since),
                sa.func.max(outbox.c.changed_at).filter(may_go),
                sa.func.min(outbox.c.waiting_since).filter(may_go),
                sa.func.count().filter(may_go, symbols.c.due_since.is_not(None)),
                sa.func.count(outbox.c.held),
                sa.func.max(outbox.c.sent_at),
                sa.func.count(outbox.c.error),
            )
            .select_from(outbox.outerjoin(symbols, symbols.c.symbol == outbox.c.key))
            .where(outbox.c.target == target)
        )
    ).one()
    return Tally(
        waiting=row[0], oldest=row[1], newest=row[2], ready_since=row[3], unsettled=row[4], known=row[5],
        sent_at=row[6], refused=await _refused(connection, target) if row[7] else (), refused_count=row[7],
    )  # fmt: skip


async def _refused(connection: AsyncConnection, target: str, limit: int = 5) -> tuple[tuple[str, str], ...]:
    rows: Any = await connection.execute(
        sa.select(outbox.c.key, outbox.c.error)
        .where(outbox.c.target == target, outbox.c.error.is_not(None))
        .order_by(outbox.c.key)
        .limit(limit)
    )
    return tuple((row.key, row.error) for row in rows)
