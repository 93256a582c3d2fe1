"""Ten things a newcomer wants, each at most four keys from the home screen, as docs/dashboard.md lists them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from textual.worker import Worker

from kingtui.home import Home, read_choices
from kingtui.screens.dialogs import GoTo
from kingtui.screens.home import HomeScreen
from kingtui.store.schema import reports
from tests.documents import ROOT, part, rows
from tests.tui.dashboard import Dashboard, dashboard
from tests.world import at_rest, ratio_picture, until

PAGE = ROOT / "docs" / "dashboard.md"
NAMES = {"enter": "Enter", "slash": "/", "down": "↓"}
THINGS: dict[str, tuple[tuple[str, ...], str] | tuple[tuple[str, ...], str, str]] = {
    "Trigger a step": (("2",), "Step 2 asked"),
    "Why did that picture fail?": (("g", "p"), "it has not the page colour of the charts"),
    "Where is BTC's next cluster?": (("slash", "b", "t", "c"), "Above", "DOGE"),
    "Show me yesterday's report": (("g", "e", "f"), "yesterday"),
    "Is Telegram alive?": (("g", "c"), "Telegram"),
    "Copy a report over SSH": (("g", "e", "enter", "y"), "Copied"),
    "Change the theme": (("T", "down", "enter"), ""),
    "Read a picture again": (("g", "p", "e"), "its stage tells how far it is"),
    "Find a log line": (("g", "l", "slash", "r"), "kingtui runs in"),
    "Stop everything safely": (("q",), ""),
}
"""What is keyed, what is on the screen then, and what is not."""


def on_screen(seen: Dashboard) -> str:
    """All that can be read, notices included."""
    lines = ("".join(segment.text for segment in strip) for strip in seen.app.screen._compositor.render_strips())
    return "\n".join([*lines, *(notice.message for notice in seen.app._notifications)])


def photograph() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def shown(seen: Dashboard, found: str, absent: Sequence[str]) -> bool:
    screen = on_screen(seen)
    return found in screen and not any(word in screen for word in absent)


async def settled(seen: Dashboard) -> None:
    """Wait until what a key asked for was answered: only what runs all the time is left."""
    for _ in range(2):
        await seen.pilot.pause()
        await until(
            lambda: not [found for found in seen.app.workers if found.group == "face" and asks(found)], "answers"
        )


def asks(worker: Worker[object]) -> bool:
    return not worker.is_finished and worker.name not in ("bridge", "symbols", "start", "leave")


async def home_again(seen: Dashboard) -> None:
    for _ in range(4):
        if not isinstance(seen.app.screen, HomeScreen):
            await seen.press("escape")
            await seen.pilot.pause()
    await seen.shown(HomeScreen)


@pytest.mark.slow
async def test_ten_things_take_at_most_four_keys(tmp_path: Path) -> None:
    listed = {row[0]: row[1] for row in rows(part(PAGE, "## Ten things"))}
    said = {thing: " ".join(f"`{NAMES.get(key, key)}`" for key in keys) for thing, (keys, *_) in THINGS.items()}
    assert listed == said
    assert all(len(keys) <= 4 for keys, *_ in THINGS.values())
    async with dashboard(tmp_path) as seen:
        seen.drop(ratio_picture(7, short_term=True))
        await until(lambda: list(seen.runtime.home.reports.rglob("*BTC*.md")), "reports")
        (seen.runtime.home.downloads / "holiday.png").write_bytes(photograph())  # the newest picture
        await until(lambda: list(seen.runtime.home.downloads.rglob("Unknown/holiday.png")), "the photograph")
        await at_rest(seen.runtime)
        async with seen.runtime._database.write() as tx:  # as if BTC's were of the day before
            day_before = seen.app.live.now() - timedelta(days=1)
            report = await seen.runtime.control.report("BTC")
            await tx.execute(reports.update().where(reports.c.id == report.id).values(at=day_before))
        theme = seen.app.theme
        for thing, (keys, found, *absent) in THINGS.items():
            await home_again(seen)
            for key in keys:
                await seen.press(key)
                if key == "g":
                    await seen.shown(GoTo)
                else:
                    await settled(seen)
            if found:
                await until(partial(shown, seen, found, absent), thing, 20)
            elif thing == "Change the theme":
                await until(lambda: seen.app.theme != theme, "another theme", 20)
                await until(lambda: seen.app.theme in read_choices(Home(tmp_path)).values(), "the choice")
        await until(lambda: seen.app._exit or not seen.app.is_running, "the end")
        assert (await seen.runtime.control.logs())[-1].text == "kingtui has stopped"
