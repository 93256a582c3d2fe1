"""What asking costs, in whole millionths of a US dollar, and what a day may cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kingtui.models import dollars
from kingtui.services.openai.questions import Purpose, Question
from kingtui.settings import Settings

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Spending:
    """What calls came to."""

    calls: int = 0
    tokens: int = 0
    cost: int = 0

    def __add__(self, other: Spending) -> Spending:
        return Spending(self.calls + other.calls, self.tokens + other.tokens, self.cost + other.cost)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is about to be made, with the most that it can take."""

    at: datetime
    run_id: int
    purpose: Purpose
    subject: str
    model: str
    tokens_in: int
    tokens_out: int
    cost: int


class Ledger(Protocol):
    """Where calls and answers are kept, over restarts."""

    async def answer(self, key: str) -> tuple[str | None, str | None] | None:
        """The answer to a question and what is wrong with it; None where it was not asked."""
        ...

    async def spent(self, since: datetime) -> Spending:
        """What was spent since a moment; a call that is under way counts with the most it can take."""
        ...

    async def begin(self, call: Call) -> int:
        """A call is about to be made; its id."""
        ...

    async def settle(
        self, call_id: int, *, tokens_in: int, tokens_out: int, cost: int, outcome: str, key: str,
        answer: str | None, problem: str | None, at: datetime,
    ) -> None:  # fmt: skip
        """A call has ended. Where it has an ``answer`` or a ``problem``, that is kept under ``key``."""
        ...

    async def asked_about(self, subject: str) -> bool:
        """Whether a call about this was made."""
        ...

    async def held(self) -> dict[str, str]:
        """What was remembered with ``hold``."""
        ...

    async def hold(self, facts: dict[str, str]) -> None:
        """Remember until when nothing is asked."""
        ...


@dataclass(frozen=True, slots=True)
class Budget:
    """``per_day`` in millionths of a dollar; prices in dollars for a million tokens, which is the same for one."""

    per_day: int
    calls: int
    price_in: float
    price_out: float

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """What so many tokens cost, rounded up."""
        return math.ceil(tokens_in * self.price_in + tokens_out * self.price_out)

    def most(self, question: Question) -> int:
        """The most that a question can cost."""
        return self.cost(question.tokens_in, question.most_tokens)

    def told(self, spent: Spending) -> str:
        """How much of the day is spent, in words."""
        return f"today {spent.calls} of {self.calls} calls, {dollars(spent.cost)} of {dollars(self.per_day)}"

    def objection(self, spent: Spending, more: int) -> str:
        """Why a call that may cost ``more`` is too much for the day; empty where it is not."""
        if not self.per_day or not self.calls:
            return "the day's budget is 0"
        if spent.calls >= self.calls:
            return f"the day's {self.calls} calls are used up"
        if spent.cost + more > self.per_day:
            return f"the day's budget of {dollars(self.per_day)} does not suffice for another call"
        return ""


def budget_of(settings: Settings) -> Budget:
    """What the settings allow a day."""
    per_day = round(settings.ai_budget * MILLION)
    return Budget(per_day, settings.ai_calls, settings.ai_price_input, settings.ai_price_output)
