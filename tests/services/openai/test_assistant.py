"""The assistant against a server on loopback: what it asks, pays, remembers, and what it does when that fails."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kingtui.models import Connection
from kingtui.services.openai.assistant import Assistant, assistant_of
from kingtui.services.openai.questions import Opinion, Question, Remarks, commentary_on, opinion_on
from kingtui.settings import Settings
from kingtui.steps.ledger import StoreLedger
from kingtui.store.database import Database
from kingtui.store.schema import model_calls
from tests.servers import openai as said
from tests.servers.http import Answer
from tests.servers.openai import KEY, OpenAiServer
from tests.world import FakeClock, until

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
FINE = said.remarks("The price is 3,764.6.")


def about(what: str) -> Question:
    return commentary_on(f"A map of {what}", what)


class Bench:
    """An assistant, its server and its database; ``again()`` is the next process."""

    def __init__(self, folder: Path, server: OpenAiServer, **settings: Any) -> None:
        self.server = server
        self.clock = FakeClock(datetime(2026, 3, 4, 22, 0, tzinfo=UTC))
        self.told: list[str] = []
        self.database = Database(folder / "kingtui.db")
        self.settings = Settings(
            **{"home": folder, "openai_api_key": KEY, "openai_base_url": server.base_url} | settings
        )

    def again(self, **settings: Any) -> Assistant:
        chosen = self.settings.model_copy(update=settings)
        return assistant_of(chosen, StoreLedger(self.database), self.clock, lambda text, _: self.told.append(text))

    async def calls(self) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(sa.select(model_calls).order_by(model_calls.c.id))).all())


_EMPTY: list[bytes] = []


async def _empty_database(folder: Path) -> bytes:
    """One that was migrated once for all these tests."""
    if not _EMPTY:
        database = Database(folder / "empty.db")
        await database.open(datetime(2026, 3, 4, tzinfo=UTC))
        await database.close()
        _EMPTY.append(await asyncio.to_thread(database.path.read_bytes))
    return _EMPTY[0]


@contextlib.asynccontextmanager
async def bench(folder: Path, otherwise: Any = FINE, *script: Answer, **settings: Any) -> AsyncIterator[Bench]:
    async with OpenAiServer(otherwise, script).serving() as server:
        assert isinstance(server, OpenAiServer)
        made = Bench(folder, server, **settings)
        await asyncio.to_thread(made.database.path.write_bytes, await _empty_database(folder))
        await made.database.open(made.clock.now())
        try:
            yield made
        finally:
            await made.database.close()
            assert server.mistakes == []


async def test_a_question_is_asked_once_and_kept_over_restarts(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        first = await made.again().ask(about("ETH"), 1, 5)
        assert first.answer == Remarks(sentences=["The price is 3,764.6."])
        assert (first.spent.calls, first.spent.tokens, first.spent.cost) == (1, 820, 700 * 2 + 120 * 10)
        second = await made.again().ask(about("ETH"), 2, 5)
        assert (second.answer, second.spent.calls) == (first.answer, 0)
        assert len(made.server.questions) == 1
        other = await made.again(openai_model="another").ask(about("ETH"), 2, 5)
        assert other.spent.calls == 1, "another model is another question"


async def test_who_asks_the_same_at_one_time_asks_once(tmp_path: Path) -> None:
    slow = Answer(FINE.body, after=0.1)
    async with bench(tmp_path, slow) as made:
        assistant = made.again()
        replies = await asyncio.gather(*(assistant.ask(about("ETH"), 1, 5) for _ in range(6)))
        assert len(made.server.questions) == 1
        assert {reply.spent.calls for reply in replies} == {0, 1}
        assert all(reply.answer == replies[0].answer is not None for reply in replies)


async def test_so_many_at_one_time_and_no_more(tmp_path: Path) -> None:
    now, most = 0, 0

    def count(_: Any) -> Answer:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        asyncio.get_running_loop().call_later(0.05, leave)
        return Answer(FINE.body, after=0.05)

    def leave() -> None:
        nonlocal now
        now -= 1

    async with bench(tmp_path, count, ai_concurrency=3) as made:
        assistant = made.again()
        await asyncio.gather(*(assistant.ask(about(f"C{n}"), 1, 20) for n in range(12)))
    assert most == 3


async def test_a_picture_goes_as_a_data_url_and_the_answer_has_no_place_for_numbers(tmp_path: Path) -> None:
    async with bench(tmp_path, said.opinion("liquidation_map", "BTC", "Map")) as made:
        reply = await made.again().ask(opinion_on(PNG, "a" * 64), 1, 5)
        assert reply.answer == Opinion(kind="liquidation_map", symbol="BTC", title="Map")
        (question,) = made.server.questions
        parts = {part["type"]: part for part in question["messages"][1]["content"]}
        assert parts["image_url"]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
        fields = question["response_format"]["json_schema"]["schema"]["properties"]
        assert set(fields) == {"kind", "symbol", "title"}
        assert "number" not in str(fields)
        assert "integer" not in str(fields)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said.REFUSED, "refused"),
        (said.TRUNCATED, "cut off"),
        (said.FILTERED, "withheld"),
        (said.NO_FORM, "form"),
        (said.OTHER_FORM, "form"),
        (said.error(400, "invalid_request", "Bad schema"), "Bad schema"),
        (said.completion("x" * 30_000, usage=None), "form"),
        (said.remarks("y" * 30_000), "longer than"),
    ],
)
async def test_an_answer_of_no_use_is_paid_and_not_asked_for_again(tmp_path: Path, answer: Answer, why: str) -> None:
    async with bench(tmp_path, answer) as made:
        assistant = made.again()
        reply = await assistant.ask(about("ETH"), 1, 5)
        assert (reply.answer, reply.spent.calls) == (None, 1)
        assert why in reply.why
        again = await made.again().ask(about("ETH"), 1, 5)
        assert (again.answer, again.why, again.spent.calls) == (None, reply.why, 0)
        assert len(made.server.questions) == 1
        assert (await assistant.service()).state is Connection.CONNECTED, "the server is well"
        assert made.told == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said.BROKEN, "HTTP 500"),
        (said.HTML, "no chat completion"),
        (said.NOT_JSON, "no chat completion"),
        (said.NO_CHOICES, "no chat completion"),
        (Answer(FINE.body, cut=40), "cannot be reached"),
        (said.SLOW, "did not answer within"),
        (Answer(FINE.body, after=30), "did not answer within"),
    ],
)
async def test_a_server_in_trouble_is_left_alone_for_a_while(tmp_path: Path, answer: Answer, why: str) -> None:
    async with bench(tmp_path, FINE, answer) as made:
        assistant = made.again()
        reply = await assistant.ask(about("ETH"), 1, 0.6)
        assert reply.answer is None
        assert why in reply.why
        assert why in (await assistant.ask(about("ETH"), 1, 5)).why, "it is not asked at once again"
        assert (await assistant.ask(about("BTC"), 1, 5)).answer is None
        assert len(made.server.questions) == 1
        row = await assistant.service()
        assert row.state is Connection.PROBLEM
        assert why in row.detail
        assert len(made.told) == 1
        assert assistant.problem is None, "it passes by itself: nobody need do anything"
        await made.clock.advance(31, step=31)
        assert (await assistant.ask(about("ETH"), 1, 5)).answer is not None
        assert (await assistant.service()).state is Connection.CONNECTED


@pytest.mark.parametrize("body", [b"[" * 300_000, b'{"choices": ' + b"[" * 300_000])
async def test_an_answer_that_breaks_the_library_costs_its_words_and_nothing_else(tmp_path: Path, body: bytes) -> None:
    async with bench(tmp_path, Answer(body)) as made:
        reply = await made.again().ask(about("ETH"), 1, 5)
        assert reply.answer is None
        assert reply.why
        assert len(made.told) == 1


async def test_each_failed_probe_doubles_the_rest(tmp_path: Path) -> None:
    async with bench(tmp_path, said.BROKEN) as made:
        assistant = made.again()
        tries = []
        for second in range(0, 600, 10):
            before = len(made.server.questions)
            await assistant.ask(about("ETH"), 1, 5)
            if len(made.server.questions) > before:
                tries.append(second)
            await made.clock.advance(10, step=10)
        assert tries == [0, 30, 90, 210, 450]
        assert len(made.told) == 1


async def test_a_rate_limit_is_waited_for(tmp_path: Path) -> None:
    async with bench(tmp_path, FINE, said.RATE_LIMITED, said.RATE_LIMITED) as made:
        assistant = made.again()
        asking = asyncio.create_task(assistant.ask(about("ETH"), 1, 30))
        for _ in range(200):
            await asyncio.sleep(0.01)
            await made.clock.advance(0.5)
            if asking.done():
                break
        reply = await asking
        assert reply.answer is not None
        assert (len(made.server.questions), reply.spent.calls) == (3, 3)
        assert made.told == []


async def test_a_long_pause_is_obeyed_without_waiting(tmp_path: Path) -> None:
    pause = said.error(429, "rate_limit_exceeded", headers={"x-ratelimit-reset-tokens": "6m0s"})
    async with bench(tmp_path, FINE, pause) as made:
        assistant = made.again()
        assert (await assistant.ask(about("ETH"), 1, 5)).answer is None
        await made.clock.advance(300, step=300)
        assert (await assistant.ask(about("ETH"), 1, 5)).answer is None
        assert len(made.server.questions) == 1
        await made.clock.advance(61, step=61)
        assert (await assistant.ask(about("ETH"), 1, 5)).answer is not None


async def test_a_used_up_quota_stops_asking_until_the_next_day_over_restarts_too(tmp_path: Path) -> None:
    async with bench(tmp_path, FINE, said.NO_QUOTA) as made:
        assistant = made.again()
        assert "quota is used up" in (await assistant.ask(about("ETH"), 1, 5)).why
        await made.clock.advance(3600, step=3600)
        for one in (assistant, made.again()):
            assert (await one.ask(about("BTC"), 1, 5)).answer is None
            assert "quota is used up" in (one.problem or "")
            assert "Add credit" in (await one.service()).todo
        assert len(made.server.questions) == 1
        assert len(made.told) == 1
        assert "tomorrow" in made.told[0]
        await made.clock.advance(3700, step=3700)  # past midnight
        assert (await made.again().ask(about("BTC"), 1, 5)).answer is not None
        assert (await assistant.ask(about("ETH"), 1, 5)).answer is not None
        assert assistant.problem is None


async def test_an_answer_to_an_older_question_does_not_renew_a_used_up_quota(tmp_path: Path) -> None:
    late = Answer(FINE.body, after=0.3)
    async with bench(tmp_path, FINE, late, said.NO_QUOTA) as made:
        assistant = made.again()
        first = asyncio.create_task(assistant.ask(about("ETH"), 1, 5))
        await until(lambda: made.server.questions, "the first question")
        assert "quota is used up" in (await assistant.ask(about("BTC"), 1, 5)).why
        assert (await first).answer is not None
        for one in (assistant, made.again()):
            assert (await one.ask(about("SOL"), 1, 5)).answer is None
            assert "quota is used up" in (one.problem or "")
        assert len(made.server.questions) == 2


async def test_who_waited_too_long_for_his_turn_asks_and_pays_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path, Answer(FINE.body, after=0.3), ai_concurrency=1) as made:
        assistant = made.again()
        first = asyncio.create_task(assistant.ask(about("ETH"), 1, 5))
        await until(lambda: made.server.questions, "the first question")
        second = asyncio.create_task(assistant.ask(about("BTC"), 1, 5))
        await asyncio.sleep(0.05)
        await made.clock.advance(4.5)
        assert (await first).answer is not None
        reply = await second
        assert (reply.answer, reply.spent.calls, reply.spent.cost) == (None, 0, 0)
        assert "had no time for it" in reply.why
        assert len(await made.calls()) == 1
        assert made.told == []
        assert (await assistant.ask(about("BTC"), 1, 5)).answer is not None, "the server is not held to be down"


@pytest.mark.parametrize("trouble", [said.NO_QUOTA, said.BROKEN, said.WRONG_KEY])
async def test_a_clock_that_was_set_back_does_not_prolong_a_rest(tmp_path: Path, trouble: Answer) -> None:
    async with bench(tmp_path, FINE, trouble) as made:
        assistant = made.again()
        assert (await assistant.ask(about("ETH"), 1, 5)).answer is None
        assert (await assistant.ask(about("ETH"), 1, 5)).answer is None
        assert len(made.server.questions) == 1
        made.clock._start -= timedelta(days=2)
        assert (await assistant.ask(about("ETH"), 1, 5)).answer is not None


async def test_another_account_has_another_quota(tmp_path: Path) -> None:
    async with bench(tmp_path, FINE, said.NO_QUOTA) as made:
        await made.again().ask(about("ETH"), 1, 5)
        other = Settings(home=tmp_path, openai_api_key="sk-another", openai_base_url=made.server.base_url)
        assistant = assistant_of(other, StoreLedger(made.database), made.clock, lambda *_: None)
        assert "does not accept the key" in (await assistant.ask(about("ETH"), 1, 5)).why
        assert len(made.server.requests) == 2, "it was asked"


@pytest.mark.parametrize(("answer", "why"), [(said.WRONG_KEY, "OPENAI_API_KEY"), (said.NO_MODEL, "OPENAI_MODEL")])
async def test_a_wrong_setting_is_told_and_the_key_is_not(tmp_path: Path, answer: Answer, why: str) -> None:
    async with bench(tmp_path, answer) as made:
        assistant = made.again()
        reply = await assistant.ask(about("ETH"), 1, 5)
        assert why in reply.why
        assert why in (assistant.problem or "")
        said_of_it = " ".join([reply.why, *made.told, (await assistant.service()).detail, str(await made.calls())])
        assert KEY not in said_of_it
        await assistant.ask(about("BTC"), 1, 5)
        assert len(made.server.questions) == 1


async def test_the_days_money_and_calls_are_never_exceeded(tmp_path: Path) -> None:
    most = 3000 * 10 + 2000  # of one question, in millionths of a dollar
    async with bench(tmp_path, Answer(FINE.body, after=0.02), ai_budget=5 * most / 1e6, ai_concurrency=8) as made:
        assistant = made.again()
        replies = await asyncio.gather(*(assistant.ask(about(f"C{n}"), 1, 20) for n in range(40)))
        spent = sum(reply.spent.cost for reply in replies)
        assert 0 < spent <= 5 * most
        assert any("budget" in reply.why for reply in replies)
        assert len([text for text in made.told if "budget" in text]) == 1
        assert (await assistant.service()).state is Connection.CONNECTED


async def test_a_budget_of_nothing_asks_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path, ai_calls=0) as made:
        assert "budget is 0" in (await made.again().ask(about("X"), 1, 5)).why
        assert made.server.requests == []


async def test_calls_are_counted_by_the_day(tmp_path: Path) -> None:
    async with bench(tmp_path, ai_calls=2) as made:
        assistant = made.again()
        replies = [await assistant.ask(about(f"C{n}"), 1, 5) for n in range(3)]
        assert [reply.answer is not None for reply in replies] == [True, True, False]
        assert (await made.again().ask(about("C3"), 1, 5)).answer is None, "counted over restarts"
        await made.clock.advance(7300, step=7300)
        assert (await assistant.ask(about("C2"), 1, 5)).answer is not None


async def test_a_call_that_was_killed_counts_with_the_most_it_can_cost(tmp_path: Path) -> None:
    async with bench(tmp_path, Answer(FINE.body, after=20)) as made:
        asking = asyncio.create_task(made.again().ask(about("ETH"), 1, 30))
        await until(lambda: made.server.requests, "the question")
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        (call,) = await made.calls()
        assert (call.outcome, call.tokens_out) == ("asked", 3000)
        assert call.cost >= 30_000


async def test_once_means_once_for_its_subject(tmp_path: Path) -> None:
    async with bench(tmp_path, FINE, said.BROKEN) as made:
        assistant = made.again()
        one = commentary_on("facts of noon", "ETH map")
        other = commentary_on("facts of one", "ETH map")
        assert (await assistant.ask(one, 1, 5, once=True)).answer is None
        await made.clock.advance(60, step=60)
        assert (await assistant.ask(one, 1, 5, once=True)).answer is not None, "the first try was none"
        assert (await assistant.ask(other, 1, 5, once=True)).answer is None
        assert (await assistant.ask(one, 1, 5, once=True)).answer is not None, "what is known costs nothing"
        assert len(made.server.questions) == 2
