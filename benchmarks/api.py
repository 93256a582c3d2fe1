"""How many requests the API answers, how soon an event is with who follows it, and what 500 followers take.

    python -m benchmarks.api [--seconds 3] [--runs 5] [--symbols 5000] [--followers 500]

The server has one core and the load the other. All guards are in place; only the rate's limit is raised. The processor
time of a request is told beside the rate: it says what a machine without other work would give.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.kingtui_process import KingtuiProcess, machine, median, percentile, report, wait_for
from kingtui.home import Home
from kingtui.store.database import Database
from tests.store.many import fill

RATE = "1000000/second"
SERVER, CLIENT = 0, 1


def pin(process: psutil.Process, core: int) -> None:
    """One core for a process and all its threads, where the system has the means."""
    if hasattr(process, "cpu_affinity") and (os.cpu_count() or 1) > 1:
        for thread in process.threads():
            with contextlib.suppress(OSError):
                os.sched_setaffinity(thread.id, {core})


def load(url: str, paths: list[str], connections: int, seconds: float, core: int | None = CLIENT) -> dict[str, Any]:
    """One run of the load in a process of its own, on one ``core``; None: wherever there is room."""
    command = [sys.executable, "-m", "benchmarks.load", url, "--connections", str(connections), *paths]
    with subprocess.Popen([*command, "--seconds", str(seconds)], stdout=subprocess.PIPE) as process:
        if core is not None:
            pin(psutil.Process(process.pid), core)
        told = process.communicate()[0]
    found: dict[str, Any] = json.loads(told)
    return found


def measure(subject: str, server: psutil.Process, url: str, paths: list[str], target: str, chosen: Any) -> None:
    """The medians of several runs, as a row."""
    load(url, paths, 32, 1.0)  # what is made once is made now
    rates, costs, latencies, statuses, broken = [], [], [], set(), 0
    for _ in range(chosen.runs):
        before = server.cpu_times()
        found = load(url, paths, 32, chosen.seconds)
        after = server.cpu_times()
        rates.append(found["requests"] / found["seconds"])
        costs.append((after.user + after.system - before.user - before.system) / found["requests"])
        latencies.append(found["p99"])
        statuses |= found["statuses"].keys()
        broken += found["broken"]
    words = f"{median(rates):,.0f}/s, p99 {median(latencies):.1f} ms, {1e6 * median(costs):.0f} µs of a core each"
    faults = "" if statuses == {"200"} and not broken else f"; statuses {sorted(statuses)}, {broken} broken"
    report(subject, words + faults, target)


@contextlib.contextmanager
def bare(kind: str) -> Iterator[tuple[psutil.Process, str]]:
    """A server of ``benchmarks.bare``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bare", kind, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(lambda: _answers(url), f"the bare {kind} server")
            server = psutil.Process(process.pid)
            pin(server, SERVER)
            yield server, url
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.TransportError:
        return False


async def prepare(home: Home, symbols: int) -> list[str]:
    """A home with so many symbols, as the steps would leave them; their names."""
    await asyncio.to_thread(home.create)
    database = Database(home.database)
    await database.open(datetime.now(UTC))
    names = await fill(database, symbols, datetime.now(UTC))
    await database.close()
    return names


class Followers:
    """Clients of ``/ws`` that note how late each event is."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.taken = 0

    async def follow(self, client: ClientConnection) -> None:
        """Take frames until it is closed."""
        async for text in client:
            now = time.time()
            frame = json.loads(text)
            if frame["type"] == "pause_changed":
                self.late.append(now - datetime.fromisoformat(frame["at"]).timestamp())
                self.taken += 1


async def followed(url: str, count: int, events: int, rate: float, process: KingtuiProcess) -> tuple[Followers, int]:
    """``events`` changes of pause at a rate, with so many followers; them, and the growth of memory in bytes."""
    found = Followers()
    async with contextlib.AsyncExitStack() as stack, httpx.AsyncClient(base_url=url) as http:
        clients = [
            await stack.enter_async_context(connect(url.replace("http", "ws", 1) + "/ws", max_size=None))
            for _ in range(count)
        ]
        following = [asyncio.create_task(found.follow(client)) for client in clients]
        await asyncio.sleep(2)
        before = await asyncio.to_thread(process.memory)
        for number in range(events):
            start = time.perf_counter()
            await http.post("/pause" if number % 2 == 0 else "/resume")
            await asyncio.sleep(max(0.0, 1 / rate - (time.perf_counter() - start)))
        await asyncio.sleep(2)
        grown = await asyncio.to_thread(process.memory) - before
        for task in following:
            task.cancel()
    return found, grown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--symbols", type=int, default=5_000)
    parser.add_argument("--followers", type=int, default=500)
    chosen = parser.parse_args()
    print(machine(), f"load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    for kind in ("fastapi", "flask"):
        if importlib.util.find_spec(kind) is None:
            print(f"{kind} is not installed: left out", file=sys.stderr)
            continue
        with bare(kind) as (server, url):
            measure(f"a bare {kind} route, 32 clients", server, url, ["/health"], "–", chosen)
    with TemporaryDirectory(prefix="kingtui-benchmark-") as folder:
        home = Home(Path(folder) / "home")
        names = asyncio.run(prepare(home, chosen.symbols))
        random.Random(1).shuffle(names)
        with KingtuiProcess(home.root, rate_limit=RATE) as process:
            url = process.url
            server = process.tree()[0]
            pin(server, SERVER)
            measure("`/health`, 32 clients", server, url, ["/health"], "≥ 6,000/s", chosen)
            measure("`/status`, 32 clients", server, url, ["/status"], "≥ 5,000/s", chosen)
            paths = [f"/data/{name}" for name in names]
            for place in range(0, len(names), 100):
                process.get(f"/data?symbols={','.join(names[place : place + 100])}")
            subject = f"`/data/{{symbol}}` among {len(names):,}, 32 clients"
            measure(subject, server, url, paths, "≥ 3,000/s", chosen)
            one, _ = asyncio.run(followed(url, 1, 60, 20, process))
            report("an event with its follower", f"median {1000 * median(one.late):.1f} ms", "≤ 20 ms")
            many, grown = asyncio.run(followed(url, chosen.followers, 200, 20, process))
            lost = 200 * chosen.followers - many.taken
            words = (
                f"median {1000 * median(many.late):.0f} ms, p99 {1000 * percentile(many.late, 0.99):.0f} ms, "
                f"{lost} of {200 * chosen.followers:,} lost, {grown / 1e6:+.1f} MB"
            )
            report(f"{chosen.followers} followers at 20 events/s for 10 s", words, "none lost, memory bounded")


if __name__ == "__main__":
    main()
