"""The assistant: asks each question once, within the day's budget, and never lets anyone wait for long."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from weakref import WeakValueDictionary

from pydantic import BaseModel, ValidationError

from kingtui.clock import Clock
from kingtui.models import Connection, Service, dollars
from kingtui.services.openai.budget import Budget, Call, Ledger, Spending, budget_of
from kingtui.services.openai.endpoint import Endpoint, Exchange, NoAnswer, Trouble, endpoint_of
from kingtui.services.openai.questions import Question
from kingtui.services.openai.standing import Standing, midnight, next_day
from kingtui.settings import Settings

log = logging.getLogger("kingtui.services.openai")

TRIES = 3
LEAST_SHARE = 0.25
"""Of the time for an answer: with less left it is not asked, for the answer would be paid and come too late."""
MARGIN_SECONDS = 2.0
"""For the store, beside the time that the server has."""
_TODO: dict[Trouble, str] = {
    "rate": "",
    "quota": "Add credit to the account, or set the key of another, and start anew; else it goes on tomorrow",
    "setup": "Correct OPENAI_API_KEY, OPENAI_MODEL or OPENAI_BASE_URL, and start anew",
    "down": "Nothing to do: it is asked again by itself",
}
ASKS = "kingtui doctor asks whether the key and the model are accepted"
Tell = Callable[[str, Literal["information", "warning", "error"]], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a question: an answer, or why there is none. ``spent`` is nothing where it was known already."""

    answer: BaseModel | None
    why: str = ""
    spent: Spending = field(default_factory=Spending)

    @property
    def told(self) -> str:
        """What became of it and what it cost, in words."""
        return f"{self.why or 'answered'}, {self.spent.tokens:,} tokens, {dollars(self.spent.cost)}"


