"""The dashboard as a program of its own, with more events than the steps make: ``benchmarks.screen`` looks at it.

    python -m benchmarks.screen_fed --home DIR --rate 50 [--count 72000 --after 5000]

Posts events of every kind that concerns the screen at a rate of so many a second. After ``--after`` of them, and after
``--count`` more, it writes a file ``fed-1`` and ``fed-2`` into the home.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from kingtui.app import KingApp
from kingtui.commands.headless import run_loop
from kingtui.events import Event, EventBus, Logged, PictureArrived, PictureStaged, RunProgressed, SymbolUpdated
from kingtui.models import LogEntry, Progress, Stage
from kingtui.runtime import Runtime
from kingtui.settings import load_settings

TICK_SECONDS = 0.02


def events() -> Iterator[Event]:
    """What a busy hour brings, without an end."""
    for number in itertools.count(1):
        yield Logged(LogEntry(datetime.now(UTC), "INFO", "kingtui.fed", f"line {number} of the benchmark"))
        yield PictureArrived(number, f"picture-{number}.jpg")
        yield PictureStaged(number, f"picture-{number}.jpg", Stage.EXTRACTED)
        yield RunProgressed(0, number % 6 + 1, Progress(number % 100, 100))
        yield SymbolUpdated(f"COIN{number % 200}")


async def feed(bus: EventBus, home: Path, rate: float, after: int, count: int) -> None:
    """Post at the rate, in ticks of 20 ms."""
    made, posted, loop = events(), 0, asyncio.get_running_loop()
    begin = loop.time()
    while True:
        await asyncio.sleep(TICK_SECONDS)
        for _ in range(int((loop.time() - begin) * rate) - posted):
            bus.post(next(made))
            posted += 1
            for mark, place in ((1, after), (2, after + count)):
                if posted == place:
                    await asyncio.sleep(2)
                    gc.collect()
                    (home / f"fed-{mark}").touch()
                    if mark == 2:
                        return


async def show(chosen: argparse.Namespace) -> None:
    """As ``kingtui`` does."""
    settings = load_settings(chosen.home, {})
    async with Runtime(settings, mode="dashboard") as runtime:
        app = KingApp(runtime.control, start=runtime.start, stop=runtime.stop)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, app.leave)
        feeding = asyncio.create_task(feed(runtime.bus, runtime.home.root, chosen.rate, chosen.after, chosen.count))
        await app.run_async()
        feeding.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--after", type=int, default=-1)
    parser.add_argument("--count", type=int, default=0)
    run_loop(show(parser.parse_args()))


if __name__ == "__main__":
    main()
