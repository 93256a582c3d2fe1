"""How fast and how right the chart reader is, over painted charts of a moving market, in one process.

    python -m benchmarks.reader [--charts 100] [--seed 1] [--json FILE]

Prints per kind the median and 95th percentile of identifying and of reading, what painting took, and how many of the
painted values were read back, verified, and verified although wrong; then the time to get ready and the peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kingtui import charts
from kingtui.charts.painter import paint
from kingtui.charts.painter.agreement import Agreement, compare
from kingtui.services.demo import Market

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Tally:
    """What was measured of one kind; times in seconds."""

    paint: list[float] = field(default_factory=list)
    identify: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    agreement: Agreement = field(default_factory=Agreement)


def timed(work: Callable[[T], R], given: T) -> tuple[R, float]:
    start = time.perf_counter()
    result = work(given)
    return result, time.perf_counter() - start


def p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def measure(count: int, seed: int) -> tuple[dict[str, Tally], float]:
    """Tallies by kind, and the seconds of the first reading beyond a later one of the same chart."""
    first = paint(next(iter(Market(seed + 1).batch(1))))
    _, cold = timed(charts.read, first)
    _, warm = timed(charts.read, first)
    tallies: dict[str, Tally] = defaultdict(Tally)
    for number, chart in enumerate(Market(seed).batch(count)):
        tally = tallies[chart.kind.value]
        picture, took = timed(paint, chart)
        tally.paint.append(took)
        tally.size.append(len(picture))
        tally.identify.append(timed(charts.identify, picture)[1])
        reading, took = timed(charts.read, picture)
        tally.read.append(took)
        tally.agreement.add(compare(chart, reading.to_json()))
        if sys.stderr.isatty():
            print(f"\r{number + 1}/{count}", end="", file=sys.stderr)
    return dict(tallies), cold - warm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    args = parser.parse_args()
    tallies, ready = measure(args.charts, args.seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    print(f"\n{args.charts} painted charts, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| kind | n | paint ms | identify ms (p95) | read ms (p95) | values right | verified | verified and wrong |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    figures: dict[str, Any] = {"ready_s": ready, "peak_mb": peak, "kinds": {}}
    for kind, tally in sorted(tallies.items()):
        found = tally.agreement
        asked, right, verified = (sum(counter.values()) for counter in (found.asked, found.right, found.verified))
        paint_ms, identify_ms, read_ms = (
            1000 * statistics.median(times) for times in (tally.paint, tally.identify, tally.read)
        )
        print(
            f"| {kind} | {len(tally.read)} | {paint_ms:.0f} | {identify_ms:.0f} ({1000 * p95(tally.identify):.0f}) "
            f"| {read_ms:.0f} ({1000 * p95(tally.read):.0f}) | {right}/{asked} | {verified} | {len(found.wrong)} |"
        )
        figures["kinds"][kind] = {
            "n": len(tally.read),
            "paint_ms": paint_ms,
            "identify_ms": [identify_ms, 1000 * p95(tally.identify)],
            "read_ms": [read_ms, 1000 * p95(tally.read)],
            "bytes": statistics.median(tally.size),
            "asked": dict(found.asked),
            "right": dict(found.right),
            "verified": dict(found.verified),
            "wrong": found.wrong,
        }
    print(f"\nready in {ready:.2f} s · peak memory {peak:.0f} MB")
    for kind, tally in sorted(tallies.items()):
        print(f"\n{kind}\n{tally.agreement}")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
