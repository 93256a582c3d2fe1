"""What the commands say of a home where nothing runs: from the store, without writing a byte."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kingtui.home import Home, HomeLock
from kingtui.models import RunStatus, Stage
from kingtui.store import images, runs, symbols
from kingtui.store.database import Database
from kingtui.store.images import Arrival
from tests.commands.shell import kingtui
from tests.reports.builders import liquidation_map, long_term

NOW = datetime.now(UTC).replace(microsecond=0)
SHEET = "downloads/MD Reports/2026-01-02/report_ETH_20260102_030405.md"
ATTACK = "\x1b]0;pwned\x07\x9b31m[red]"


async def fill(home: Home) -> None:
    """One map of ETH and its ratio row, two runs of step 2 and one of step 4, a report, one quarantined picture."""
    database = Database(home.database)
    await database.open(NOW)
    async with database.write() as tx:
        arrival = Arrival("downloads/a.jpg", "a.jpg", "b" * 64, 10, 1, "drop", "1")
        image_id = await images.register(tx, arrival, NOW)
        await images.move_on(tx, image_id, Stage.EXTRACTED, NOW)
        for item in (liquidation_map(NOW - timedelta(hours=2)), long_term(12.4, NOW - timedelta(hours=1))):
            await symbols.add_evidence(tx, replace(item, image_id=image_id))
        await symbols.changed(tx, "ETH", NOW, None)
        await symbols.reported(tx, "ETH", NOW, SHEET, None, NOW, None)
        broken = Arrival("downloads/Quarantine/b.jpg", "b.jpg", "c" * 64, 10, 1, "drop", "2")
        await images.move_on(tx, await images.register(tx, broken, NOW), Stage.QUARANTINED, NOW, failed_stage=Stage.NEW)
        for step, status, error in ((2, RunStatus.SUCCESS, None), (4, RunStatus.FAILED, f"a.jpg: {ATTACK}")):
            run, _ = await runs.request(tx, step, "new items", NOW)
            await runs.begin(tx, run.id, NOW)
            await runs.set_step(tx, step, idle=False)
            await runs.end(tx, run.id, status, NOW + timedelta(seconds=1), done=1, error=error)
        await runs.begin(tx, (await runs.request(tx, 2, "timer", NOW))[0].id, NOW)  # and the process was killed
    await database.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which something has run."""
    made = Home(tmp_path_factory.mktemp("stored") / "king")
    made.create()
    asyncio.run(fill(made))
    sheet = made.root / SHEET
    sheet.parent.mkdir(parents=True)
    sheet.write_text(f"# ETH\n\n- a line {ATTACK}\n")
    return made.root


def contents(home: Path) -> dict[str, str]:
    """Every file with its hash."""
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_data_is_the_flat_record_and_nothing_is_written(home: Path, tmp_path: Path) -> None:
    before = contents(home)
    run = kingtui("data", "eth/usdt", "--json", "--home", home, folder=tmp_path)
    assert run.returncode == 0, run.stderr
    record = json.loads(run.stdout)
    assert record["Symbol"] == "ETH"
    assert record["CurrentPrice"] == 1000
    assert record["WinRate_1m"] == "12% Long/88% Short"
    assert record["WinRate_24h_Source"] == "liquidation map, bars within ± 5 %"
    assert [record[f"Liqcluster{slot}"] for slot in ("-2", "-1", "+1", "+2")] == [800, 960, 1100, 1200]
    assert record["RSI"] is None
    assert contents(home) == before


@pytest.mark.slow
def test_a_symbol_without_data_is_no_record(home: Path, tmp_path: Path) -> None:
    run = kingtui("data", "NOPE", "--json", "--home", home, folder=tmp_path)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"Symbol not found: no picture in {home} says anything about NOPE\n"


