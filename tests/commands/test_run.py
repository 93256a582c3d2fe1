"""``kingtui run`` and the demo: alone and beside an owner, on painted charts, through the real steps."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from kingtui.home import Home, owner
from tests.commands.shell import KINGTUI, environment, kingtui
from tests.faults.process import Process, wait_for
from tests.world import ratio_chart, ratio_picture, running

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with two painted charts in downloads, and a file that is none of ours."""
    made = Home(tmp_path / "king")
    made.create()
    for seed in (1, 2):
        (made.downloads / f"{seed}.jpg").write_bytes(ratio_picture(seed, short_term=seed == 2))
    (made.downloads / "notes.txt").touch()
    return made


def history(home: Home, *arguments: object) -> list[dict[str, object]]:
    run = kingtui("history", "--json", "--limit", 1000, *arguments, "--home", home.root, folder=home.root.parent)
    answer = json.loads(run.stdout)
    assert answer["total"] == len(answer["history"])
    return list(answer["history"])


def test_one_step_alone_runs_that_step_and_no_other(home: Home, tmp_path: Path) -> None:
    run = kingtui("run", 2, "--home", home.root, folder=tmp_path)
    assert (run.returncode, run.stdout) == (0, ""), run.stderr
    assert "step 2 Sort Images with AI: 2 done" in run.stderr
    assert [(run["step"], run["items"], run["trigger"]) for run in history(home)] == [(2, 2, "manual")]
    assert (home.downloads / "LongTermRatio" / "1.jpg").exists()
    assert (home.downloads / "ShortTermRatio" / "2.jpg").exists()
    assert owner(home) is None


def test_all_steps_alone_go_on_until_nothing_is_due(home: Home, tmp_path: Path) -> None:
    first = kingtui("run", "--home", home.root, folder=tmp_path)
    assert first.returncode == 0, first.stderr
    assert [run["step"] for run in history(home)] == [1, 2, 3, 4, 5, 6]
    for row in ratio_chart(1).rows[:2]:
        symbol = row.symbol
        record = json.loads(kingtui("data", symbol, "--json", "--home", home.root, folder=tmp_path).stdout)
        assert record["WinRate_1m"].startswith(f"{int(row.short + 0.5)}% Long/")
        assert kingtui("report", symbol, "--home", home.root, folder=tmp_path).stdout.startswith(f"# {symbol}")
    assert (home.downloads / "notes.txt").exists()
    again = kingtui("run", "all", "--home", home.root, folder=tmp_path)
    assert (again.returncode, again.stderr.splitlines()[-1]) == (0, "0 items done")


def test_a_file_written_a_moment_ago_is_not_left_behind(home: Home, tmp_path: Path) -> None:
    (home.downloads / "3.jpg").write_bytes(ratio_picture(3))
    assert "step 2 Sort Images with AI: 3 done" in kingtui("run", 2, "--home", home.root, folder=tmp_path).stderr


def test_an_item_that_fails_is_exit_code_1_and_named(home: Home, tmp_path: Path) -> None:
    with (home.downloads / "huge.jpg").open("wb") as file:
        file.truncate(60_000_000)
    run = kingtui("run", "--home", home.root, folder=tmp_path)
    assert run.returncode == 1
    assert "step 2 Sort Images with AI: 2 done, 1 quarantined" in run.stderr
    assert run.stderr.splitlines()[-1].endswith("1 failed")
    assert (home.quarantine / "huge.jpg").exists()
    assert len(list(home.analysed.rglob("*.jpg"))) == 2  # the others went all the way
    status = kingtui("status", "--home", home.root, folder=tmp_path)
    assert "stopped" in status.stdout


