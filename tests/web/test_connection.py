"""The browser dashboard when kingtui is gone, behind something, asks for a token, or counts requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.faults.process import Process
from tests.web.conftest import UNCOUNTED, WIDE, free_port, open_page
from tests.world import ratio_picture

pytestmark = pytest.mark.slow


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Windows of nobody else, with service workers."""
    found = browser.new_context(viewport=WIDE)
    yield found
    found.close()


def live(page: Page) -> None:
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")


def test_a_lost_connection_is_said_and_heals_by_itself(context: BrowserContext, tmp_path: Path) -> None:
    with Process(tmp_path, port=free_port(), rate_limit=UNCOUNTED) as process:
        page, trouble = open_page(context)
        page.goto(process.address)
        live(page)
        page.evaluate("window.loadedOnce = true")
        process.stop()
        banner = page.locator("#banner")
        expect(banner).to_contain_text("Connection lost: kingtui does not answer.")
        expect(banner).to_contain_text(re.compile(r"What is shown is from \d\d:\d\d:\d\d UTC, \d+ s ago"))
        expect(page.locator("body")).to_have_class(re.compile("stale"))
        page.keyboard.press("2")
        expect(page.locator("#alarms")).to_contain_text("kingtui does not answer")
        (process.home.downloads / "meanwhile.jpg").write_bytes(ratio_picture(3, rows=4))
        process.start()
        live(page)
        expect(banner).to_be_hidden()
        expect(page.locator("body")).not_to_have_class(re.compile("stale"))
        expect(page.locator(".newest tbody tr")).to_have_count(4)
        assert page.evaluate("window.loadedOnce")
        assert not trouble.lines


def test_events_that_were_missed_are_made_up_for(context: BrowserContext, tmp_path: Path) -> None:
    with Process(tmp_path, port=free_port(), rate_limit=UNCOUNTED) as process:
        page, _ = open_page(context)
        hellos: list[str] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda text: hellos.append(str(text)[:200])))
        page.goto(process.address)
        live(page)
        context.set_offline(True)
        page.evaluate("dispatchEvent(new Event('offline'))")
        (process.home.downloads / "meanwhile.jpg").write_bytes(ratio_picture(3, rows=4))
        expect(page.locator(".newest tbody tr")).to_have_count(0)
        context.set_offline(False)
        expect(page.locator(".newest tbody tr")).to_have_count(4)
        assert '"resumed":false' in hellos[0]


def test_without_events_it_asks_every_five_seconds_and_says_so(context: BrowserContext, tmp_path: Path) -> None:
    with Process(tmp_path, port=free_port(), rate_limit=UNCOUNTED) as process:
        page, trouble = open_page(context)
        blocked = True

        def cut(socket: WebSocketRoute) -> None:
            if blocked:
                socket.close()
            else:
                socket.connect_to_server()

        page.route_web_socket(re.compile("/ws"), cut)
        page.goto(process.address)
        expect(page.locator("#banner")).to_contain_text("No live events come through: asking every 5 seconds.")
        (process.home.downloads / "polled.jpg").write_bytes(ratio_picture(5, rows=4))
        expect(page.locator(".newest tbody tr")).to_have_count(4)
        blocked = False
        page.get_by_role("button", name="Try now").click()
        live(page)
        expect(page.locator("#banner")).to_be_hidden()
        assert not trouble.lines


def test_a_token_is_asked_for_kept_and_its_limits_told(context: BrowserContext, tmp_path: Path) -> None:
    with Process(tmp_path, port=free_port(), require_token="true", rate_limit=UNCOUNTED) as process:
        page, trouble = open_page(context)
        page.goto(process.address)
        dialog = page.get_by_role("dialog", name="kingtui asks for a token")
        dialog.get_by_label("Token").fill("not one that counts")
        dialog.get_by_role("button", name="Use it").click()
        expect(dialog).to_be_visible()  # a token has no spaces
        dialog.get_by_label("Token").fill("not.one.that-counts")
        dialog.get_by_role("button", name="Use it").click()
        expect(dialog).to_be_visible()
        expect(dialog).to_contain_text(re.compile("token", re.IGNORECASE))
        dialog.get_by_label("Token").fill(process.token("read"))
        dialog.get_by_role("button", name="Use it").click()
        live(page)
        assert page.evaluate("[sessionStorage.length, localStorage.length]") == [1, 0]
        page.keyboard.press("2")
        expect(page.locator("#alarms")).to_contain_text("Not allowed: ")
        expect(page.locator("#alarms")).to_contain_text("trigger")
        other, _ = open_page(context)
        other.goto(process.address)
        dialog = other.get_by_role("dialog", name="kingtui asks for a token")
        dialog.get_by_label("Token").fill(process.token("trigger"))
        dialog.get_by_label("Remember it").check()
        dialog.get_by_role("button", name="Use it").click()
        live(other)
        assert other.evaluate("[sessionStorage.length, localStorage.length]") == [0, 1]
        other.reload()
        live(other)
        other.keyboard.press("2")
        expect(other.locator("#notices")).to_contain_text("Step 2 triggered")
        assert not trouble.lines


def test_only_the_page_is_kept_for_hours_without_kingtui(context: BrowserContext, tmp_path: Path) -> None:
    with Process(tmp_path, port=free_port(), rate_limit=UNCOUNTED) as process:
        page, _ = open_page(context)
        page.goto(process.address)
        live(page)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.reload()
        live(page)
        page.goto(f"{process.address}/#reports")
        kept = page.evaluate(
            """async () => {
              const found = [];
              for (const name of await caches.keys()) {
                for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
              }
              return found;
            }"""
        )
        assert "/" in kept
        assert all(path == "/" or path.startswith("/web/") for path in kept)
        process.stop()
        page.goto(f"{process.address}/")
        expect(page.locator("#banner")).to_contain_text("Connection lost")
        expect(page.locator(".newest tbody tr")).to_have_count(0)
        process.start()
        live(page)


def test_the_usual_limit_of_requests_is_enough_for_a_person(context: BrowserContext, tmp_path: Path) -> None:
    with Process(tmp_path, port=free_port()) as process:
        for number in range(4):
            (process.home.downloads / f"{number}.jpg").write_bytes(ratio_picture(number, rows=8))
        for view in ("", "#symbols", "#reports", "#pictures", "#history"):
            page, trouble = open_page(context)
            refused: list[str] = []
            page.on("response", lambda answer, into=refused: answer.status == 429 and into.append(answer.url))
            page.goto(f"{process.address}/{view}")
            live(page)
            page.wait_for_load_state("networkidle")
            assert not refused
            assert not trouble.lines
            page.close()
