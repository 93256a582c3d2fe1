"""From a dropped file, and from a request, to the step at work, seen by another process.

    python -m benchmarks.latency [--drops 200] [--triggers 200]

A file is written beside the folder and moved in, so that it is complete when it is there. The clock stops when the run
is in the store as begun, which another process reads: the commit is part of the time.
"""

from __future__ import annotations

import argparse
import io
import random
import sqlite3
import sys
import time
from contextlib import closing

from PIL import Image

from benchmarks.kingtui_process import KingtuiProcess, kingtui, machine, median, percentile, report, wait_for


def junk(seed: int) -> bytes:
    """A small picture that is no chart, each with other bytes."""
    noise = Image.frombytes("RGB", (8, 6), random.Random(seed).randbytes(144))
    file = io.BytesIO()
    noise.resize((320, 240)).save(file, "JPEG")
    return file.getvalue()


class Begun:
    """Looks into the store for runs of a step that have begun."""

    def __init__(self, connection: sqlite3.Connection, step: int) -> None:
        self._connection = connection
        self._step = step

    def last(self) -> int:
        """The id of the last run that has begun."""
        query = "SELECT max(id) FROM runs WHERE step = ? AND started_at IS NOT NULL"
        return self._connection.execute(query, (self._step,)).fetchone()[0] or 0

    def after(self, run_id: int) -> float:
        """Wait until a later one has begun; the moment on ``time.perf_counter``."""
        wait_for(lambda: self.last() > run_id, f"step {self._step}", 30, pause=0.0005)
        return time.perf_counter()


def drops(process: KingtuiProcess, count: int) -> list[float]:
    """Seconds from each drop to step 2 at work."""
    found = []
    with closing(sqlite3.connect(f"file:{process.home.database}?mode=ro", uri=True)) as connection:
        begun = Begun(connection, 2)
        for number in range(-3, count):  # the first few start a pool worker
            waiting = process.home.root / ".waiting"
            waiting.write_bytes(junk(number))
            wait_for(process.at_rest, "rest", pause=0.02)
            time.sleep(random.Random(number).uniform(0.05, 0.2))
            before = begun.last()
            start = time.perf_counter()
            waiting.rename(process.home.downloads / f"{number}.jpg")
            moment = begun.after(before)
            if number >= 0:
                found.append(moment - start)
    return found


def triggers(process: KingtuiProcess, count: int) -> tuple[list[float], list[float]]:
    """Seconds from each request to step 3 at work, and to its answer."""
    works, answers = [], []
    with closing(sqlite3.connect(f"file:{process.home.database}?mode=ro", uri=True)) as connection:
        begun = Begun(connection, 3)
        for number in range(count):
            wait_for(process.at_rest, "rest", pause=0.02)
            time.sleep(random.Random(number).uniform(0.02, 0.1))
            before = begun.last()
            start = time.perf_counter()
            process.post("/trigger/3")
            answers.append(time.perf_counter() - start)
            works.append(max(begun.after(before), start + answers[-1]) - start)
    return works, answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drops", type=int, default=200)
    parser.add_argument("--triggers", type=int, default=200)
    chosen = parser.parse_args()
    print(machine(), file=sys.stderr)
    with kingtui() as process:
        found = drops(process, chosen.drops)
        works, answers = triggers(process, chosen.triggers)
    report(
        f"drop of a finished file → step 2 at work ({len(found)} drops)",
        f"median {median(found) * 1000:.0f} ms, p99 {percentile(found, 0.99) * 1000:.0f} ms",
        "median ≤ 50 ms, p99 ≤ 500 ms",
        "median 6.3 s, up to 9.9 s",
    )
    report(
        f"`POST /trigger` → step at work ({len(works)} requests)",
        f"median {median(works) * 1000:.0f} ms, p99 {percentile(works, 0.99) * 1000:.0f} ms "
        f"(answered after {median(answers) * 1000:.0f} ms)",
        "median ≤ 20 ms",
        "median 5.3 s, up to 9.8 s",
    )


if __name__ == "__main__":
    main()
