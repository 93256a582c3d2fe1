"""Step 1: the inbox and the demo."""

import asyncio
import time

import pytest

from kingtui.models import RunStatus, Stage
from tests.engine.test_pipeline import stages
from tests.world import FakeClock, SlowSource, at_rest, ratio_picture, running, until


async def test_the_inbox_is_copied_never_changed_and_remembered(tmp_path):
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    inbox.mkdir()
    (inbox / "first.jpg").write_bytes(ratio_picture(1))
    (inbox / "notes.txt").write_text("not a picture")
    async with running(home, inbox=inbox) as runtime:
        await until(lambda: stages(runtime, 1), "what lay there")
        (inbox / "second.jpg").write_bytes(ratio_picture(2))
        await until(lambda: stages(runtime, 2), "a new file, by its event")
        (inbox / "first.jpg").write_bytes(ratio_picture(3))
        await until(lambda: stages(runtime, 3), "a changed file is a new picture")
    async with running(home, inbox=inbox) as runtime:
        await until(lambda: _step_1_ran(runtime), "step 1 at the start")
        assert len(await runtime.control.images()) == 3
        (inbox / "third.jpg").write_bytes(ratio_picture(4))
        found = await until(lambda: stages(runtime, 4))
        assert set(found.values()) == {Stage.EXTRACTED}
    assert sorted(path.name for path in inbox.iterdir()) == ["first.jpg", "notes.txt", "second.jpg", "third.jpg"]


async def _step_1_ran(runtime) -> bool:
    step = (await runtime.control.status()).steps[0]
    return step.last_run is not None and step.current_run is None and not step.backlog.due


async def test_a_run_that_ends_while_the_store_is_asked_is_not_followed_by_an_empty_one(tmp_path):
    source = SlowSource()
    async with running(tmp_path, sources=[source]) as runtime:
        await source.fetching.wait()
        last = runtime._orchestrator.lanes[6].step
        backlog, asked, go_on = last.backlog, asyncio.Event(), asyncio.Event()

        async def slow_backlog():
            found = await backlog()
            asked.set()
            await go_on.wait()
            return found

        async def step_1_ended():
            return (await runtime.control.history(step=1))[0]

        last.backlog = slow_backlog
        runtime._triggers.wake()
        await asked.wait()
        source.release.set()
        await until(step_1_ended, "the end of the run")
        go_on.set()
        await until(lambda: stages(runtime, 1), "the picture")
        await at_rest(runtime)
        assert [run.done for run in await step_1_ended()] == [1]


@pytest.mark.slow
async def test_an_inbox_that_is_not_there_is_told_of_and_found_later(tmp_path):
    inbox = tmp_path / "inbox"
    async with running(tmp_path / "home", inbox=inbox) as runtime:

        async def told():
            history, _ = await runtime.control.history(step=1)
            return [run.error for run in history if run.error and "cannot be read" in run.error]

        assert await until(told)
        inbox.mkdir()
        (inbox / "late.jpg").write_bytes(ratio_picture(1))
        await runtime.control.trigger(1)
        await until(lambda: stages(runtime, 1))


async def test_an_unreadable_offer_holds_back_only_itself(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "good.jpg").write_bytes(ratio_picture(1))
    (inbox / "dangling.jpg").symlink_to(tmp_path / "nowhere")
    (inbox / "dir.jpg").mkdir()
    async with running(tmp_path / "home", inbox=inbox) as runtime:
        assert await until(lambda: stages(runtime, 1)) == {"good.jpg": Stage.EXTRACTED}


async def test_too_little_disk_pauses_step_1_and_says_so(tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "waits.jpg").write_bytes(ratio_picture(1))
    async with running(tmp_path / "home", inbox=inbox, min_free_disk=10**18) as runtime:

        async def told():
            status = await runtime.control.status()
            run = status.steps[0].last_run
            return run is not None and run.status is RunStatus.FAILED and status.health.reasons

        reasons = await until(told)
        assert any("of disk are free, less than" in reason for reason in reasons)
        assert await runtime.control.images() == []
    assert (inbox / "waits.jpg").exists()


async def test_the_demo_delivers_again_and_again(tmp_path):
    clock = FakeClock()
    async with running(tmp_path, clock=clock, demo=True, demo_interval=60, demo_pictures=2) as runtime:
        for expected in (2, 4, 6):

            async def delivered(expected=expected):
                await clock.advance(0.5)
                return len(await runtime.control.images()) >= expected

            started = time.monotonic()
            await until(delivered, f"{expected} pictures")
            assert time.monotonic() - started < 60
            await clock.advance(61, step=5)
        names = {image.name for image in await runtime.control.images()}
        assert all(name.startswith("kingfisher_20260304_") for name in names)
        assert (await runtime.control.status()).demo


class BrokenSource:
    """A source with a mistake in it."""

    name = label = "broken"

    async def offers(self, cursor):
        raise TypeError("a mistake")

    async def hints(self):
        await asyncio.Event().wait()
        yield


async def test_a_source_that_breaks_holds_back_only_itself(tmp_path):
    source = SlowSource()
    source.release.set()
    async with running(tmp_path, sources=[BrokenSource(), source]) as runtime:
        await until(lambda: stages(runtime, 1), "the other's picture")
        await at_rest(runtime)
        run = (await runtime.control.history(step=1))[0][-1]
        assert run.status is RunStatus.FAILED
        assert run.error == "TypeError: a mistake"
        assert any("step 1 failed: TypeError" in reason for reason in (await runtime.control.status()).health.reasons)
