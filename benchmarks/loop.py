"""How long one callback holds the event loop while charts are read, in processor time of the loop's thread.

    python -m benchmarks.loop [--charts 40]

The runtime runs in this process on asyncio's own loop, whose every callback is timed; elapsed time would measure the
machine's other work too.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.kingtui_process import machine, report
from kingtui.charts.painter import paint
from kingtui.commands.headless import task_spawner
from kingtui.models import Stage
from kingtui.runtime import Runtime
from kingtui.services.demo import Market
from kingtui.settings import Settings

Timed = tuple[float, str]


def time_callbacks(longest: list[Timed], keep: int = 8) -> None:
    """Time every callback that asyncio's loop runs from now on; ``longest`` keeps the longest, in seconds."""
    run = asyncio.events.Handle._run

    def timed(self: Any) -> None:
        where = _where(self)
        start = time.thread_time()
        run(self)
        took = time.thread_time() - start
        if len(longest) < keep or took > longest[-1][0]:
            longest.append((took, f"{where} … {_where(self)}"))
            longest.sort(reverse=True)
            del longest[keep:]

    asyncio.events.Handle._run = timed  # type: ignore[method-assign]


def _where(handle: Any) -> str:
    """Where a task waits, in its innermost coroutine of ours; of another callback its name."""
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return getattr(callback, "__qualname__", repr(callback))
    found: str = task.get_name()
    coroutine: Any = task.get_coro()
    while frame := getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None):
        if "kingtui" in frame.f_code.co_filename or found == task.get_name():
            found = f"{frame.f_code.co_qualname}:{frame.f_lineno}"
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)
    return found


async def work(home: Path, pictures: list[bytes], longest: list[Timed]) -> None:
    """Read the pictures while a client asks for the status."""
    settings = Settings(home=home, port=0, min_free_disk=0)
    async with Runtime(settings, mode="headless") as runtime, task_spawner() as spawn:
        await runtime.start(spawn)
        address = (await runtime.control.status()).api_address
        await asyncio.sleep(1.0)
        longest.clear()  # what is imported once, at the start, is the start's
        for number, data in enumerate(pictures):
            (home / "downloads" / f"{number}.jpg").write_bytes(data)
        client = asyncio.create_task(asyncio.to_thread(ask, f"{address}/status", over := threading.Event()))
        while True:
            if await done(runtime, len(pictures)):
                break
            await asyncio.sleep(0.2)
        over.set()
        await client
        await runtime.stop()


def ask(url: str, over: threading.Event) -> None:
    """A client that asks all the while, in a thread of its own: its time does not count."""
    with httpx.Client() as http:
        while not over.wait(0.2):
            http.get(url).raise_for_status()


async def done(runtime: Runtime, count: int) -> bool:
    """Whether so many pictures went all the way, and the reports are written."""
    images = await runtime.control.images(stages=[Stage.EXTRACTED, Stage.DUPLICATE], limit=1000)
    status = await runtime.control.status()
    return len(images) == count and not any(step.current_run or step.backlog.due for step in status.steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charts", type=int, default=40)
    chosen = parser.parse_args()
    print(machine(), file=sys.stderr)
    pictures = [paint(chart) for chart in Market(1).batch(chosen.charts)]
    longest: list[Timed] = []
    time_callbacks(longest)
    with tempfile.TemporaryDirectory(prefix="kingtui-benchmark-") as folder:
        asyncio.run(work(Path(folder), pictures, longest))
    for took, name in longest:
        print(f"{took * 1000:6.1f} ms  {name}", file=sys.stderr)
    report(
        f"longest callback of the loop while {len(pictures)} charts are read, processor time",
        f"{longest[0][0] * 1000:.0f} ms",
        "≤ 50 ms",
    )


if __name__ == "__main__":
    main()
