"""kill -9 at any moment, start again: in the end everything is as if nothing had happened."""

import os
import random
import time

import pytest

from kingtui.charts import read
from kingtui.reports.facts import facts_of
from tests.faults.pictures import SHARED, TICKERS, workload
from tests.faults.process import Process, wait_for
from tests.faults.snapshot import ENDS, assert_consistent, rows, snapshot


def drop(kingtui: Process, name: str, data: bytes) -> None:
    """As a program does that knows its manners: complete at the moment it is there."""
    waiting = kingtui.home.root / f".{name}"
    waiting.write_bytes(data)
    waiting.rename(kingtui.home.downloads / name)


def finish(kingtui: Process, count: int) -> dict:
    def done() -> bool:
        (ended,) = rows(kingtui.home.root, f"SELECT count(*) FROM images WHERE stage IN {ENDS}")
        return ended[0] == count and kingtui.at_rest()

    wait_for(done, f"{count} pictures to be done", 240)
    assert_consistent(kingtui, count)
    return snapshot(kingtui)


def undisturbed(home, pictures):
    with Process(home) as kingtui:
        for name, data in pictures.items():
            drop(kingtui, name, data)
        return finish(kingtui, len(pictures))


def killed(home, pictures, moments):
    """The same with a kill at each of ``moments``: seconds after the process has answered, or after its start."""
    kingtui = Process(home)
    kingtui.home.create()
    waiting = list(pictures.items())
    per_life = -(-len(waiting) // len(moments))
    for moment in moments:
        if moment < 0:  # while it starts
            kingtui.launch()
        else:
            kingtui.start()
        for name, data in (waiting.pop() for _ in range(min(per_life, len(waiting)))):
            drop(kingtui, name, data)
        time.sleep(abs(moment))
        kingtui.kill()
    with kingtui:
        found = finish(kingtui, len(pictures))
        kills = kingtui.get("/history?status=failed&limit=1000")["history"]
        assert {run["error"] for run in kills} <= {"process ended"}
    return found


def check(tmp_path, pictures, moments):
    found, expected = killed(tmp_path / "killed", pictures, moments), undisturbed(tmp_path / "undisturbed", pictures)
    for part, value in expected.items():
        assert found[part] == value, part


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real charts are not here")
def test_the_painted_charts_and_the_real_ones_tell_of_different_symbols():
    told = {symbol for path in SHARED.glob("real/*.jpg") for symbol in facts_of(read(path.read_bytes()))}
    assert told
    assert not told & set(TICKERS), "or the order of arrival would decide which of the two is newer"


@pytest.mark.slow
def test_three_kills_change_nothing(tmp_path):
    pictures = dict(item for item in workload(4).items() if item[0].startswith(("chart", "copy", "junk.")))
    check(tmp_path, pictures, [0.4, 1.2, -0.5])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_thirty_kills_at_random_moments_change_nothing(tmp_path):
    seed = int(os.environ.get("KINGTUI_TEST_SEED", random.SystemRandom().randrange(10**6)))
    print(f"KINGTUI_TEST_SEED={seed}")  # pytest shows it where the test fails
    chance = random.Random(seed)
    moments = [chance.choice((-1, 1, 1, 1, 1)) * chance.uniform(0.05, 2.5) for _ in range(30)]
    pictures = workload(20)
    pictures["broken.jpg"] = pictures["chart 1.jpg"][:5000]
    check(tmp_path, pictures, moments)
