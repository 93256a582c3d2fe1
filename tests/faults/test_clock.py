"""A clock that is set forward or back while kingtui runs: nothing stops, nothing is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from kingtui.models import Backlog, RunStatus, Stage
from kingtui.schedule import Facts, LaneFacts, schedule
from tests.faults.clocks import SetClock
from tests.faults.snapshot import rows
from tests.world import at_rest, ratio_picture, running, until

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
DAY = 86_400


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [DAY, -DAY])
async def test_work_goes_on_when_the_clock_is_set(tmp_path, seconds):
    clock = SetClock()
    async with running(tmp_path, clock=clock, monitor_interval=0.2) as runtime:
        for number in range(3):
            (tmp_path / "downloads" / f"before {number}.jpg").write_bytes(ratio_picture(number, rows=8))
        (tmp_path / "downloads" / "broken.jpg").write_bytes(b"no picture")

        async def broken_waits():
            return len(await runtime.control.images()) == 4 and rows(
                tmp_path, "SELECT 1 FROM images WHERE next_try IS NOT NULL"
            )

        await until(broken_waits, "the broken picture to be looked at")
        clock.set(seconds)
        (tmp_path / "downloads" / "after.jpg").write_bytes(ratio_picture(7, rows=8))

        async def broken_will_be_looked_at():
            backlog = (await runtime.control.status()).steps[1].backlog
            return backlog.due or backlog.next_try < clock.now() + timedelta(seconds=31)

        await until(broken_will_be_looked_at, "the broken picture not to be forgotten")
        clock.skip(31)

        async def done():
            images = await runtime.control.images()
            return len(images) == 5 and {image.stage for image in images} == {Stage.EXTRACTED, Stage.QUARANTINED}

        await until(done, "all pictures")
        await at_rest(runtime)
        history, _ = await runtime.control.history()
        assert {run.status for run in history} == {RunStatus.SUCCESS}, "a clock that is set is no timeout"
        for record in await runtime.control.symbols():
            assert (await runtime.control.report(record.symbol)).text


async def test_timers_fire_after_the_clock_was_set_back(tmp_path):
    clock = SetClock()
    async with running(tmp_path, clock=clock, monitor_interval=0.2) as runtime:

        async def reports():
            history, _ = await runtime.control.history(step=6)
            return sum(run.count for run in history)

        clock.skip(1_801)
        await until(reports, "the timer of step 6")
        clock.set(-30 * DAY)
        before = await reports()
        clock.skip(1_801)
        await until(lambda: _more(reports, before), "the timer after a month back")


async def _more(count, before):
    return await count() > before


@pytest.mark.parametrize("number", [1, 6])
def test_a_run_that_ended_in_the_future_does_not_stop_a_timer(number):
    lane = LaneFacts(ended_at=NOW + timedelta(days=30))
    due = schedule(Facts(NOW, NOW, {number: lane}, sources=True))[number]
    assert due is not None
    assert due.at <= NOW + timedelta(seconds=1_800)


def test_records_that_changed_in_the_future_are_reported_soon():
    lane = LaneFacts(Backlog(due=1, newest=NOW + timedelta(days=30)), ended_at=NOW)
    facts = Facts(NOW, NOW, {6: lane}, first_change=NOW + timedelta(days=30))
    due = schedule(facts)[6]
    assert due is not None
    assert due.at <= NOW + timedelta(seconds=60)


async def test_a_step_that_was_held_before_the_clock_was_set_back_takes_newer_items(tmp_path):
    clock = SetClock()
    async with running(tmp_path, clock=clock, monitor_interval=0.2) as runtime:
        await runtime.control.cancel(2)
        clock.set(-DAY)
        clock.skip(1)
        (tmp_path / "downloads" / "new.jpg").write_bytes(ratio_picture(1, rows=8))

        async def done():
            return [image for image in await runtime.control.images() if image.stage is Stage.EXTRACTED]

        await until(done, "the new picture")
