"""The dashboard over a real runtime in a temporary home, driven by keys and waited for by state."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from kingtui.app import KingApp
from kingtui.models import Run
from kingtui.runtime import Runtime
from kingtui.settings import Settings
from tests.world import until

WIDE, NARROW = (120, 40), (80, 24)
Shown = TypeVar("Shown", bound=Screen[Any])
Found = TypeVar("Found", bound=Widget)


@dataclass
class Dashboard:
    """What a test holds on to."""

    runtime: Runtime
    app: KingApp
    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def shown(self, screen: type[Shown]) -> Shown:
        """The screen of that class, once it is the one shown and mounted."""
        await until(lambda: isinstance(self.app.screen, screen) and self.app.screen.is_mounted, screen.__name__)
        found = self.app.screen
        assert isinstance(found, screen)
        return found

    def one(self, selector: str, kind: type[Found]) -> Found:
        return self.app.screen.query_one(selector, kind)

    async def history(self, **how: Any) -> list[Run]:
        return (await self.runtime.control.history(**how))[0]

    async def notices(self, text: str) -> None:
        """Wait for a notice that has ``text`` in it."""
        await until(lambda: any(text in notice.message for notice in self.app._notifications), f"notice {text!r}")

    def drop(self, *pictures: bytes, name: str = "chart") -> None:
        for number, picture in enumerate(pictures):
            (self.runtime.home.downloads / f"{name}{number}.jpg").write_bytes(picture)


@contextlib.asynccontextmanager
async def dashboard(
    home: Path, size: tuple[int, int] = WIDE, *, sources: Any = None, keymap: Any = None,
    theme: str | None = "kingfisher", **settings: Any,
) -> AsyncIterator[Dashboard]:  # fmt: skip
    """The app at work, its first status shown; stopped at the end."""
    chosen = Settings(home=home, **{"api": False, "workers": 1, "min_free_disk": 0} | settings)
    async with Runtime(chosen, mode="dashboard", sources=sources) as runtime:
        app = KingApp(
            runtime.control, start=runtime.start, stop=runtime.stop, keymap=keymap, theme=theme,
            choices=await runtime.control.choices(),
        )  # fmt: skip
        async with app.run_test(size=size) as pilot:
            await until(lambda: app.live.status is not None and app.live.book.loaded, "the first status")
            await until(lambda: any(worker.name == "triggers" for worker in app.workers), "the loops")
            yield Dashboard(runtime, app, pilot)
            if not app._exit:
                app.leave()
                await until(lambda: app._exit, "the app to leave")
