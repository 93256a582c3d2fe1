"""What the documents print works as printed: the clients, the commands and the answers, against a real kingtui."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kingtui.charts.painter import RatioChart, RatioRow, paint
from kingtui.charts.reading import AnyReading, HeatmapReading, Kind, RatioReading, Row
from kingtui.commands.output import PIPE_WIDTH
from kingtui.home import Home, owner
from kingtui.models import STEPS, Evidence, Stage
from kingtui.reports.facts import facts_of
from kingtui.store import images, symbols
from kingtui.store.database import Database
from kingtui.store.images import Arrival
from tests.documents import API, README, code

PORT = "5555"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Running:
    """A kingtui at work in a process of its own, with ETH's record and report written."""

    home: Path
    port: int

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=10, trust_env=False)

    def here(self, text: str) -> str:
        """A program from a page, with the port that is really served."""
        assert PORT in text
        return text.replace(PORT, str(self.port))


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KINGTUI_")}
    return (
        kept
        | {"KINGTUI_MIN_FREE_DISK": "0", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        | more
    )


async def _make_home(home: Path) -> None:
    """A home in which pictures have said something of ETH, and whose report is due."""
    now = datetime.now(UTC)
    rows = (Row("ETH", 87.6, 12.4, "down2", verified=True), Row("BTC", 41.2, 58.8, verified=True))
    readings: tuple[AnyReading, ...] = (
        RatioReading(kind=Kind.SHORT_TERM_RATIO, leverage="optical_opti", rows=rows, verified=("leverage",)),
        HeatmapReading(symbol="ETH", last_price=3789.25, verified=("symbol", "last_price")),
    )
    Home(home).create()
    database = Database(Home(home).database)
    await database.open(now)
    async with database.write() as tx:
        for number, reading in enumerate(readings):
            sha256, name = f"{number}" * 64, f"{number}.jpg"
            path = f"imagesanalysed/{reading.kind.folder}/{name}"
            image_id = await images.register(tx, Arrival(path, name, sha256, 1, 1, "drop", name), now)
            await images.move_on(tx, image_id, Stage.EXTRACTED, now, kind=reading.kind)
            for symbol, facts in facts_of(reading).items():
                await symbols.add_evidence(
                    tx, Evidence(symbol, reading.kind, sha256, now, "arrival", facts, image_id, name=name)
                )
                await symbols.changed(tx, symbol, now, None)
    await database.close()


@pytest.fixture(scope="module")
def kingtui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("docs") / "home"
    asyncio.run(_make_home(home))
    said = home.with_name("said.log")
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kingtui", "--api-only", "--home", str(home), "--port", "0"],
            cwd=home.parent, env=_environment(), stdin=subprocess.DEVNULL, stderr=output,
        )  # fmt: skip
    try:
        yield _served(process, home)
    finally:
        process.terminate()
        process.wait(30)
    assert process.returncode == 0, said.read_text()


