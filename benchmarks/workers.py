"""How much two workers read more than one, and whether a worker's memory grows.

    python -m benchmarks.workers [--charts 240] [--flat 1000]

The same painted charts of all five kinds are read again and again through the program's own pool of processes: by one
worker, by two, and by one again in turns, so that other work on the machine meets both alike. Then one worker reads
``--flat`` charts while its memory is looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.burst import painted
from benchmarks.kingtui_process import machine, median, report
from kingtui.runner import Job, PoolRunner

DIFFERENT = 60


async def read_all(runner: PoolRunner, pictures: Sequence[bytes]) -> float:
    """Charts a second, with a worker ready from the start."""
    await asyncio.gather(*(runner.run(Job("read", pictures[0])) for _ in range(runner.width)))
    start = time.perf_counter()
    await asyncio.gather(*(runner.run(Job("read", picture)) for picture in pictures))
    return len(pictures) / (time.perf_counter() - start)


def memory() -> float:
    """MB of the only worker: what it does not share with others, and its part of what it shares."""
    workers = [
        child for child in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(child.cmdline())
    ]
    return max(worker.memory_full_info().rss for worker in workers) / 1e6


async def measure(pictures: Sequence[bytes], flat: int) -> None:
    """Print the rows."""
    with tempfile.TemporaryDirectory() as cache:
        runners = {width: PoolRunner(width, Path(cache)) for width in (1, 2)}
        rates: dict[int, list[float]] = {1: [], 2: []}
        for width in (1, 2, 1, 2, 1):
            runners[width].start()
            rates[width].append(await read_all(runners[width], pictures))
            await runners[width].stop()
        one, two = median(rates[1]), median(rates[2])
        report(
            "two workers beside one",
            f"{two / one:.2f} × ({one * 60:.0f} and {two * 60:.0f} charts a minute)",
            "≥ 1.8 ×",
        )
        runner = runners[1]
        seen = []
        for number, picture in enumerate(itertools.islice(itertools.cycle(pictures), flat)):
            await runner.run(Job("read", picture))
            if number + 1 in (DIFFERENT, flat // 2, flat):
                seen.append(memory())
        await runner.stop()
    after = ", ".join(f"{size:.0f} MB" for size in seen)
    report(f"a worker's memory after {DIFFERENT}, {flat // 2} and {flat} charts", after, "flat, ≤ 350 MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charts", type=int, default=240)
    parser.add_argument("--flat", type=int, default=1000)
    args = parser.parse_args()
    print(machine(), file=sys.stderr)
    pictures = painted(DIFFERENT)
    asyncio.run(measure(list(itertools.islice(itertools.cycle(pictures), args.charts)), args.flat))


if __name__ == "__main__":
    main()