class Assistant:
    """``tell`` brings a notice to people. What it may do now and what today cost outlives the process in ``ledger``."""

    def __init__(
        self, endpoint: Endpoint, budget: Budget, ledger: Ledger, clock: Clock, tell: Tell, *, concurrency: int,
        account: str,
    ) -> None:  # fmt: skip
        """``account`` tells one account from another: a part of the hash of key and address."""
        self.label = endpoint.label
        self.author = f"the model {endpoint.model}"
        self._endpoint = endpoint
        self._budget = budget
        self._ledger = ledger
        self._clock = clock
        self._tell = tell
        self._account = account
        self._free = asyncio.Semaphore(concurrency)
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._reserving = asyncio.Lock()
        self._standing: Standing | None = None
        self._told_of_budget: datetime | None = None

    async def ask(self, question: Question, run_id: int, seconds: float, *, once: bool = False) -> Reply:
        """The answer to a question, kept or asked now, within ``seconds``. Raises nothing but what the store raises.

        ``once``: only if nothing was asked about its subject before.
        """
        key = question.key(self._endpoint.model)
        lock = self._asking.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(seconds + MARGIN_SECONDS), lock:
                if (kept := await self._ledger.answer(key)) is not None:
                    return _kept(question, *kept)
                if once and await self._ledger.asked_about(question.subject):
                    return Reply(None)
                return await self._ask(question, key, run_id, seconds)
        except TimeoutError:
            return Reply(None, f"{self.label} had no time for it within {seconds:.0f} s")

    @property
    def problem(self) -> str | None:
        """What a person must mend, as a sentence; an outage that passes by itself is none."""
        standing = self._standing
        if standing is None or standing.trouble not in ("quota", "setup"):
            return None
        return standing.why_not(self._clock.now()) or None

    async def service(self) -> Service:
        """How it stands with the server, and what today cost."""
        now = self._clock.now()
        standing, spent = await self._now(), await self._ledger.spent(midnight(now))
        today = self._budget.told(spent)
        if standing.trouble == "rate" or not (why := standing.why_not(now)):
            over = self._budget.objection(spent, 0)
            whom = self._endpoint.model if self.label == "OpenAI" else self.label
            detail = f"{whom}; {over or ('ready' if spent.calls else 'not asked yet today')}; {today}"
            if not spent.calls:
                return Service("openai", "OpenAI", Connection.OFF if over else Connection.READY, detail, ASKS)
            return Service("openai", "OpenAI", Connection.CONNECTED, detail)
        return Service("openai", "OpenAI", Connection.PROBLEM, f"{why}; {today}", _TODO[standing.trouble or "down"])

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    async def _ask(self, question: Question, key: str, run_id: int, seconds: float) -> Reply:
        ends = self._clock.monotonic() + seconds
        spent = Spending()
        async with self._free:
            reply = Reply(None, f"{self.label} had no time for it within {seconds:.0f} s")
            for _ in range(TRIES):
                left = ends - self._clock.monotonic()
                if left < seconds * LEAST_SHARE:
                    break
                reply = await self._once(question, key, run_id, left)
                spent += reply.spent
                standing = await self._now()
                if reply.answer is not None or standing.trouble != "rate" or standing.until is None:
                    break
                pause = (standing.until - self._clock.now()).total_seconds()
                if pause >= ends - self._clock.monotonic():
                    break
                await self._clock.sleep(max(pause, 0.0))
        return Reply(reply.answer, reply.why, spent)

    async def _once(self, question: Question, key: str, run_id: int, seconds: float) -> Reply:
        standing = await self._now()
        if why := standing.why_not(self._clock.now()):
            return Reply(None, why)
        call = self._call(question, run_id)
        async with self._reserving:
            if why := self._budget.objection(await self._ledger.spent(midnight(call.at)), call.cost):
                self._tell_of_budget(why, call.at)
                return Reply(None, f"{why}; asked again tomorrow (UTC)")
            call_id = await self._ledger.begin(call)
        try:
            async with asyncio.timeout(seconds):
                found = await self._endpoint.exchange(question)
        except TimeoutError:
            error = NoAnswer("down", f"{self.label} did not answer within {seconds:.0f} s", maybe_paid=True)
            return await self._no_answer(error, call, call_id, key)
        except NoAnswer as error:
            return await self._no_answer(error, call, call_id, key)
        except Exception as error:  # whatever a library makes of an answer: no picture and no report suffers for words
            log.exception("asking %s broke", self.label)
            broken = NoAnswer("down", f"asking {self.label} broke: {type(error).__name__}", maybe_paid=True)
            return await self._no_answer(broken, call, call_id, key)
        if standing.answered(self._clock.now()):
            log.info("%s answers again", self.label)
            await self._ledger.hold({})
        return await self._settle(question, found, call_id, key)

    def _call(self, question: Question, run_id: int) -> Call:
        return Call(
            self._clock.now(), run_id, question.purpose, question.subject, self._endpoint.model, question.tokens_in,
            question.most_tokens, self._budget.most(question),
        )  # fmt: skip

    async def _settle(self, question: Question, found: Exchange, call_id: int, key: str) -> Reply:
        cost = self._budget.cost(found.tokens_in, found.tokens_out)
        await self._ledger.settle(
            call_id, tokens_in=found.tokens_in, tokens_out=found.tokens_out, cost=cost,
            outcome=found.problem or "answered", key=key, answer=found.answer, problem=found.problem,
            at=self._clock.now(),
        )  # fmt: skip
        return _kept(question, found.answer, found.problem, Spending(1, found.tokens_in + found.tokens_out, cost))

    async def _no_answer(self, error: NoAnswer, call: Call, call_id: int, key: str) -> Reply:
        paid = (call.tokens_in, call.tokens_out, call.cost) if error.maybe_paid else (0, 0, 0)
        await self._ledger.settle(
            call_id, tokens_in=paid[0], tokens_out=paid[1], cost=paid[2], outcome=str(error), key=key, answer=None,
            problem=None, at=self._clock.now(),
        )  # fmt: skip
        standing = await self._now()
        news = standing.failed(error, self._clock.now())
        if error.trouble == "quota":
            until = (standing.until or call.at).isoformat()
            await self._ledger.hold({"until": until, "text": str(error), "whose": self._account})
        if news and error.trouble != "rate":
            when = "tomorrow (UTC)" if error.trouble == "quota" else f"from {standing.until:%H:%M} UTC"
            self._tell(f"{error}; nothing is lost, reports do without its words; it is asked again {when}", "warning")
        return Reply(None, str(error), Spending(1, paid[0] + paid[1], paid[2]))

    def _tell_of_budget(self, why: str, now: datetime) -> None:
        if self._told_of_budget is None or now >= self._told_of_budget:
            self._told_of_budget = next_day(now)
            self._tell(f"{self.label}: {why}; nothing is asked before tomorrow (UTC)", "information")

    async def _now(self) -> Standing:
        """The standing; the first time as it was when the process before ended."""
        if self._standing is None:
            held = await self._ledger.held()
            self._standing = self._standing or Standing()  # another may have been faster
            if held.get("whose") == self._account and self._standing.trouble is None:
                with suppress(KeyError, ValueError):
                    until = datetime.fromisoformat(held["until"]).astimezone(UTC)
                    if until > self._clock.now():
                        self._standing = Standing("quota", held.get("text", ""), until, 1)
        return self._standing


def _kept(question: Question, answer: str | None, problem: str | None, spent: Spending = Spending()) -> Reply:  # noqa: B008
    if answer is None:
        return Reply(None, problem or "there is no answer", spent)
    try:
        return Reply(question.form.model_validate_json(answer), "", spent)
    except ValidationError:
        return Reply(None, "the kept answer has another form", spent)


def assistant_of(settings: Settings, ledger: Ledger, clock: Clock, tell: Tell) -> Assistant:
    """The assistant that the settings describe."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    account = hashlib.sha256(f"{key}\0{settings.openai_base_url}".encode()).hexdigest()[:12]
    return Assistant(
        endpoint_of(settings), budget_of(settings), ledger, clock, tell, concurrency=settings.ai_concurrency,
        account=account,
    )  # fmt: skip
