"""What goes wrong on the way: what is asked again, what is not, and what is said in the end."""

from __future__ import annotations

import time

import pytest

from kingtui.client import AsyncClient, KingError, Refused, Unreachable
from kingtui.client.doors import Place
from tests.client.wire import answer, wire

FINE = answer("200 OK", {"status": "healthy"})
BUSY = answer("503 Service Unavailable", {"error": "it is stopping", "code": "unavailable"}, Retry_After=0)
LIMITED = answer("429 Too Many Requests", {"error": "too many requests", "code": "too_many_requests"}, Retry_After=1)


async def test_a_connection_that_breaks_is_made_again_for_what_only_reads() -> None:
    async with wire(None, None, FINE) as told, AsyncClient(told.address) as king:
        assert (await king.health())["status"] == "healthy"
        assert told.asked == ["GET /health"] * 3


async def test_what_may_have_been_done_is_not_asked_twice() -> None:
    async with wire(None, FINE) as told, AsyncClient(told.address) as king:
        with pytest.raises(Unreachable, match=rf"^kingtui at {told.address} does not answer: "):
            await king.trigger(1)
        assert told.asked == ["POST /trigger/1"]


async def test_what_was_never_sent_may_be_sent_again() -> None:
    class Moving:
        """A kingtui that was restarted at another port since it was asked last."""

        def __init__(self, *addresses: str) -> None:
            self.addresses = list(addresses)

        def find(self) -> Place:
            return Place(self.addresses.pop(0), "it")

    async with wire(FINE) as gone:
        pass
    async with wire(answer("200 OK", {"run_id": 1})) as told:
        async with AsyncClient(door=Moving(gone.address, told.address)) as king:
            assert (await king.trigger(1))["run_id"] == 1
        assert told.asked == ["POST /trigger/1"]


async def test_what_was_refused_for_now_is_asked_again_when_it_says() -> None:
    async with wire(BUSY, LIMITED, answer("200 OK", {"run_id": 1})) as told, AsyncClient(told.address) as king:
        began = time.monotonic()
        assert (await king.trigger(1))["run_id"] == 1
        assert time.monotonic() - began >= 1
        assert told.asked == ["POST /trigger/1"] * 3


async def test_it_gives_up_after_its_attempts_with_the_last_sentence() -> None:
    async with wire(BUSY) as told, AsyncClient(told.address, attempts=2) as king:
        with pytest.raises(Refused, match=r"^it is stopping$") as caught:
            await king.status()
        assert (caught.value.status, caught.value.code, caught.value.for_good) == (503, "unavailable", False)
        assert len(told.asked) == 2


async def test_a_refusal_without_a_time_or_with_a_long_one_is_the_answer() -> None:
    for refusal in (
        answer("503 Service Unavailable", {"error": "the disk is full"}),
        answer("429 Too Many Requests", {"error": "the disk is full"}, Retry_After=3600),
        answer("500 Internal Server Error", {"error": "the disk is full"}),
    ):
        async with wire(refusal) as told, AsyncClient(told.address) as king:
            with pytest.raises(Refused, match="the disk is full"):
                await king.status()
            assert len(told.asked) == 1


@pytest.mark.parametrize(
    ("response", "sentence"),
    [
        (answer("200 OK", "<html>"), "answers something that is no answer to GET /status"),
        (answer("502 Bad Gateway", "<html>"), "answers 502"),
        (answer("404 Not Found", "[1]"), "answers 404"),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not answer: "),
    ],
)
async def test_what_is_no_kingtui_is_told_of(response: str, sentence: str) -> None:
    async with wire(response) as told, AsyncClient(told.address, attempts=1) as king:
        with pytest.raises(KingError, match=sentence):
            await king.status()


async def test_an_answer_that_does_not_come_ends_by_time() -> None:
    async with wire("HTTP/1.1 200 OK\r\n") as told, AsyncClient(told.address, timeout=0.3, attempts=1) as king:
        with pytest.raises(Unreachable, match=r"does not answer within 0\.3 s$"):
            await king.status()


async def test_nobody_is_there() -> None:
    async with wire(FINE) as told:
        address = told.address
    async with AsyncClient(address, attempts=1) as king:
        with pytest.raises(Unreachable, match="does not answer: All connection attempts failed"):
            await king.status()
