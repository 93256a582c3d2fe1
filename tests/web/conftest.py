"""Chromium, and a kingtui that has read a chart of each kind."""

from __future__ import annotations

import io
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from kingtui.charts.painter import Chart, MapChart, paint
from kingtui.services.demo import Market
from tests.faults.process import Process, wait_for
from tests.world import ratio_picture

CHROMIUM = shutil.which("chromium")
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
EXPECTED = ("Failed to load resource", "WebSocket connection to")
"""What Chromium calls an error where a server refuses, or is not there."""
UNCOUNTED = "100000/minute"
ODD_NAME = "<img src=x onerror=hacked=1>.png"
"""A file name that would act where it was read as markup."""

expect.set_options(timeout=20_000)


def market_charts() -> list[Chart]:
    """Painted charts of one moment of a market, of every kind."""
    return Market().charts(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))


def free_port() -> int:
    """A port that nobody has right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    """A kingtui, and what was dropped into it."""

    process: Process
    map_symbol: str

    @property
    def address(self) -> str:
        """Where its page is."""
        return self.process.address

    def drop(self, name: str, data: bytes) -> None:
        """A file into its downloads."""
        (self.process.home.downloads / name).write_bytes(data)

    def settled(self) -> None:
        """Wait until all that was dropped is worked off."""
        wait_for(self.process.at_rest, "rest", 90)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Ended with the module: while it is there, no other event loop can run."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not there: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def kingtui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for the tests of a module, at rest, with a map, both ratios, an RSI heat map and a picture of nothing."""
    home: Path = tmp_path_factory.mktemp("home")
    charts = market_charts()
    symbol = next(chart for chart in charts if isinstance(chart, MapChart)).symbol
    with Process(home, port=free_port(), rate_limit=UNCOUNTED) as process:
        running = Running(process, symbol)
        for number, chart in enumerate(charts):
            if number < 4 or chart is charts[-1]:
                running.drop(f"chart-{number}.jpg", paint(chart))
        running.drop(ODD_NAME, junk())
        wait_for(lambda: process.get("/status")["pictures"] >= 6, "six pictures", 60)
        running.settled()
        yield running


def junk() -> bytes:
    """A picture that is no chart."""
    into = io.BytesIO()
    Image.new("RGB", (320, 200), (200, 40, 40)).save(into, "PNG")
    return into.getvalue()


@dataclass
class Trouble:
    """What a page said on its console that it should not."""

    lines: list[str]


def open_page(context: BrowserContext) -> tuple[Page, Trouble]:
    """A page, and the errors that it meets; a refused request is none."""
    page, trouble = context.new_page(), Trouble([])

    def heard(message: ConsoleMessage) -> None:
        if (
            message.type == "error"
            and "Failed to load resource" not in message.text
            and "WebSocket" not in message.text
        ):
            trouble.lines.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: trouble.lines.append(str(error)))
    page.set_default_timeout(20_000)
    return page, trouble


@pytest.fixture
def page(browser: Browser, kingtui: Running) -> Iterator[Page]:
    """A page of its own, wide and dark; the test fails where it met an error."""
    context = browser.new_context(viewport=WIDE, color_scheme="dark", base_url=kingtui.address, service_workers="block")
    found, trouble = open_page(context)
    yield found
    context.close()
    assert not trouble.lines


@pytest.fixture
def picture() -> bytes:
    """A ratio chart that nothing else drops."""
    return ratio_picture(4711, rows=6, short_term=True)