def test_status_tells_what_is_known_without_an_owner(home: Path, tmp_path: Path) -> None:
    run = kingtui("status", "--json", "--home", home, folder=tmp_path)
    status = json.loads(run.stdout)
    assert (status["health"], status["is_running"], status["api"]) == ("stopped", False, None)
    assert (status["pictures"], status["history_count"]) == (2, 2)
    steps = status["steps"]
    assert steps["step_2"]["status"] == "completed"  # the killed run is nobody's
    assert steps["step_4"]["status"] == "failed"
    assert steps["step_1"]["status"] == "idle"
    assert steps["step_6"]["script"] == "kingtui/steps/report.py"


@pytest.mark.slow
def test_status_beside_an_owner_without_an_api(home: Path, tmp_path: Path) -> None:
    with HomeLock(Home(home), mode="run"):
        status = json.loads(kingtui("status", "--json", "--home", home, folder=tmp_path).stdout)
    assert status["health"] == "attention"
    assert "cannot be asked" in status["reasons"][0]
    assert status["is_running"]
    assert status["steps"]["step_2"]["status"] == "running"


def test_history_explains_the_runs_and_nothing_in_it_reaches_the_terminal(home: Path, tmp_path: Path) -> None:
    run = kingtui("history", "--home", home, folder=tmp_path)
    assert run.returncode == 0
    lines = [re.split(r"\s{2,}", line.strip()) for line in run.stdout.splitlines()]
    assert next(line for line in lines if "success" in line)[:2] == ["1", "2"]
    assert any(line[:2] == ["2", "4"] and "new items" in line for line in lines)
    assert r"a.jpg: \x1b]0;pwned\x07\x9b31m[red]" in run.stdout
    assert not set("\x1b\x07\x9b") & set(run.stdout)


@pytest.mark.slow
def test_history_is_filtered(home: Path, tmp_path: Path) -> None:
    run = kingtui("history", "--json", "--step", 4, "--status", "failed", "--home", home, folder=tmp_path)
    answer = json.loads(run.stdout)
    assert answer["total"] == 1
    assert [(entry["id"], entry["step"], entry["status"]) for entry in answer["history"]] == [(2, 4, "failed")]
    for wrong in (("--status", "good"), ("--limit", "0")):
        run = kingtui("history", *wrong, "--home", home, folder=tmp_path)
        assert (run.returncode, run.stdout) == (2, "")
    run = kingtui("history", "--limit", 1, "--home", home, folder=tmp_path)
    assert "1 of 2 runs" in run.stderr


@pytest.mark.slow
def test_the_report_is_its_markdown_on_a_pipe(home: Path, tmp_path: Path) -> None:
    run = kingtui("report", "ETH", "--home", home, folder=tmp_path)
    assert run.stdout == "# ETH\n\n- a line \\x1b]0;pwned\\x07\\x9b31m[red]\n"
    assert run.stderr == f"{home / SHEET}\n"


@pytest.mark.slow
def test_the_report_as_json_and_for_people(home: Path, tmp_path: Path) -> None:
    answer = json.loads(kingtui("report", "ETH", "--json", "--home", home, folder=tmp_path).stdout)
    assert answer["file"] == SHEET
    assert datetime.fromisoformat(answer["timestamp"]) == NOW
    for command in ("data", "report"):
        run = kingtui(command, "ETH", "--home", home, folder=tmp_path, COLUMNS="80", FORCE_COLOR="1", TERM="xterm")
        assert run.returncode == 0
        assert "ETH" in run.stdout
        assert "pwned\x07" not in run.stdout
        assert "\x1b]" not in run.stdout


@pytest.mark.slow
def test_a_store_of_another_schema_is_a_sentence_and_stays_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "king"
    home.mkdir()
    database = home / "kingtui.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
        connection.commit()
    before = database.read_bytes()
    for command in ("status", "doctor"):
        run = kingtui(command, "--home", home, folder=tmp_path)
        assert run.returncode == 1
        assert "was written by a newer kingtui" in run.stdout + run.stderr
        assert "Traceback" not in run.stderr
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()
    run = kingtui("data", "BTC", "--home", home, folder=tmp_path)
    assert (run.returncode, run.stdout) == (1, "")
    assert "no such table" in run.stderr
    assert "Traceback" not in run.stderr
    assert len(before) == database.stat().st_size
