"""Draws docs/screens anew: the dashboard over a demo, each screen at 120×40 and the home at 80×24.

python -m tests.screenshots [--home /srv/king]

The home's path is seen on some screens; the folder must not be there yet and is taken away again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot

from kingtui.app import KingApp
from kingtui.clock import SystemClock
from kingtui.models import StepStatus
from kingtui.runtime import Runtime
from kingtui.settings import load_settings
from tests.world import until

OUT = Path(__file__).parents[1] / "docs" / "screens"
DELIVERIES, APART = 5, timedelta(minutes=47)
"""Before the pictures are taken: an afternoon with The Kingfisher."""
SCREENS: dict[str, tuple[str, ...]] = {
    "symbols": ("g", "s"), "report": ("g", "e", "slash", "SYMBOL", "enter", "enter"), "history": ("g", "r"),
    "pictures": ("g", "p"), "picture": ("g", "p", "j", "j", "enter"), "log": ("g", "l"), "setup": ("g", "c"),
}  # fmt: skip
"""The keys that lead to each from the home screen. SYMBOL: of which there is a map, typed."""
PAUSE_SECONDS = 3.0
"""Until a screen that was opened has drawn its picture or its report too."""


class EarlierClock(SystemClock):
    """The machine's clock, set back by so much as there is still to be skipped."""

    def __init__(self, behind: timedelta) -> None:
        self.behind = behind

    def now(self) -> datetime:
        """The moment that is played."""
        return super().now() - self.behind


async def shoot(home: Path) -> None:
    """One SVG a screen."""
    flags = {"demo": True, "port": 0, "demo_interval": APART.total_seconds() / 2, "demo_pictures": 16}
    clock = EarlierClock(APART * (DELIVERIES - 1))
    async with Runtime(load_settings(home, flags), mode="dashboard", clock=clock) as runtime:
        app = KingApp(runtime.control, start=runtime.start, stop=runtime.stop)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(lambda: _rests(app), "all the charts to be read", 120)
            for _ in range(DELIVERIES - 1):
                clock.behind -= APART
                pictures = _pictures(app)
                await runtime.control.trigger(1)
                await until(lambda pictures=pictures: _pictures(app) > pictures, "the next delivery", 60)
                await until(lambda: _rests(app), "all the charts to be read", 120)
            await _save(pilot, "home-120x40")
            symbol = next(name for name, record in app.live.book.records.items() if record.price is not None)
            for name, keys in SCREENS.items():
                for key in [part for word in keys for part in (symbol if word == "SYMBOL" else [word])]:
                    await pilot.press(key)
                    await asyncio.sleep(PAUSE_SECONDS / len(keys))
                await _save(pilot, f"{name}-120x40")
                await pilot.press("escape", "escape")
            await pilot.resize_terminal(80, 24)
            await _save(pilot, "home-80x24")
            app.exit()


def _pictures(app: KingApp) -> int:
    return app.live.status.pictures_total if app.live.status is not None else 0


def _rests(app: KingApp) -> bool:
    status = app.live.status
    return status is not None and all(
        view.status is StepStatus.COMPLETED and not view.backlog.due and view.current_run is None
        for view in status.steps
    )


async def _save(pilot: Pilot[None], name: str) -> None:
    await asyncio.sleep(PAUSE_SECONDS)
    (OUT / f"{name}.svg").write_text(pilot.app.export_screenshot(), encoding="utf-8")
    print(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("/srv/king"))
    home = parser.parse_args().home
    if home.exists():
        parser.error(f"{home} is there already")
    # Whoever draws them may sit at a terminal of few colours
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    home.mkdir(parents=True)
    try:
        asyncio.run(shoot(home))
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
