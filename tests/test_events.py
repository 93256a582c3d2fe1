"""The bus: bounded, coalescing, and honest about what a slow listener missed."""

import asyncio

from kingtui.events import EventBus, Missed, Notice, RunProgressed, SymbolUpdated
from kingtui.models import Progress


async def taken(subscription, count):
    found = []
    async for event in subscription:
        found.append(event)
        if len(found) == count:
            return found
    return found


async def test_events_arrive_in_order_at_every_listener():
    bus = EventBus()
    async with bus.subscribe() as one, bus.subscribe() as two:
        for number in range(5):
            bus.post(Notice(str(number)))
        for listener in (one, two):
            assert [event.text for event in await taken(listener, 5)] == list("01234")


async def test_progress_and_symbols_replace_what_was_not_taken_yet():
    bus = EventBus()
    async with bus.subscribe() as events:
        for done in range(1000):
            bus.post(RunProgressed(1, 2, Progress(done, 1000)))
            bus.post(RunProgressed(7, 4, Progress(done, 500)))
            bus.post(SymbolUpdated("BTC"))
        bus.post(Notice("end"))
        found = await taken(events, 4)
        assert [getattr(event, "progress", event) for event in found[:2]] == [Progress(999, 1000), Progress(999, 500)]
        assert found[2:] == [SymbolUpdated("BTC"), Notice("end")]


async def test_a_slow_listener_is_told_how_much_it_missed_and_memory_is_bounded():
    bus = EventBus()
    async with bus.subscribe(bound=10) as events:
        for number in range(25):
            bus.post(Notice(str(number)))
        found = await taken(events, 11)
        assert found[0] == Missed(15)
        assert [event.text for event in found[1:]] == [str(number) for number in range(15, 25)]


async def test_closing_ends_the_listening():
    bus = EventBus()
    subscription = bus.subscribe()
    listening = asyncio.create_task(taken(subscription, 99))
    await asyncio.sleep(0)
    bus.post(Notice("one"))
    subscription.close()
    assert await listening == [Notice("one")]
    bus.post(Notice("two"))
