"""Pages of others, from another port of this machine: the programs that the documents print, a page for the old API."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from kingtui.models import STEPS
from tests.documents import API, README, code
from tests.web.conftest import Running, open_page

pytestmark = pytest.mark.slow

OLD_PAGE = """<!DOCTYPE html><title>King dashboard</title><pre id="said"></pre><p id="end"></p>
<script>
var API = 'http://localhost:5555';
function say(name, text) { document.getElementById('said').textContent += name + ': ' + text + '\\n'; }
function get(path) { return fetch(API + path).then(function (r) { return r.json(); }); }
function post(path) {
  return fetch(API + path, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({})
  }).then(function (r) { return r.json(); });
}
async function poll() {
  var health = await get('/health');
  say('health', health.status + ', ' + health.service);
  var status = await get('/status');
  for (var i = 1; i <= 6; i++) {
    var step = status.steps['step_' + i];
    say('step ' + i, step.name + ', ' + step.status + ', ' + new Date(step.last_execution || Date.now()).getFullYear());
  }
  say('is_running', typeof status.is_running + ', ' + (status.history_count > 0));
  var eth = await get('/data/ETH');
  say('data', eth.Symbol + ', ' + eth.WinRate_24h + ', ' + eth.Score);
  var report = await get('/reports/ETH');
  say('report', report.symbol + ', ' + report.report.split('\\n')[0] + ', ' + isNaN(new Date(report.timestamp)));
  var history = await get('/history');
  var last = history.history[history.history.length - 1];
  say('history', (history.total >= history.history.length) + ', ' + typeof last.step + ', ' + last.status);
  say('unknown', (await get('/data/NOTTHERE')).error);
  say('trigger', (await post('/trigger/2')).message);
  say('wrong', (await post('/trigger/9')).error);
  say('plain', (await (await fetch(API + '/trigger/2', {method: 'POST'})).json()).message);
  say('restart', (await post('/restart')).message);
}
function end(text) { document.getElementById('end').textContent = text; }
poll().then(function () { end('done'); }, function (error) { end(String(error)); });
</script>
"""
"""Written as pages for the scripts before kingtui were: the seven routes by fetch, and JSON sent with each POST."""


class Site:
    """A page on a port of its own, and what the page says on its console."""

    def __init__(self, browser: Browser, kingtui: Running) -> None:
        self._html = b""
        self._kingtui = kingtui
        self._context = browser.new_context(service_workers="block")
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == "/"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(site._html if found else b"")

            def log_message(self, *_: object) -> None:
                """Nothing: tests are quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._context.close()
        self._server.shutdown()
        self._server.server_close()

    def open(self, html: str, name: str = "localhost") -> tuple[Page, list[str]]:
        """Serve it, with the port that kingtui really has, and open it as ``http://<name>:<port>/``."""
        assert ":5555" in html
        port = self._kingtui.address.rsplit(":", 1)[1]
        self._html = html.replace(":5555", f":{port}").encode()
        page, trouble = open_page(self._context)
        said: list[str] = trouble.lines
        page.on("console", lambda message: said.append(message.text) if message.type == "log" else None)
        page.goto(f"http://{name}:{self._server.server_port}/")
        return page, said

    def run(self, program: str, *ends: str) -> list[str]:
        """What a printed program says in a page, once it has said all of ``ends``."""
        page, said = self.open(f'<!DOCTYPE html><title>A client</title><script type="module">{program}</script>')
        for _ in range(100):
            if all(any(end in line for line in said) for end in ends):
                break
            page.wait_for_timeout(100)
        return said


@pytest.fixture
def site(browser: Browser, kingtui: Running) -> Iterator[Site]:
    found = Site(browser, kingtui)
    yield found
    found.close()


def test_the_readme_s_program_runs_in_a_page(site: Site) -> None:
    (program,) = code(README, "javascript")
    said = site.run(program, "Step 2 triggered")
    assert [line.split(" ")[0] for line in said[:6]] == [step.name.split(" ")[0] for step in STEPS]
    assert "report_ETH_" in said[6]
    assert said[7:] == ["Step 2 triggered"]


def test_the_manual_s_program_with_fetch_runs_in_a_page(site: Site) -> None:
    program, _ = code(API, "javascript")
    said = site.run(program, "run ", "health: ", "Step 6 triggered", "% Short")
    assert sum("% Short" in line for line in said) == 5
    assert next(line for line in said if line.startswith("run ")).split(" ")[2] == "success"
    assert "Step 6 triggered" in said


def test_the_manual_s_program_in_the_way_of_axios_runs_in_a_page(site: Site) -> None:
    _, program = code(API, "javascript")
    said = site.run(program, "404")
    assert any("report_ETH_" in line for line in said)
    assert said[-2:] == ["Step 6 triggered", "404 Symbol not found"]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_page_that_was_written_for_the_old_api_works_unchanged(site: Site, name: str) -> None:
    page, trouble = site.open(OLD_PAGE, name)
    expect(page.locator("#end")).not_to_be_empty()
    said = page.locator("#said").inner_text().splitlines()
    assert page.locator("#end").inner_text() == "done", said
    answers = dict(line.split(": ", 1) for line in said)
    assert answers["health"] == "healthy, King Orchestration Agent"
    for step in STEPS:
        told, status, year = answers[f"step {step.number}"].rsplit(", ", 2)
        assert (told, year.isdigit()) == (step.name, True)
        assert status in ("pending", "running", "completed", "failed", "idle")
    assert answers["is_running"] == "boolean, true"
    assert answers["data"].startswith("ETH, ")
    assert "% Long/" in answers["data"]
    assert answers["report"] == "ETH, # ETH: liquidation report, false"
    assert answers["history"].startswith("true, number, ")
    assert answers["unknown"] == "Symbol not found"
    assert answers["trigger"] == answers["plain"] == "Step 2 triggered"
    assert answers["wrong"] == "Invalid step number"
    assert answers["restart"] == "Orchestration restarted"
    assert not trouble


def test_the_same_page_from_elsewhere_gets_nothing(site: Site) -> None:
    page, _ = site.open(OLD_PAGE, "king.localhost")
    expect(page.locator("#end")).to_have_text("TypeError: Failed to fetch")
    assert page.locator("#said").inner_text() == ""
