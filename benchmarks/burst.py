"""A thousand charts dropped at once: is one lost, how many runs, are the cores busy, does a request get through?

    python -m benchmarks.burst [--charts 1000] [--workers 2]

The charts are painted from a moving market, all different, of all five kinds. Reports are waited for too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import threading
import time
from pathlib import Path

from benchmarks.kingtui_process import ENDS, KingtuiProcess, kingtui, machine, median, percentile, report, wait_for
from kingtui.charts.painter import Chart, paint
from kingtui.services.demo import Market


def painted(count: int) -> list[bytes]:
    """So many different charts, painted on every core."""
    with multiprocessing.get_context("spawn").Pool() as pool:
        return pool.map(_paint, Market(7).batch(count), chunksize=10)


def _paint(chart: Chart) -> bytes:
    return paint(chart)


class Observer(threading.Thread):
    """Beside the work: the most memory that the tree took, and how long requests took."""

    def __init__(self, process: KingtuiProcess) -> None:
        super().__init__(daemon=True)
        self.most_memory = 0
        self.answers: list[float] = []
        self.over = threading.Event()
        self._process = process

    def run(self) -> None:
        """Look once a second until it is over."""
        while not self.over.wait(1.0):
            self.most_memory = max(self.most_memory, self._process.memory())
            start = time.perf_counter()
            self._process.post("/trigger/1")
            self.answers.append(time.perf_counter() - start)


def burst(process: KingtuiProcess, pictures: list[bytes]) -> Observer:
    """Drop all pictures and wait for the last report."""
    waiting = process.home.root / ".waiting"
    waiting.mkdir()
    for number, data in enumerate(pictures):
        (waiting / f"{number:04}.jpg").write_bytes(data)
    observer = Observer(process)
    observer.start()
    for path in sorted(waiting.iterdir()):
        path.rename(process.home.downloads / path.name)
    ended = f"SELECT count(*) FROM images WHERE stage IN {ENDS}"
    wait_for(lambda: process.rows(ended)[0][0] == len(pictures), "every picture", 7200, pause=1)
    wait_for(process.at_rest, "the reports", 600, pause=1)
    observer.over.set()
    observer.join()
    return observer


def places(root: Path) -> int:
    """Pictures on the disk, wherever they are."""
    folders = (root / "downloads", root / "imagesanalysed")
    return sum(1 for folder in folders for path in folder.rglob("*.jpg"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charts", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    print(machine(), file=sys.stderr)
    pictures = painted(chosen.charts)
    with kingtui(workers=chosen.workers) as process:
        before, start = process.processor_seconds(), time.perf_counter()
        observer = burst(process, pictures)
        seconds = time.perf_counter() - start
        cores = (process.processor_seconds() - before) / seconds
        runs = process.rows("SELECT step, sum(count) FROM runs WHERE step > 1 GROUP BY step ORDER BY step")
        stages = process.rows("SELECT stage, count(*) FROM images GROUP BY stage ORDER BY 2 DESC")
        found = places(process.home.root)
    print(", ".join(f"{count} {stage}" for stage, count in stages), file=sys.stderr)
    subject = f"{chosen.charts:,} charts at once"
    report(
        subject, f"{seconds:.0f} s, {chosen.charts / seconds * 60:.0f} charts a minute", "–", "first sort after 75 s"
    )
    report(f"{subject}: pictures lost", f"{chosen.charts - found}", "0")
    per_step = ", ".join(f"step {step}: {count}" for step, count in runs)
    report(f"{subject}: runs", per_step, "≤ 20 a step", "4,003 in all")
    report(f"{subject}: cores busy", f"{cores:.2f}", "both of 2")
    report(
        f"{subject}: `POST /trigger` answered",
        f"median {median(observer.answers) * 1000:.0f} ms, p99 {percentile(observer.answers, 0.99) * 1000:.0f} ms, "
        f"longest {max(observer.answers) * 1000:.0f} ms",
        "≤ 100 ms",
    )
    report(f"memory at work, {chosen.workers} workers", f"{observer.most_memory / 1e6:.0f} MB", "< 900 MB")


if __name__ == "__main__":
    main()
