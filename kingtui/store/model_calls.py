"""What was asked of a language model: each call with its tokens and cost, and the answers, to be paid once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from kingtui.store.schema import model_answers, model_calls, runs

ASKED = "asked"
"""The outcome of a call whose answer has not come, or never came because the process ended."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls came to. ``cost`` in millionths of a US dollar."""

    calls: int = 0
    tokens: int = 0
    cost: int = 0


async def begin(
    tx: AsyncConnection, now: datetime, *, run_id: int, purpose: str, subject: str, model: str, tokens_in: int,
    tokens_out: int, cost: int,
) -> int:  # fmt: skip
    """A call is about to be made that takes at most so many tokens; its id. It counts from now on, answered or not."""
    known = sa.select(runs.c.id).where(runs.c.id == run_id).scalar_subquery()
    call_id: int = await tx.scalar(
        model_calls.insert()
        .values(
            at=now, run_id=known, purpose=purpose, subject=subject, model=model, tokens_in=tokens_in,
            tokens_out=tokens_out, cost=cost, outcome=ASKED,
        )
        .returning(model_calls.c.id)
    )  # fmt: skip
    return call_id


async def settle(
    tx: AsyncConnection, call_id: int, *, tokens_in: int, tokens_out: int, cost: int, outcome: str
) -> None:
    """A call has ended: what it took in truth goes to it and to its run."""
    values = {"tokens_in": tokens_in, "tokens_out": tokens_out, "cost": cost, "outcome": outcome}
    await tx.execute(model_calls.update().where(model_calls.c.id == call_id).values(values))
    run_id = sa.select(model_calls.c.run_id).where(model_calls.c.id == call_id).scalar_subquery()
    await tx.execute(
        runs.update()
        .where(runs.c.id == run_id)
        .values(calls=runs.c.calls + 1, tokens=runs.c.tokens + tokens_in + tokens_out, cost=runs.c.cost + cost)
    )


async def keep(tx: AsyncConnection, key: str, answer: str | None, problem: str | None, now: datetime) -> None:
    """Keep what was answered, or why the answer is of no use."""
    row = {"key": key, "answer": answer, "problem": problem, "at": now}
    await tx.execute(insert(model_answers).values(row).on_conflict_do_nothing())


async def answer(connection: AsyncConnection, key: str) -> tuple[str | None, str | None] | None:
    """The answer that was given to this question before, or why there is none; None where it was never answered."""
    query = sa.select(model_answers.c.answer, model_answers.c.problem).where(model_answers.c.key == key)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (row.answer, row.problem)


async def spent(connection: AsyncConnection, since: datetime) -> Spent:
    """What the calls since a moment came to; a call that is under way counts with the most that it can take."""
    query = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(model_calls.c.tokens_in + model_calls.c.tokens_out), 0),
        sa.func.coalesce(sa.func.sum(model_calls.c.cost), 0),
    ).where(model_calls.c.at >= since)
    return Spent(*(await connection.execute(query)).one())


async def asked_about(connection: AsyncConnection, subject: str) -> bool:
    """Whether a call about this was answered, or is under way; one that the server did not take is none."""
    query = sa.select(model_calls.c.id).where(model_calls.c.subject == subject, model_calls.c.tokens_out > 0).limit(1)
    return await connection.scalar(query) is not None


async def prune(tx: AsyncConnection, older_than: datetime) -> int:
    """Forget calls and answers from before a moment; how many there were."""
    gone = 0
    for table in (model_calls, model_answers):
        gone += (await tx.execute(table.delete().where(table.c.at < older_than))).rowcount
    return gone
