"""The API under long and mixed load, and beside two workers that read charts: answers, errors, memory.

    python -m benchmarks.mixed [--minutes 10] [--charts 80] [--symbols 5000] [--followers 20]

First /data is asked for while charts are read. Then every kind of route is asked for on 32 connections in slices of
half a minute, while events go to followers and steps are triggered; the memory after the first slice is compared with
that at the end. All guards are in place; only the rate's limit is raised. Nothing is pinned to a core.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import statistics
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from websockets.asyncio.client import connect

from benchmarks.api import RATE, load, prepare
from benchmarks.burst import painted
from benchmarks.kingtui_process import ENDS, KingtuiProcess, machine, report, wait_for
from kingtui.home import Home

SLICE_SECONDS = 30.0
EVERY_SECONDS = 1.0
"""Between two changes of pause and two triggers, beside the load."""


def beside_workers(process: KingtuiProcess, names: list[str], charts: int) -> None:
    """Ask for records while charts are read, until the last is."""
    before = process.rows("SELECT count(*) FROM images")[0][0]
    for number, data in enumerate(painted(charts)):
        waiting = process.home.downloads / f"{number:04}.part"
        waiting.write_bytes(data)
        waiting.rename(waiting.with_suffix(".jpg"))
    wait_for(lambda: len(process.tree()) > 2, "the workers")
    ended = f"SELECT count(*) FROM images WHERE stage IN {ENDS}"
    paths = [f"/data/{name}" for name in names]
    found: list[dict[str, Any]] = []
    while process.rows(ended)[0][0] < before + charts:
        found.append(load(process.url, paths, 32, 3.0, core=None))
    words = _words(found, f"while {charts} charts were read")
    report("`/data/{symbol}`, 32 clients, beside two workers that read charts", words, "p99 ≤ 100 ms, no error")


def mixed(process: KingtuiProcess, names: list[str], seconds: float, followers: int) -> None:
    """Every kind of route, events and triggers, for so many seconds."""
    some = random.Random(2).sample(names, 200)
    paths = [path for name in some for path in (f"/data/{name}", f"/symbols/{name}/levels", f"/symbols/{name}/history")]
    paths += [
        "/health", "/readyz", "/status", "/metrics", "/history?limit=20", "/symbols?limit=50&sort=score",
        "/images?limit=20", "/images/1", "/reports?limit=20", f"/data?symbols={','.join(some[:20])}", "/",
        "/openapi.json",
    ] * 10  # fmt: skip
    random.Random(3).shuffle(paths)
    over = threading.Event()
    events = Events(process, followers, over)
    events.start()
    found: list[dict[str, Any]] = []
    memory: list[int] = []
    files = 0
    main = process.tree()[0]
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(memory) < 2:
        left = max(1.0, until - time.perf_counter())
        found.append(load(process.url, paths, 32, min(SLICE_SECONDS, left), core=None))
        memory.append(main.memory_full_info().uss)
        files = max(files, main.num_fds())
    over.set()
    events.join()
    grown = (memory[-1] - memory[0]) / 1e6
    words = (
        f"{_words(found, f'in {seconds / 60:.0f} min')}; {events.taken:,} events to {followers} followers, "
        f"{events.asked:,} POSTs, {events.failed} of them failed; {memory[0] / 1e6:.0f} MB → "
        f"{memory[len(memory) // 2] / 1e6:.0f} MB half-way → {memory[-1] / 1e6:.0f} MB ({grown:+.1f}), "
        f"at most {files} open files"
    )
    report("every kind of route, 32 clients", words, "no leak, no error")


def _words(found: list[dict[str, Any]], when: str) -> str:
    statuses: Counter[str] = Counter()
    for told in found:
        statuses.update(told["statuses"])
    wrong = sum(statuses.values()) - statuses["200"] + sum(told["broken"] for told in found)
    rate = sum(told["requests"] for told in found) / sum(told["seconds"] for told in found)
    p99 = statistics.median(told["p99"] for told in found)
    return f"{statuses['200']:,} answers {when}, {wrong} errors, {rate:,.0f}/s, p99 {p99:.0f} ms"


class Events(threading.Thread):
    """Beside the load: followers of /ws, and every second a change of pause and a trigger."""

    def __init__(self, process: KingtuiProcess, followers: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.taken = self.asked = self.failed = 0
        self._process, self._followers, self._over = process, followers, over

    def run(self) -> None:
        """Until it is over."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            address = self._process.url.replace("http", "ws", 1) + "/ws"
            clients = [await stack.enter_async_context(connect(address, max_size=None)) for _ in range(self._followers)]
            following = [asyncio.create_task(self._follow(client)) for client in clients]
            for path in self._paths():
                await asyncio.to_thread(self._post, path)
                await asyncio.sleep(EVERY_SECONDS)
            for task in following:
                task.cancel()

    def _paths(self) -> Any:
        while not self._over.is_set():
            yield from ("/pause", "/trigger/2", "/resume", "/trigger/6")

    def _post(self, path: str) -> None:
        self.asked += 1
        try:
            self._process.post(path)
        except httpx.HTTPError as error:
            self.failed += 1
            print(f"{path}: {error}", file=sys.stderr)

    async def _follow(self, client: Any) -> None:
        async for _ in client:
            self.taken += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--charts", type=int, default=80)
    parser.add_argument("--symbols", type=int, default=5_000)
    parser.add_argument("--followers", type=int, default=20)
    chosen = parser.parse_args()
    print(machine(), f"load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    with TemporaryDirectory(prefix="kingtui-benchmark-") as folder:
        home = Home(Path(folder) / "home")
        names = asyncio.run(prepare(home, chosen.symbols))
        random.Random(1).shuffle(names)
        with KingtuiProcess(home.root, rate_limit=RATE, workers=2) as process:
            beside_workers(process, names, chosen.charts)
            mixed(process, names, 60 * chosen.minutes, chosen.followers)


if __name__ == "__main__":
    main()
