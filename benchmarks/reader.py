"""How fast and how right the chart reader is, over painted charts of a moving market, in one process.

    python -m benchmarks.reader [--charts 100] [--seed 1] [--json FILE]

Prints per kind the median and 95th percentile of identifying and of reading in processor time, what painting took, and
how many of the painted values were read back, verified, and verified although wrong; then what each stage of a reading
takes, the time to reject what is no chart, the time to get ready and the peak memory.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from kingtui import charts
from kingtui.charts import kinds
from kingtui.charts.painter import paint
from kingtui.charts.painter.agreement import Agreement, compare
from kingtui.charts.reading import Kind
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
    stages: list[dict[str, float]] = field(default_factory=list)


def timed(work: Callable[[T], R], given: T) -> tuple[R, float]:
    """The result, and the processor seconds that it took: other work on the machine does not count."""
    start = time.process_time()
    result = work(given)
    return result, time.process_time() - start


STAGES = {
    "decode": "open_picture", "find the page": "page_of", "scale it": "canvas_of", "spell the title": "_spelled",
    "recognise the title": "read_title",
}  # fmt: skip
"""Stages that all kinds share → the function of ``charts.kinds`` that does them."""


@contextmanager
def staged(spent: dict[str, float]) -> Iterator[None]:
    """Add up the seconds of each stage in ``spent`` while the block lasts."""
    before = {name: getattr(kinds, name) for name in STAGES.values()}

    def watched(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed_work(*given: Any) -> Any:
            start = time.process_time()
            try:
                return work(*given)
            finally:
                spent[stage] += time.process_time() - start

        return timed_work

    try:
        for stage, name in STAGES.items():
            setattr(kinds, name, watched(stage, before[name]))
        yield
    finally:
        for name, work in before.items():
            setattr(kinds, name, work)


def rejections() -> list[float]:
    """Seconds to tell that a picture is no chart: blurs of several sizes, some of them of the charts' page colour."""
    found = []
    for seed in range(12):
        noise = Image.frombytes("RGB", (40, 30), random.Random(seed).randbytes(3600))
        size = random.Random(seed).choice(((800, 600), (1280, 960), (1080, 1920)))
        picture = noise.resize(size, Image.Resampling.BICUBIC)
        if seed % 4 == 0:
            picture.paste((45, 55, 82), (0, 0, size[0], size[1] - 40))
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=85)
        kind, took = timed(charts.identify, file.getvalue())
        assert kind.kind is Kind.UNKNOWN
        found.append(took)
    return found


def p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def measure(count: int, seed: int) -> tuple[dict[str, Tally], float]:
    """Tallies by kind, and the seconds of the first reading beyond a later one of the same chart."""
    first = paint(next(iter(Market(seed + 1).batch(1))))
    start = time.perf_counter()
    charts.read(first)
    cold = time.perf_counter() - start
    _, warm = timed(charts.read, first)
    tallies: dict[str, Tally] = defaultdict(Tally)
    for number, chart in enumerate(Market(seed).batch(count)):
        tally = tallies[chart.kind.value]
        picture, took = timed(paint, chart)
        tally.paint.append(took)
        tally.size.append(len(picture))
        tally.identify.append(timed(charts.identify, picture)[1])
        spent: dict[str, float] = dict.fromkeys(STAGES, 0.0)
        with staged(spent):
            reading, took = timed(charts.read, picture)
        tally.read.append(took)
        tally.stages.append(spent)
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
    print("\n| kind | " + " | ".join(STAGES) + " | the rest: its own reading |")
    print("| --- " * (len(STAGES) + 2) + "|")
    for kind, tally in sorted(tallies.items()):
        medians = [statistics.median(spent[stage] for spent in tally.stages) for stage in STAGES]
        rest = statistics.median(tally.read) - sum(medians)
        print(f"| {kind} | " + " | ".join(f"{1000 * part:.0f}" for part in (*medians, rest)) + " |")
    rejected = rejections()
    print(f"\nno chart: told after {1000 * statistics.median(rejected):.0f} ms, at most {1000 * max(rejected):.0f} ms")
    print(f"ready in {ready:.2f} s · peak memory {peak:.0f} MB")
    for kind, tally in sorted(tallies.items()):
        print(f"\n{kind}\n{tally.agreement}")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
