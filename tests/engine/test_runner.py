"""The pool: jobs by name in worker processes that really end."""

import asyncio
import json
import os
import signal
import time

import psutil
import pytest

from kingtui.charts import NotAPicture
from kingtui.charts.painter import chart_to_json
from kingtui.runner import Job, JobDied, JobFailed, JobTimedOut, PoolRunner
from tests.world import ratio_chart, ratio_picture, until


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if _is_worker(child)]


def _is_worker(child: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(child.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):  # it is ending just now
        return False


@pytest.fixture
async def pool(tmp_path):
    runner = PoolRunner(2, tmp_path, idle_seconds=0.5)
    runner.start()
    yield runner
    await runner.stop()


async def test_jobs_run_by_name_in_nice_processes(pool):
    found = json.loads(await pool.run(Job("identify", ratio_picture(1))))
    assert (found["kind"], len(found["pixels"]), len(found["phash"])) == ("long_term_ratio", 64, 16)
    painted = await pool.run(Job("paint", json.dumps(chart_to_json(ratio_chart(1))).encode(), {"format": "PNG"}))
    assert painted.startswith(b"\x89PNG")
    assert {worker.nice() for worker in workers()} == {10}
    with pytest.raises(NotAPicture):
        await pool.run(Job("identify", b"not a picture"))
    with pytest.raises(JobFailed, match="there is no job 'nonsense'"):
        await pool.run(Job("nonsense", b""))
    with pytest.raises(JobFailed, match="paint failed: JSONDecodeError"):
        await pool.run(Job("paint", b"{"))


async def test_workers_retire_when_idle_and_come_back(pool):
    await pool.run(Job("identify", ratio_picture(1)))
    assert workers()
    await until(lambda: not workers(), "workers to retire", 20)
    assert json.loads(await pool.run(Job("identify", ratio_picture(2))))["kind"] == "long_term_ratio"


async def test_a_job_that_takes_too_long_is_ended(pool):
    await pool.run(Job("identify", ratio_picture(1)))
    with pytest.raises(JobTimedOut, match="took longer than 0 s"):
        await pool.run(Job("read", ratio_picture(1, rows=14), timeout=0.01))
    assert json.loads(await pool.run(Job("identify", ratio_picture(1))))["kind"] == "long_term_ratio"


async def test_only_the_job_of_a_killed_worker_dies(pool):
    await pool.run(Job("identify", ratio_picture(1)))
    jobs = [asyncio.create_task(pool.run(Job("read", ratio_picture(seed, rows=14)))) for seed in range(6)]
    await asyncio.sleep(0.1)
    os.kill(workers()[0].pid, signal.SIGKILL)
    results = await asyncio.gather(*jobs, return_exceptions=True)
    died = [result for result in results if isinstance(result, JobDied)]
    assert len(died) == 1
    assert "the process that did read died" in str(died[0])
    assert sum(isinstance(result, bytes) for result in results) == 5


async def test_cancelling_the_await_ends_the_job(pool):
    await pool.run(Job("identify", ratio_picture(1)))
    task = asyncio.create_task(pool.run(Job("read", ratio_picture(1, rows=14))))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 5
    assert await pool.run(Job("read", ratio_picture(1)))
