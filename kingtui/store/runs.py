"""Runs and the requests that led to them, and what is remembered of each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.models import MANUAL, Run, RunStatus
from kingtui.store.schema import requests, runs, steps

_COLUMNS = [runs.c[field.name] for field in fields(Run)]
_UNENDED = (RunStatus.PENDING, RunStatus.RUNNING)
_ENDED = runs.c.status.not_in(_UNENDED)


def _run(row: sa.Row[Any]) -> Run:
    data = dict(row._mapping)
    data["status"] = RunStatus(data["status"])
    return Run(**data)


async def request(tx: AsyncConnection, step: int, trigger: str, now: datetime) -> tuple[Run, bool]:
    """Ask for a run of a step. A run that waits already takes the request: then the second value is True.

    A run that a person joins is that person's: its trigger becomes MANUAL.
    """
    pending = await _one(tx, step, RunStatus.PENDING)
    if pending is None:
        values = {"step": step, "status": RunStatus.PENDING, "trigger": trigger, "requested_at": now}
        run_id: int = await tx.scalar(runs.insert().values(values).returning(runs.c.id))
        run = Run(run_id, step, RunStatus.PENDING, trigger, now)
    elif trigger == MANUAL:
        run = replace(pending, trigger=MANUAL)
        await tx.execute(runs.update().where(runs.c.id == run.id).values(trigger=MANUAL))
    else:
        run = pending
    await tx.execute(requests.insert().values(run_id=run.id, trigger=trigger, at=now))
    return run, pending is not None


async def _one(connection: AsyncConnection, step: int, status: RunStatus) -> Run | None:
    query = sa.select(*_COLUMNS).where(runs.c.step == step, runs.c.status == status)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _run(row)


async def pending(connection: AsyncConnection, step: int) -> Run | None:
    """The step's run that waits."""
    return await _one(connection, step, RunStatus.PENDING)


async def unended(connection: AsyncConnection) -> list[Run]:
    """The runs that wait or are at work, or that a killed process left so."""
    return [_run(row) for row in await connection.execute(sa.select(*_COLUMNS).where(~_ENDED).order_by(runs.c.id))]


async def begin(tx: AsyncConnection, run_id: int, now: datetime) -> None:
    """A waiting run starts. The partial unique index refuses a second one of its step."""
    step = sa.select(runs.c.step).where(runs.c.id == run_id).scalar_subquery()
    await tx.execute(runs.update().where(runs.c.id == run_id).values(status=RunStatus.RUNNING, started_at=now))
    await tx.execute(steps.update().where(steps.c.number == step).values(idle=False))


async def end(
    tx: AsyncConnection, run_id: int, status: RunStatus, now: datetime, *, done: int = 0, failed: int = 0,
    quarantined: int = 0, error: str | None = None,
) -> None:  # fmt: skip
    """A run has ended."""
    await tx.execute(
        runs.update()
        .where(runs.c.id == run_id)
        .values(
            status=status, finished_at=now, done=done, failed=failed, quarantined=quarantined, error=error
        )
    )  # fmt: skip


async def collapse(tx: AsyncConnection, run: Run) -> None:
    """Fold a timer run without items into the step's run before it, where that one was the same."""
    before = (
        await tx.execute(
            sa.select(*_COLUMNS).where(runs.c.step == run.step, runs.c.id < run.id).order_by(runs.c.id.desc()).limit(1)
        )
    ).one_or_none()
    earlier = None if before is None else _run(before)
    if earlier is None or earlier.items or (earlier.status, earlier.trigger) != (run.status, run.trigger):
        return
    await tx.execute(runs.update().where(runs.c.id == run.id).values(count=earlier.count + 1))
    await tx.execute(runs.delete().where(runs.c.id == earlier.id))


async def recover(tx: AsyncConnection, now: datetime) -> int:
    """Runs that our process did not end: they failed. How many there were."""
    result = await tx.execute(
        runs.update()
        .where(runs.c.status == RunStatus.RUNNING)
        .values(status=RunStatus.FAILED, finished_at=now, error="process ended")
    )
    return result.rowcount


async def cancel_open(tx: AsyncConnection, now: datetime, error: str, step: int | None = None) -> int:
    """End every waiting run (of one step, or of all) as cancelled; how many there were."""
    query = runs.update().where(runs.c.status == RunStatus.PENDING)
    if step is not None:
        query = query.where(runs.c.step == step)
    result = await tx.execute(query.values(status=RunStatus.CANCELLED, finished_at=now, error=error))
    return result.rowcount


async def get(connection: AsyncConnection, run_id: int) -> Run | None:
    """One run."""
    row = (await connection.execute(sa.select(*_COLUMNS).where(runs.c.id == run_id))).one_or_none()
    return None if row is None else _run(row)


async def last_ended(connection: AsyncConnection) -> dict[int, Run]:
    """Of each step, the run that ended last."""
    newest = sa.select(sa.func.max(runs.c.id)).where(_ENDED).group_by(runs.c.step)
    rows = await connection.execute(sa.select(*_COLUMNS).where(runs.c.id.in_(newest)))
    return {row.step: _run(row) for row in rows}


async def history(
    connection: AsyncConnection, *, limit: int, before: int | None, step: int | None, status: str | None
) -> tuple[list[Run], int]:
    """The last ended runs, newest last, and how many there are in all under the filter."""
    conditions: list[sa.ColumnElement[bool]] = [] if step is None else [runs.c.step == step]
    total = await _count(connection, conditions, status)
    conditions.append(_ENDED if status is None else runs.c.status == status)
    if before is not None:
        conditions.append(runs.c.id < before)
    rows = await connection.execute(sa.select(*_COLUMNS).where(*conditions).order_by(runs.c.id.desc()).limit(limit))
    return [_run(row) for row in rows][::-1], total


async def ended_count(connection: AsyncConnection) -> int:
    """How many runs the history holds."""
    return await _count(connection, [], None)


async def _count(connection: AsyncConnection, conditions: Sequence[sa.ColumnElement[bool]], status: str | None) -> int:
    """How many runs have ended, of a status or in all.

    All are counted in an index, and the few that have not ended in theirs: over 100,000 rows a tenth of the time.
    """
    counted = sa.select(sa.func.count()).select_from(runs).where(*conditions)
    if status is not None:
        return int(await connection.scalar(counted.where(runs.c.status == status)) or 0)
    # As literals: a partial index serves no parameter
    waiting, running = (counted.where(sa.text(f"status = '{word.value}'")) for word in _UNENDED)
    query = sa.select(counted.scalar_subquery() - waiting.scalar_subquery() - running.scalar_subquery())
    return int(await connection.scalar(query) or 0)


async def prune(tx: AsyncConnection, older_than: datetime) -> int:
    """Forget runs that ended before a moment; how many there were."""
    return (await tx.execute(runs.delete().where(_ENDED, runs.c.finished_at < older_than))).rowcount


async def step_state(connection: AsyncConnection) -> dict[int, tuple[datetime | None, bool]]:
    """Of each step: since when it is held, and whether it is idle whatever its last run was."""
    rows = await connection.execute(sa.select(steps.c.number, steps.c.held_at, steps.c.idle))
    return {row.number: (row.held_at, row.idle) for row in rows}


async def set_step(tx: AsyncConnection, number: int, **columns: Any) -> None:
    """Remember ``held_at`` or ``idle`` of a step."""
    statement = insert(steps).values({"number": number} | columns)
    await tx.execute(statement.on_conflict_do_update(index_elements=["number"], set_=columns))
