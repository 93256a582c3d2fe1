"""What kingtui takes while it has nothing to do: processor time and memory of the whole process tree.

    python -m benchmarks.idle [--seconds 120]

It reads one chart first, so that everything is loaded that will be; then the pool's workers retire after a minute.
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks.kingtui_process import kingtui, machine, report, wait_for
from kingtui.charts.painter import paint
from kingtui.services.demo import Market


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    chosen = parser.parse_args()
    print(machine(), file=sys.stderr)
    with kingtui() as process:
        (process.home.downloads / "chart.jpg").write_bytes(paint(next(iter(Market(1).batch(1)))))
        wait_for(lambda: process.rows("SELECT 1 FROM images WHERE stage = 'extracted'"), "the chart", pause=0.1)
        workers = len(process.tree())
        wait_for(lambda: len(process.tree()) < workers and process.at_rest(), "the workers to retire", 200, pause=1)
        before, start = process.processor_seconds(), time.perf_counter()
        time.sleep(chosen.seconds)
        share = (process.processor_seconds() - before) / (time.perf_counter() - start)
        memory = process.memory()
    report(f"idle for {chosen.seconds:.0f} s: processor", f"{share:.2%} of a core", "< 1 %")
    report("idle: memory of the process tree", f"{memory / 1e6:.0f} MB", "< 200 MB", "46 MB")


if __name__ == "__main__":
    main()
