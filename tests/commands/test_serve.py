"""``kingtui serve``: who may open the page, what is said where it cannot be served, and a visitor in a real browser."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from kingtui.commands.serve import _server, is_loopback
from tests.commands.shell import KINGTUI, environment, kingtui
from tests.faults.process import Process, wait_for

pytest.importorskip("textual_serve", reason="the extra web is not installed")
CHROMIUM = shutil.which("chromium")
NOBODY = "exec true"


@contextlib.asynccontextmanager
async def page(host: str = "localhost") -> AsyncIterator[httpx.AsyncClient]:
    """The page, whose visitors' processes end at once."""
    from aiohttp.test_utils import TestServer

    served = TestServer(await _server(NOBODY, host, 8000)._make_app())
    async with served, httpx.AsyncClient(base_url=f"http://localhost:{served.port}", trust_env=False) as http:
        yield http


def upgrade(origin: str | None) -> dict[str, str]:
    """The headers of a WebSocket's begin."""
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }  # fmt: skip
    return headers | ({} if origin is None else {"Origin": origin})


async def test_the_page_loads_nothing_from_elsewhere_and_says_so() -> None:
    async with page() as http:
        found = await http.get("/")
        assert found.status_code == 200
        assert "default-src 'self'" in found.headers["Content-Security-Policy"]
        assert "script-src" not in found.headers["Content-Security-Policy"]
        assert f"ws://localhost:{http.base_url.port}/ws" in found.text
        for text in (found.text, (await http.get("/page.css")).text):
            assert "https://" not in text
            assert "googleapis" not in text
        for path in (
            "/static/js/textual.js",
            "/static/css/xterm.css",
            "/static/fonts/RobotoMono-VariableFont_wght.ttf",
        ):
            assert (await http.get(path)).status_code == 200


async def test_other_pages_and_other_names_are_not_let_in() -> None:
    async with page() as http:
        port = http.base_url.port
        for origin in ("https://evil.example", f"http://evil.example:{port}", "null", "http://localhost:1"):
            assert (await http.get("/ws", headers=upgrade(origin))).status_code == 403
            assert (await http.get("/", headers={"Origin": origin})).status_code == 403
        for name in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "[2001:db8::1]:80"):
            assert (await http.get("/", headers={"Host": name})).status_code == 403
        for name in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost"):
            assert (await http.get("/", headers={"Host": name})).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]"])
def test_the_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "king.example.org", "localhost.example.org", ""])
def test_what_others_reach(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.slow
def test_where_it_cannot_be_served_it_is_a_sentence(tmp_path: Path) -> None:
    def said(*arguments: object, **environment: str) -> tuple[int, str]:
        done = kingtui("serve", *arguments, folder=tmp_path, **environment)
        assert done.stdout == ""
        return done.returncode, done.stderr

    home = tmp_path / "home"
    code, text = said("--home", home)
    assert (code, "nothing runs in" in text, "start it, such as kingtui --api-only" in text) == (1, True, True)
    code, text = said("--home", home, "--host", "0.0.0.0")
    assert (code, "lets everybody who can reach this machine work the dashboard" in text) == (2, True)
    code, text = said("--home", home, KINGTUI_REQUIRE_TOKEN="true")
    assert (code, "this page would let them in" in text) == (2, True)
    code, text = said("--attach", "somewhere")
    assert (code, "is no address of a kingtui" in text) == (2, True)
    with Process(home), socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, text = said("--home", home, "--host", "127.0.0.1", "--port", port)
        assert (code, f"port {port} on 127.0.0.1 is in use by another program" in text) == (1, True)
        assert "is served at" not in text


@contextlib.contextmanager
def serving(home: Path, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [KINGTUI, "serve", "--home", str(home), "--port", str(port)], cwd=folder, env=environment(folder),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr,
    )  # fmt: skip
    address = f"http://localhost:{port}"
    try:
        wait_for(lambda: process.poll() is not None or _answers(address), "the page")
        yield address, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not there: apt-get install chromium")
def test_a_visitor_works_a_dashboard_that_ends_when_they_go(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    home = tmp_path / "home"
    with Process(home) as service, serving(home, tmp_path) as (address, server), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        visitor, other = browser.new_page(), browser.new_page()
        troubles: list[str] = []
        visitor.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        visitor.on("requestfailed", lambda request: troubles.append(request.url))
        for shown in (visitor, other):
            shown.goto(address)
            shown.wait_for_selector("body.-first-byte", timeout=60_000)
        assert len(server.children()) == 2
        visitor.bring_to_front()
        visitor.click("#terminal", position={"x": 200, "y": 5})
        visitor.keyboard.press("3")
        wait_for(
            lambda: [run for run in service.get("/history?step=3")["history"] if run["trigger"] == "manual"],
            "the run that was keyed",
        )
        visitor.close()
        other.bring_to_front()
        other.click("#terminal", position={"x": 200, "y": 5})
        wait_for(lambda: len(server.children()) == 1, "the end of the visitor's process")
        other.keyboard.press("q")
        other.wait_for_selector("body.-closed", timeout=30_000)
        assert "What it showed works on" in other.inner_text("body")
        wait_for(lambda: not server.children(), "the end of the other's process")
        assert troubles == []
        browser.close()
        assert service.get("/health")["status"] == "healthy"
