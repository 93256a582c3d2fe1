"""SPEC's seven routes and what they answer to bad requests, over real HTTP to a runtime at work."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

import httpx
import pytest
import pytest_asyncio

from kingtui import __version__
from kingtui.api.errors import CODES
from kingtui.models import STEPS
from tests.world import at_rest, ratio_chart, ratio_picture, running, until

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


def is_moment(text):
    return MOMENT.fullmatch(text) and datetime.fromisoformat(text)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(tmp_path_factory):
    """A client of a runtime that has read one short-term ratio chart of eight symbols."""
    home = tmp_path_factory.mktemp("home")
    async with running(home, api=True, port=0) as runtime:
        status = await runtime.control.status()
        async with httpx.AsyncClient(base_url=status.api_address, timeout=20) as http:
            await until(lambda: answers(http), "the API")
            (home / "downloads" / "chart.jpg").write_bytes(ratio_picture(1, rows=8, short_term=True))
            for row in ratio_chart(1, rows=8, short_term=True).rows:
                await until(lambda row=row: reported(http, row.symbol), "its report")
            await at_rest(runtime)
            yield http


async def answers(http):
    try:
        return (await http.get("/health")).status_code == 200
    except httpx.TransportError:
        return False


async def reported(http, symbol):
    return (await http.get(f"/reports/{symbol}")).status_code == 200


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_health(client):
    found = (await client.get("/health")).json()
    assert (found["status"], found["service"], found["version"]) == ("healthy", "King Orchestration Agent", __version__)
    assert is_moment(found["timestamp"])
    assert found["health"] in ("well", "working", "attention")
    assert isinstance(found["reasons"], list)


async def test_status(client):
    async def quiet():  # a run that was asked for while the last one was at work comes after it, without items
        told = (await client.get("/status")).json()
        return None if told["is_running"] else told

    found = await until(quiet, "rest")
    assert list(found["steps"]) == [f"step_{number}" for number in range(1, 7)]
    for number, info in enumerate(STEPS, 1):
        step = found["steps"][f"step_{number}"]
        assert (step["name"], step["script"]) == (info.name, info.script)
        assert step["status"] in ("pending", "running", "completed", "failed", "idle")
        assert step["backlog"] == 0
        assert step["last_execution"] is None or is_moment(step["last_execution"])
        assert step["next_trigger"] is None or is_moment(step["next_trigger"])
    assert found["steps"]["step_1"]["last_execution"] is None
    assert found["steps"]["step_2"]["status"] == "completed"
    assert (found["is_running"], found["paused"]) == (False, False)
    assert found["history_count"] == (await client.get("/history")).json()["total"]


async def test_trigger_leads_to_a_run_in_the_history(client):
    answer = await client.post("/trigger/3")
    assert answer.status_code == 200
    found = answer.json()
    assert found == {"message": "Step 3 triggered", "step": "kingtui/steps/dedupe.py", "run_id": found["run_id"]}

    async def run():
        history = (await client.get("/history?step=3")).json()["history"]
        return next((entry for entry in history if entry["id"] == found["run_id"]), None)

    entry = await until(run, "the run")
    assert (entry["step"], entry["status"], entry["trigger"]) == (3, "success", "manual")
    assert (entry["items"], entry["error"]) == (0, None)
    assert entry["duration"] >= 0
    assert is_moment(entry["timestamp"])


async def test_data_is_flat_and_has_every_field(client):
    row = ratio_chart(1, rows=8, short_term=True).rows[0]
    found = (await client.get(f"/data/{row.symbol}")).json()
    assert set(found) == {
        "Symbol", "CurrentPrice", "CurrentPriceAt", "CurrentPriceSource", "Score", "RSI", "LastUpdated", "Verified",
        "Stale", "PriceNote",
        *(f"WinRate_{span}{end}" for span in ("24h", "7d", "1m") for end in ("", "_Source", "_At")),
        *(f"Liqcluster{slot}" for slot in ("-2", "-1", "+1", "+2")),
    }  # fmt: skip
    long = int(row.short + 0.5)
    assert found["WinRate_24h"] == f"{long}% Long/{100 - long}% Short"
    assert found["Score"] == max(long, 100 - long)
    assert is_moment(found["WinRate_24h_At"])
    assert is_moment(found["LastUpdated"])
    assert (found["CurrentPrice"], found["RSI"], found["Liqcluster+1"]) == (None, None, None)
    assert (found["Verified"], found["Stale"]) == (True, False)
    for written in (row.symbol.lower(), f"{row.symbol}USDT", f"{row.symbol}/USDT", f"{row.symbol}%2FUSDT"):
        assert (await client.get(f"/data/{written}")).json()["Symbol"] == row.symbol


async def test_reports(client):
    row = ratio_chart(1, rows=8, short_term=True).rows[0]
    found = (await client.get(f"/reports/{row.symbol}")).json()
    assert set(found) == {"symbol", "report", "file", "timestamp"}
    assert found["symbol"] == row.symbol
    assert re.fullmatch(rf"downloads/MD Reports/[\d-]{{10}}/report_{row.symbol}_\d{{8}}_\d{{6}}\.md", found["file"])
    assert "## Executive Summary" in found["report"]
    assert is_moment(found["timestamp"])


async def test_history_pages_and_filters(client):
    found = (await client.get("/history")).json()
    ids = [entry["id"] for entry in found["history"]]
    assert ids == sorted(ids)
    assert found["total"] == len(ids)
    assert {"id", "step", "status", "timestamp", "trigger", "duration", "items", "error"} <= set(found["history"][0])
    last = (await client.get("/history?limit=2")).json()["history"]
    assert [entry["id"] for entry in last] == ids[-2:]
    before = (await client.get(f"/history?limit=2&before={ids[-2]}")).json()["history"]
    assert [entry["id"] for entry in before] == ids[-4:-2]
    sorts = (await client.get("/history?step=2&status=success")).json()
    assert {entry["step"] for entry in sorts["history"]} == {2}
    assert (await client.get("/history?status=timeout")).json() == {"history": [], "total": 0}


async def test_restart_ends_runs_and_sets_all_idle(client):
    answer = await client.post("/restart")
    assert (answer.status_code, answer.json()) == (200, {"message": "Orchestration restarted"})
    steps = (await client.get("/status")).json()["steps"].values()
    assert {step["status"] for step in steps} == {"idle"}


BAD = [
    *((("POST", f"/trigger/{step}"), 400, "Invalid step number") for step in (
        "0", "7", "x", "-1", "1.0", "%31%00", "٣", "99999999999999999999", "%2A", "..%2F1", "1/", "1;2",
    )),
    *((("GET", f"/data/{symbol}"), 404, "Symbol not found") for symbol in (
        "NOTTHERE", "..%2F..%2Fetc%2Fpasswd", "../../etc/passwd", "%2A", "%25", "a'; DROP TABLE images;--", "", "%00",
        "A" * 5000, "%FF%FE", "🚀",
    )),
    *((("GET", f"/reports/{symbol}"), 404, "No report found") for symbol in (
        "NOTTHERE", "..%2F..%2Fetc%2Fpasswd", "%2A", "*", "[A-Z]*", "%00", "..", "%2e%2e%2f", "B%3FC",
    )),
    *((("GET", f"/history?{query}"), (400, 422), None) for query in (
        "limit=-1", "limit=0", "limit=999999999", "limit=99999999999999999999999999", "limit=x", "before=x",
        "before=99999999999999999999999999", "step=x", "step=99999999999999999999999999", "status=nonsense",
        "status=running", "limit=1e3", "limit=", "limit=1&limit=-1",
    )),
    (("GET", "/trigger/1"), 405, "Method not allowed"),
    (("DELETE", "/history"), 405, "Method not allowed"),
    (("PUT", "/restart"), 405, "Method not allowed"),
    (("POST", "/health"), 405, "Method not allowed"),
    (("GET", "/restart"), 405, "Method not allowed"),
    (("GET", "/data/BTC%0d%0aX-Header:%201"), 404, None),
    (("GET", "/nothing"), 404, "Not found"),
    (("GET", "/health/more"), 404, "Not found"),
    (("GET", "/.env"), 404, "Not found"),
]  # fmt: skip


@pytest.mark.parametrize(("request_line", "codes", "error"), BAD, ids=lambda value: str(value)[:60])
async def test_a_bad_request_gets_a_json_error(client, request_line, codes, error):
    method, path = request_line
    answer = await client.send(raw(client, method, path))
    assert answer.status_code in (codes if isinstance(codes, tuple) else (codes,)), answer.text
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert set(found) == {"error", "code"}
    assert found["code"] == CODES[answer.status_code]
    assert isinstance(found["error"], str)
    assert found["error"]
    if error is not None:
        assert found["error"] == error
    assert "X-Header" not in answer.headers


def raw(client, method, path):
    """A request whose path goes over the wire as it is written here; only what HTTP forbids is quoted."""
    request = client.build_request(method, "/")
    request.extensions["target"] = b"".join(
        bytes([byte]) if 0x21 <= byte <= 0x7E else f"%{byte:02X}".encode() for byte in path.encode()
    )
    return request


async def test_many_at_once_are_all_answered(client):
    paths = ["/status", "/health", "/history", "/data/NOTTHERE"] * 25
    answers = await asyncio.gather(*(client.get(path) for path in paths))
    assert {answer.status_code for answer in answers} == {200, 404}


async def test_ipv6_is_answered_too(client):
    port = client.base_url.port
    async with httpx.AsyncClient(base_url=f"http://[::1]:{port}") as http:
        try:
            answer = await http.get("/health")
        except httpx.ConnectError:
            pytest.skip("this machine has no IPv6")
    assert answer.status_code == 200