def test_a_run_that_is_told_to_stop_ends_in_order(home: Home, tmp_path: Path) -> None:
    for seed in range(10, 30):
        (home.downloads / f"{seed}.jpg").write_bytes(ratio_picture(seed))
    command = [KINGTUI, "run", "--home", str(home.root)]
    with subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: list((home.downloads / "LongTermRatio").glob("*.jpg")), "the first sorted picture")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said.splitlines()[-1] == "interrupted: what was not finished stays due"
    assert "Traceback" not in said
    assert owner(home) is None
    assert history(home)[-1]["status"] == "cancelled"
    run = kingtui("run", "--home", home.root, folder=tmp_path)
    assert run.returncode == 0, run.stderr
    assert len(list(home.analysed.rglob("*.jpg"))) == 22


def test_beside_an_owner_it_asks_and_waits(home: Home, tmp_path: Path) -> None:
    with Process(home.root) as served:
        run = kingtui("run", "all", "--home", home.root, folder=tmp_path)
        assert run.returncode == 0, run.stderr
        assert f"process {served.pid}, headless mode" in run.stderr
        assert served.at_rest()
        assert len(list(home.analysed.rglob("*.jpg"))) == 2
        assert {entry["step"] for entry in history(home) if entry["trigger"] == "manual"} == {1, 2, 3, 4, 5, 6}

        status = json.loads(kingtui("status", "--json", "--home", home.root, folder=tmp_path).stdout)
        assert status["api"] == owner(home).address  # type: ignore[union-attr]
        assert status["health"] in ("well", "working")
        symbol = ratio_chart(1).rows[0].symbol
        record = json.loads(kingtui("data", symbol.lower(), "--json", "--home", home.root, folder=tmp_path).stdout)
        assert record == served.get(f"/data/{symbol}")
        asked = kingtui("trigger", 3, "--json", "--home", home.root, folder=tmp_path)
        answer = json.loads(asked.stdout)
        assert (asked.returncode, answer["step"]) == (0, "kingtui/steps/dedupe.py")
        wait_for(lambda: answer["run_id"] in [entry["id"] for entry in served.get("/history")["history"]], "its end")
        none = kingtui("data", "NOPE", "--home", home.root, folder=tmp_path)
        assert (none.returncode, none.stdout) == (1, "")
        healthy = kingtui("doctor", "--home", home.root, folder=tmp_path)
        assert "answers: well" in healthy.stdout
        assert healthy.returncode == 0


async def _pause(home: Home) -> None:
    async with running(home.root) as runtime:
        await runtime.control.pause()


def test_beside_an_owner_a_failed_item_is_exit_code_1(home: Home, tmp_path: Path) -> None:
    asyncio.run(_pause(home))  # or the owner's own run would have it before the command asks for one
    with Process(home.root):
        with (home.downloads / "huge.jpg").open("wb") as file:
            file.truncate(60_000_000)
        run = kingtui("run", 2, "--home", home.root, folder=tmp_path)
        assert run.returncode == 1, run.stderr
        assert "1 failed" in run.stderr


def test_the_demo_without_a_terminal_shows_what_it_found(tmp_path: Path) -> None:
    began = time.monotonic()
    run = kingtui("--demo", folder=tmp_path, KINGTUI_HOME=".demo", seconds=240)
    assert run.returncode == 0, run.stderr
    assert time.monotonic() - began < 120
    home = Home(tmp_path / ".demo" / "demo")
    told = re.findall(r"^step (\d) .*: (\d+) done", run.stderr, re.MULTILINE)
    assert {step for step, _ in told} == set("123456")
    assert ("1", "6") in told
    assert str(home.root) in run.stdout
    reports = list(home.reports.rglob("*.md"))
    assert f"reports written  {len(reports)}" in re.sub(r" {2,}", "  ", run.stdout)
    for kind in ("liquidation map", "long-term ratio", "short-term ratio", "RSI heat map", "liquidation heat map"):
        assert re.search(rf"^ *{kind} +[1-9]", run.stdout, re.MULTILINE), kind
    assert "% Long/" in run.stdout
    assert not any(path.name != ".demo" for path in tmp_path.iterdir())
