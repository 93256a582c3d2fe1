"""Pool workers that are killed in a job: only that picture gets an attempt."""

import asyncio
import contextlib
import json
import os
import random
import signal

import psutil
import pytest

from kingtui.charts.painter import chart_to_json
from kingtui.models import RunStatus, Stage, WrongUse
from kingtui.runner import Job, JobDied, PoolRunner
from tests.faults.clocks import SetClock
from tests.faults.snapshot import rows
from tests.world import at_rest, ratio_chart, ratio_picture, running, until


def workers():
    """The pool's processes, which are the niced ones."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.nice() == 10 and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
    return found


async def images(runtime, stage=None):
    found = await runtime.control.images(limit=1000)
    return [image for image in found if stage in (None, image.stage)]


@pytest.fixture
async def pool(tmp_path):
    runner = PoolRunner(2, tmp_path)
    runner.start()
    yield runner
    await runner.stop()


def painting(seed):
    """A job whose data are small and whose result is large."""
    return Job("paint", json.dumps(chart_to_json(ratio_chart(seed))).encode())


async def test_a_worker_that_is_killed_without_a_job_harms_none(pool):
    await asyncio.gather(*(pool.run(painting(seed)) for seed in range(4)))
    for pause in (0.0, 0.5):  # before the pool has seen it, and after
        for worker in workers():
            worker.kill()
        await asyncio.sleep(pause)
        found = await asyncio.gather(*(pool.run(painting(seed)) for seed in range(4)))
        assert all(data.startswith(b"\xff\xd8") for data in found)


@pytest.mark.slow
async def test_kills_at_any_moment_cost_at_most_the_job_at_work(pool):
    kills, over = 0, False
    chance = random.Random(5)

    async def kill():
        nonlocal kills
        while not over:
            await asyncio.sleep(chance.uniform(0.2, 1.5))
            for worker in workers()[:1]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    worker.kill()
                    kills += 1

    killer = asyncio.create_task(kill())
    jobs = [painting(seed) for seed in range(200)] + [Job("identify", ratio_picture(seed)) for seed in range(40)]
    async with asyncio.timeout(200):  # none hangs
        found = await asyncio.gather(*(pool.run(job) for job in jobs), return_exceptions=True)
    over = True
    await killer
    died = [result for result in found if not isinstance(result, bytes)]
    assert all(isinstance(error, JobDied) for error in died), died
    assert 0 < len(died) <= kills
    assert await pool.run(painting(1))


@pytest.mark.slow
async def test_only_the_picture_of_a_killed_worker_gets_an_attempt(tmp_path):
    clock = SetClock()
    async with running(tmp_path, clock=clock, monitor_interval=0.2) as runtime:
        for number in range(4):
            (tmp_path / "downloads" / f"{number}.jpg").write_bytes(ratio_picture(number, rows=14))
        await until(lambda: images(runtime, Stage.UNIQUE), "work for the reader")
        await until(lambda: at_work(runtime, 4), "step 4")
        os.kill((await until(one_at_work, "a worker at work")).pid, signal.SIGKILL)

        async def recorded():
            return rows(tmp_path, "SELECT image_id, error FROM attempts")

        (attempt,) = await until(recorded, "the attempt")
        assert "died (exit code -9)" in attempt["error"]
        waiting = [image for image in await images(runtime) if image.attempts]
        assert [image.id for image in waiting] == [attempt["image_id"]]
        assert waiting[0].next_try > clock.now()

        async def others():
            return len(await images(runtime, Stage.EXTRACTED)) == 3

        await until(others, "the others")
        clock.skip(60)
        await until(lambda: _all_extracted(runtime, 4), "the victim's picture")
        assert len(await recorded()) == 1


async def one_at_work():
    """A worker that has just used the processor; None where none has."""
    before = {worker.pid: worker.cpu_times().user for worker in workers()}
    await asyncio.sleep(0.1)
    return next((worker for worker in workers() if worker.cpu_times().user > before.get(worker.pid, 1e9)), None)


async def _all_extracted(runtime, count):
    return len(await images(runtime, Stage.EXTRACTED)) == count


async def at_work(runtime, step):
    return (await runtime.control.status()).steps[step - 1].current_run


@pytest.mark.slow
async def test_a_picture_that_kills_its_reader_three_times_is_quarantined_and_can_be_retried(tmp_path):
    clock = SetClock()
    async with running(tmp_path, clock=clock, monitor_interval=0.2) as runtime:
        (tmp_path / "downloads" / "poison.jpg").write_bytes(ratio_picture(9, rows=14))
        await until(lambda: images(runtime, Stage.UNIQUE), "work for the reader")
        for attempt in (1, 2, 3):
            await kill_while(runtime, lambda attempt=attempt: fewer_attempts(tmp_path, attempt))
            clock.skip(120)
        (image,) = await until(lambda: images(runtime, Stage.QUARANTINED), "quarantine")
        assert image.failed_stage is Stage.UNIQUE
        assert image.reason.startswith("failed 3 times: the process that did read died")
        assert image.path == "downloads/Quarantine/poison.jpg"
        await at_rest(runtime)
        history, _ = await runtime.control.history(step=4)
        assert [run.status for run in history if run.failed] == [RunStatus.FAILED] * 2
        assert sum(run.quarantined for run in history) == 1

        await runtime.control.retry(image.id)  # nobody kills its reader this time
        (image,) = await until(lambda: images(runtime, Stage.EXTRACTED), "the end")
        history, _ = await runtime.control.history(step=2)
        assert sum(run.done for run in history) == 1, "it came back to step 4, not to the beginning"
        assert (tmp_path / "imagesanalysed/LongTermRatio/poison.jpg").exists()
        with pytest.raises(WrongUse, match="only a quarantined picture"):
            await runtime.control.retry(image.id)


async def fewer_attempts(home, count):
    return len(rows(home, "SELECT 1 FROM attempts")) < count


async def kill_while(runtime, condition):
    """Kill whatever reads, as long as the condition holds."""
    while await condition():
        if await at_work(runtime, 4):
            for worker in workers():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
        await asyncio.sleep(0.05)
