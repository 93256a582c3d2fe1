"""The assistant's ledger in the store."""

from __future__ import annotations

from datetime import datetime

from kingtui.services.openai.budget import Call, Spending
from kingtui.store import cursors, model_calls
from kingtui.store.database import Database

HELD = "model"
"""The flag that remembers until when nothing is asked."""


class StoreLedger:
    """Calls, answers and what was remembered, in the database of a home."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(self, key: str) -> tuple[str | None, str | None] | None:
        async with self._database.read() as connection:
            return await model_calls.answer(connection, key)

    async def spent(self, since: datetime) -> Spending:
        async with self._database.read() as connection:
            found = await model_calls.spent(connection, since)
        return Spending(found.calls, found.tokens, found.cost)

    async def begin(self, call: Call) -> int:
        async with self._database.write() as tx:
            return await model_calls.begin(
                tx, call.at, run_id=call.run_id, purpose=call.purpose, subject=call.subject, model=call.model,
                tokens_in=call.tokens_in, tokens_out=call.tokens_out, cost=call.cost,
            )  # fmt: skip

    async def settle(
        self, call_id: int, *, tokens_in: int, tokens_out: int, cost: int, outcome: str, key: str,
        answer: str | None, problem: str | None, at: datetime,
    ) -> None:  # fmt: skip
        async with self._database.write() as tx:
            await model_calls.settle(
                tx, call_id, tokens_in=tokens_in, tokens_out=tokens_out, cost=cost, outcome=outcome
            )
            if answer is not None or problem is not None:
                await model_calls.keep(tx, key, answer, problem, at)

    async def asked_about(self, subject: str) -> bool:
        async with self._database.read() as connection:
            return await model_calls.asked_about(connection, subject)

    async def held(self) -> dict[str, str]:
        async with self._database.read() as connection:
            found = await cursors.flag(connection, HELD)
        return found if isinstance(found, dict) else {}

    async def hold(self, facts: dict[str, str]) -> None:
        async with self._database.write() as tx:
            await cursors.set_flag(tx, HELD, facts)