def _served(process: subprocess.Popen[bytes], home: Path) -> Running:
    """Wait until it answers and the report is written."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = owner(Home(home))
        if found is not None and found.address is not None:
            running = Running(home, int(found.address.rsplit(":", 1)[1]))
            try:
                if running.get("/reports/ETH").is_success:
                    return running
            except httpx.TransportError:
                pass  # its port is bound, but nobody serves it yet
        time.sleep(0.1)
    raise AssertionError(f"it did not come so far:\n{home.with_name('said.log').read_text()}")


def _run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_environment(**environment), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def test_the_python_client_works_as_printed(kingtui: Running, tmp_path: Path) -> None:
    program, *_ = code(README, "python")
    said = _run([sys.executable, "-c", kingtui.here(program)], tmp_path)
    assert "WinRate_24h 12% Long/88% Short" in said
    assert "CurrentPrice 3789.25" in said
    assert "RSI not available" in said
    assert "Step 6 triggered" in said


def test_the_programs_with_our_own_client_work_as_printed(kingtui: Running, tmp_path: Path) -> None:
    _, plain, live = code(README, "python")
    said = _run([sys.executable, "-c", kingtui.here(plain)], tmp_path)
    assert "12% Long/88% Short from short-term ratio at 20" in said
    assert re.search(r"^run \d+$", said, re.MULTILINE)
    said = _run([sys.executable, "-c", kingtui.here(live)], tmp_path)
    assert re.search(r"^health: (well|working|attention)$", said, re.MULTILINE)
    assert re.search(r"^step \d success after \d+ events$", said, re.MULTILINE)


def test_the_python_client_says_what_is_wrong(kingtui: Running, tmp_path: Path) -> None:
    program, *_ = code(README, "python")
    wrong = kingtui.here(program).replace("/data/ETH", "/data/NOPE")
    done = subprocess.run(
        [sys.executable, "-c", wrong], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "/data/NOPE: Symbol not found\n"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_javascript_client_works_as_printed(kingtui: Running, tmp_path: Path) -> None:
    (program,) = code(README, "javascript")
    said = _run(["node", "--input-type=module", "--eval", kingtui.here(program)], tmp_path)
    assert all(step.name in said for step in STEPS)
    assert kingtui.get("/reports/ETH").json()["file"] in said
    assert "Step 2 triggered" in said


def test_the_python_clients_of_the_manual_work_as_printed(kingtui: Running, tmp_path: Path) -> None:
    plain, own = (kingtui.here(program) for program in code(API, "python"))
    token = _run([sys.executable, "-m", "kingtui", "token", "create", "--name", "docs", "--scope", "trigger"], tmp_path,
                 KINGTUI_HOME=str(kingtui.home)).strip()  # fmt: skip
    for shown in ({}, {"KING_TOKEN": token}):
        said = _run([sys.executable, "-c", plain], tmp_path, **shown)
        assert "BTC 59% Long/41% Short" in said
        assert "ETH 12% Long/88% Short" in said
        assert re.search(r"^run \d+ success $", said, re.MULTILINE)
        assert "ETH is as it was" in said
        said = _run([sys.executable, "-c", own], tmp_path, **shown)
        assert re.search(r"^health: (well|working|attention)$", said, re.MULTILINE)
        assert "ETH 88 verified" in said
        assert kingtui.get("/reports/ETH").json()["file"] in said
    done = subprocess.run([sys.executable, "-c", own], cwd=tmp_path, env=_environment(KING_TOKEN="wrong"),
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "token" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_axios_client_of_the_manual_works_as_printed(kingtui: Running, tmp_path: Path) -> None:
    _, program = code(API, "javascript")
    said = _run(["node", "--input-type=module", "--eval", kingtui.here(program)], tmp_path)
    assert kingtui.get("/reports/ETH").json()["file"] in said
    assert "Step 6 triggered" in said
    assert "404 Symbol not found" in said


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_lines_work_as_printed(kingtui: Running, tmp_path: Path) -> None:
    (lines,) = [block for block in code(README, "sh") if "curl" in block]
    for line in kingtui.here(lines).splitlines():
        assert "error" not in json.loads(_run(["sh", "-c", line], tmp_path)), line


def _printed() -> dict[str, list[Any]]:
    """The JSON of docs/api.md by the heading it stands under."""
    parts = re.split(r"^## (.*)$", API.read_text("utf-8"), flags=re.MULTILINE)[1:]
    blocks = {heading: re.findall(r"^```json\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
              for heading, text in zip(parts[::2], parts[1::2], strict=True)}  # fmt: skip
    return {heading: [json.loads(block) for block in found] for heading, found in blocks.items()}


def test_the_answers_have_the_shape_that_is_printed(kingtui: Running) -> None:
    printed = _printed()
    for heading in ("GET /health", "GET /readyz", "GET /reports", "GET /data/{symbol}", "GET /reports/{symbol}",
                    "GET /symbols/{symbol}/history", "GET /symbols/{symbol}/levels"):  # fmt: skip
        path = heading.removeprefix("GET ").replace("{symbol}", "ETH")
        assert printed[heading][0].keys() == kingtui.get(path).json().keys(), heading
    status, history = printed["GET /status"][0], printed["GET /history"][0]
    found = kingtui.get("/status").json()
    assert status.keys() == found.keys()
    assert status["steps"]["step_1"].keys() == found["steps"]["step_1"].keys()
    assert printed["GET /reports"][0]["reports"][0].keys() == kingtui.get("/reports").json()["reports"][0].keys()
    runs = kingtui.get("/history").json()
    assert history.keys() == runs.keys()
    assert history["history"][0].keys() == runs["history"][0].keys()
    assert status["steps"]["step_1"]["last_run"].keys() == runs["history"][0].keys()
    triggered, refused = printed["POST /trigger/{n}"]
    (restarted,) = printed["POST /restart"]
    for path, answer in (("/trigger/6", triggered), ("/trigger/7", refused), ("/restart", restarted)):
        found = httpx.post(f"http://127.0.0.1:{kingtui.port}{path}", timeout=10, trust_env=False).json()
        assert found | {"run_id": 0} == answer | {"run_id": 0}


ELSEWHERE = ("serve", "login", "logout", "airtable")
"""Commands that need a service or serve until they are ended; tests/commands gives them what they need."""


@pytest.mark.slow
def test_the_commands_work_as_printed(kingtui: Running, tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    shares = {"ETH": 87.6, "BTC": 41.2, "SOL": 50.0, "XRP": 12.3, "ADA": 66.6, "LTC": 75.0, "BNB": 33.3, "TRX": 8.1}
    chart = paint(RatioChart(rows=tuple(RatioRow(symbol, long) for symbol, long in shares.items())))
    for name in ("chart.jpg", "charts/one.jpg"):
        (tmp_path / name).write_bytes(chart)
    (block,) = [block for block in code(README, "sh") if "kingtui status" in block]
    for line in block.splitlines():
        if line.split()[1] in ELSEWHERE:
            assert "Usage: kingtui" in _run(["sh", "-c", f"{line.partition('#')[0]} --help"], tmp_path)
            continue
        said = _run(["sh", "-c", line], tmp_path, KINGTUI_HOME=str(kingtui.home), COLUMNS=str(PIPE_WIDTH))
        assert said or re.search(r"--out|trigger|run", line), f"{line} said nothing"
    assert json.loads((tmp_path / "readings" / "one.json").read_text())["rows"][0]["long"] == 87.6
